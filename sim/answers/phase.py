"""What happened in one phase of a language model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...arch.chip import Chip
from ...workloads.language_model import SAMPLE
from ..engines.result import EngineResult
from ..mapping.mapping import Mapping
from ..metrics import energy, standby
from ..metrics.breakdown import Breakdown
from ..metrics.busy import busy_times
from ..metrics.seconds import seconds
from ..metrics.work import Shares, shares
from ..program import I64, Program


@dataclass(frozen=True, eq=False)
class PhaseRun:
    """What happened in one phase.

    Parameters
    ----------
    chip : Chip
    mapping : Mapping
        ``mapping.network`` is the network that ran.
    program : Program
    result : EngineResult
    iterations : int
        Times that the network ran, back to back (prompts of a batch).
    alone : EngineResult or None
        Where it ran several times: what happened when it ran once, which has the critical path.
    """

    chip: Chip
    mapping: Mapping
    program: Program
    result: EngineResult
    iterations: int = 1
    alone: EngineResult | None = None

    @property
    def makespan_s(self) -> float:
        """From the first input to the last output."""
        return seconds(self.result.makespan_fs)

    @cached_property
    def energy(self) -> energy.EnergyBalance:
        """Energy of one of the iterations."""
        return energy.balance(self.program, self.result.makespan_fs, self.iterations, self._standby_w)

    @property
    def always_w(self) -> dict[str, float]:
        """What components draw beyond their actions, as they are gated, on the mean."""
        return energy.added(self.program.static_power_w, self._standby_w)

    @cached_property
    def _standby_w(self) -> dict[str, float]:
        return standby.mean_w(standby.standby(self.chip, busy_times(self.program, self.result)))

    @cached_property
    def breakdown(self) -> Breakdown:
        """Time of one of the iterations, alone, and energy of all of them."""
        one = Breakdown.of(self.program, self.alone or self.result, self.energy.terms)
        many = Breakdown.total([(self.iterations, one)])
        return replace(many, time_by_layer_s=one.time_by_layer_s, time_by_class_s=one.time_by_class_s)

    @property
    def energy_j(self) -> float:
        """Energy of the whole phase."""
        return self.energy.total_j * self.iterations

    @cached_property
    def shares(self) -> Shares:
        """Kinds of work; times are those of one of the iterations, alone."""
        return shares(self.mapping, self.program, self.alone or self.result, self.energy)

    @cached_property
    def token_end_fs(self) -> I64:
        """When each token came out, shape (rows, columns) of the network's tokens.

        Needs a result with firings.
        """
        grid = self.mapping.network.operators[-1].output.grid
        names = self.program.actor_name
        last = names.index(f"{SAMPLE} (out)" if f"{SAMPLE} (out)" in names else SAMPLE)
        firings = self.result.firings
        assert firings is not None
        ends = firings["end_fs"][firings["actor"] == last]
        # Replicas make neighbouring tokens together: a firing is then several columns of a row.
        return np.repeat(ends, grid.n_tokens // len(ends)).reshape(grid.rows, grid.cols).astype(np.int64)
