"""One phase of a language model: its network, mapped onto weights that stay in place, lowered and run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...workloads.language_model import LanguageModel
from ..answers.phase import PhaseRun
from ..lowering import lower
from ..mapping import map_network
from ..mapping.mapping import Mapping
from ..mapping.options import MappingOptions
from ..noc.detail import Detail
from ..program import Program

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
        return PhaseRun(self.chip, lowered.mapping, lowered.program, result, iterations)


@dataclass(frozen=True, eq=False)
class Lowered:
    """A mapped network and its Program."""

    mapping: Mapping
    program: Program
