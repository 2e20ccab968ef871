"""A batch of prompts, and the tokens that followed each of them."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...workloads.graph import Network
from ...workloads.language_model import LanguageModel
from ..figures import Kind
from ..metrics.breakdown import Breakdown
from ..metrics.cache_traffic import CacheTraffic, read_bytes, traffic
from ..metrics.requests import Distribution
from ..metrics.seconds import seconds
from ..metrics.work import Shares
from ..program import I64
from .base import Answer
from .phase import PhaseRun

if TYPE_CHECKING:
    from ...arch.chip import Chip


@dataclass(frozen=True, eq=False, repr=False)
class Generation(Answer):
    """What happened to a batch of sequences.

    Parameters
    ----------
    model : LanguageModel
    chip : Chip
    n_prefill, n_decode, n_sequences : int
        Tokens of each prompt, tokens made after it (the first one by the prompt itself), sequences.
    n_params : int
        Parameters stored, of all experts.
    prefill : PhaseRun
    decode : PhaseRun or None
        None where the first token is the only one.
    options : dict
        Everything else that the result depends on, for the provenance; JSON values.
    """

    kind: ClassVar[Kind] = "generation"
    headline: ClassVar[tuple[str, ...]] = ("time_to_first_token_s.mean", "tokens_per_s", "energy_per_token_j")

    model: LanguageModel
    chip: Chip
    n_prefill: int
    n_decode: int
    n_sequences: int
    n_params: int
    prefill: PhaseRun
    decode: PhaseRun | None
    options: Dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Network:
        """The network that the model is the template of."""
        return self.model.network

    @property
    def events(self) -> int:
        """Visits simulated."""
        return sum(phase.result.n_visits for phase in self.phases.values())

    @property
    def first_token_fs(self) -> tuple[int, ...]:
        """When each sequence had its first token; all prompts were there at time 0."""
        return tuple(self.prefill.result.iteration_end_fs.tolist())

    @property
    def time_to_first_token(self) -> Distribution:
        return Distribution.of(self.first_token_fs)

    @cached_property
    def token_fs(self) -> I64:
        """Time of every further token after the one before it, shape (n_decode - 1, n_sequences).

        Decoding begins for all sequences when the last prompt is through.
        """
        if self.decode is None:
            return np.zeros((0, self.n_sequences), np.int64)
        ends = self.decode.token_end_fs
        return np.diff(ends, axis=0, prepend=np.zeros((1, ends.shape[1]), np.int64))

    @property
    def time_per_token(self) -> Distribution | None:
        """Of the tokens after the first, over all sequences; None where there are none."""
        return Distribution.of(self.token_fs.ravel().tolist()) if self.decode else None

    @property
    def contexts(self) -> range:
        """Positions in the cache before each decoding step."""
        return range(self.n_prefill, self.n_prefill + self.n_decode - 1)

    @property
    def time_per_token_s(self) -> tuple[float, ...]:
        """Mean over the sequences at each of `contexts`."""
        return (
            tuple(seconds(round(mean)) for mean in self.token_fs.mean(axis=1).tolist()) if self.decode else ()
        )

    @property
    def total_s(self) -> float:
        """From the first prompt to the last token."""
        return self.prefill.makespan_s + (self.decode.makespan_s if self.decode else 0.0)

    @property
    def tokens_per_s(self) -> float:
        """Tokens made, of all sequences, over the whole time."""
        return self.n_decode * self.n_sequences / self.total_s

    @property
    def decoded_per_s(self) -> float | None:
        """The same for the tokens after the first and the decoding phase alone."""
        if self.decode is None:
            return None
        return (self.n_decode - 1) * self.n_sequences / self.decode.makespan_s

    @property
    def energy_j(self) -> float:
        """Of all sequences."""
        return self.prefill.energy_j + (self.decode.energy_j if self.decode else 0.0)

    @property
    def energy_per_prompt_token_j(self) -> float:
        return self.prefill.energy_j / (self.n_prefill * self.n_sequences)

    @property
    def energy_per_token_j(self) -> float | None:
        """Of a token that is decoded."""
        if self.decode is None:
            return None
        return self.decode.energy_j / ((self.n_decode - 1) * self.n_sequences)

    @property
    def cache_by_phase(self) -> dict[str, CacheTraffic]:
        """Bytes of keys and values that each phase writes and reads, of all sequences."""
        prompts = traffic(self.prefill.mapping.network, self.chip).times(self.n_sequences)
        if self.decode is None:
            return {"prefill": prompts}
        return {"prefill": prompts, "decode": traffic(self.decode.mapping.network, self.chip)}

    @property
    def cache(self) -> CacheTraffic:
        """Bytes of keys and values, written, read and held."""
        first, *rest = self.cache_by_phase.values()
        return first.then(rest[0]) if rest else first

    @property
    def read_bytes_by_step(self) -> tuple[int, ...]:
        """Bytes of keys and values read for the tokens of all sequences at each of `contexts`."""
        if self.decode is None:
            return ()
        network, n = self.decode.mapping.network, self.n_sequences
        return tuple(
            read_bytes(network, self.chip, range(i * n, (i + 1) * n)) for i in range(len(self.contexts))
        )

    @property
    def phases(self) -> dict[str, PhaseRun]:
        """The phases that ran, by name."""
        return {"prefill": self.prefill, **({"decode": self.decode} if self.decode else {})}

    @cached_property
    def breakdown(self) -> Breakdown:
        """Time of one prompt alone and of the decoding phase, and energy of everything."""
        return Breakdown.total([(1, phase.breakdown) for phase in self.phases.values()])

    @property
    def shares(self) -> dict[str, Shares]:
        """Kinds of work in each phase."""
        return {name: run.shares for name, run in self.phases.items()}
