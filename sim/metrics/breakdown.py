"""Time and energy of several runs together, by layer and by part of the hardware."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

from ..engines.result import EngineResult
from ..program import Program
from .energy import STATIC, EnergyTerm
from .path import critical_path

Amounts = Mapping[str, float]


@dataclass(frozen=True)
class Breakdown:
    """Where time and energy went; each mapping adds up to the whole.

    Parameters
    ----------
    time_by_layer_s, time_by_class_s : mapping of str to float
        The critical paths.
    energy_by_layer_j, energy_by_component_j : mapping of str to float
    """

    time_by_layer_s: Amounts
    time_by_class_s: Amounts
    energy_by_layer_j: Amounts
    energy_by_component_j: Amounts

    @staticmethod
    def of(program: Program, result: EngineResult, terms: Iterable[EnergyTerm]) -> Breakdown:
        """That of one run: its critical path, and terms of its energy."""
        path, known = critical_path(program, result), list(terms)
        return Breakdown(
            path.by_layer_s,
            path.by_class_s,
            _summed((term.layer, term.energy_j) for term in known),
            _summed((term.component, term.energy_j) for term in known),
        )

    @staticmethod
    def still(static_w: Amounts, time_s: float) -> Breakdown:
        """What is drawn all the time, by component, over a time."""
        energies = {component: watts * time_s for component, watts in static_w.items()}
        return Breakdown({}, {}, {STATIC: fsum(energies.values())}, energies)

    @staticmethod
    def total(parts: Iterable[tuple[float, Breakdown]]) -> Breakdown:
        """Breakdowns added up, each so many times."""
        known = list(parts)
        return Breakdown(
            *(
                _summed((k, n * v) for n, one in known for k, v in getattr(one, name).items())
                for name in Breakdown.__dataclass_fields__
            )
        )


def _summed(items: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Sums by key, the largest first."""
    groups: dict[str, list[float]] = {}
    for key, value in items:
        groups.setdefault(key, []).append(value)
    sums = {key: fsum(values) for key, values in groups.items()}
    return {key: sums[key] for key in sorted(sums, key=lambda k: (-sums[k], k))}
