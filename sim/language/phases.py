"""One phase of a language model: its network, mapped onto weights that stay in place, lowered and run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...workloads.language_model import SAMPLE, LanguageModel
from ..engines.result import EngineResult
from ..lowering import lower
from ..mapping import map_network
from ..mapping.mapping import Mapping
from ..mapping.options import MappingOptions
from ..metrics import energy
from ..metrics.seconds import seconds
from ..noc.detail import Detail
from ..program import I64, Program
from .work import Shares, shares

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ...workloads.graph import Network
    from ..simulate import Engine


@dataclass(frozen=True)
class Setting:
    """What all phases of one language model on one chip have in common.

    Parameters
    ----------
    model : LanguageModel
    chip : Chip
    base : Mapping
        Of a prompt, with every expert there: where the weights are.
    choices : MappingOptions
    detail : {"ideal", "packet", "flit"}
    engine : callable
        The engine's run function.
    """

    model: LanguageModel
    chip: Chip
    base: Mapping
    choices: MappingOptions
    detail: Detail
    engine: Engine

    @staticmethod
    def of(
        model: LanguageModel,
        chip: Chip,
        prefill: int,
        choices: MappingOptions,
        detail: Detail,
        engine: Engine,
    ) -> Setting:
        """Map the weights, for a prompt of so many tokens."""
        experts = model.experts and replace(model.experts, everywhere=True)
        base = map_network(replace(model, experts=experts).prefill(prefill), chip, choices)
        return Setting(model, chip, base, choices, detail, engine)

    def program(self, network: Network, *, most_replicas: int | None, autoregressive: bool) -> Lowered:
        """The Program of one network of the model."""
        mapping = map_network(network, self.chip, self.choices, like=self.base, most_replicas=most_replicas)
        return self.lowered(mapping, autoregressive=autoregressive)

    def lowered(self, mapping: Mapping, *, autoregressive: bool) -> Lowered:
        """The Program of a mapped network."""
        program = lower(
            mapping,
            self.chip,
            multicast=self.choices.multicast,
            detail=self.detail,
            autoregressive=autoregressive,
        )
        return Lowered(mapping, program)

    def run(
        self,
        lowered: Lowered,
        *,
        iterations: int = 1,
        keep_firings: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> PhaseRun:
        """Run a Program of the model."""
        result = self.engine(
            lowered.program,
            iterations,
            n_bins=1,
            keep_firings=keep_firings,
            keep_path=iterations == 1,
            progress=progress,
        )
        return PhaseRun(lowered.mapping, lowered.program, result, iterations)


@dataclass(frozen=True, eq=False)
class Lowered:
    """A mapped network and its Program."""

    mapping: Mapping
    program: Program


@dataclass(frozen=True, eq=False)
class PhaseRun:
    """What happened in one phase.

    Parameters
    ----------
    mapping : Mapping
        ``mapping.network`` is the network that ran.
    program : Program
    result : EngineResult
    iterations : int
        Times that the network ran, back to back (prompts of a batch).
    alone : EngineResult or None
        Where it ran several times: what happened when it ran once, which has the critical path.
    """

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
        return energy.balance(self.program, self.result.makespan_fs, self.iterations)

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
