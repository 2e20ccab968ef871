"""Energy of one inference: count x energy per action, and static power x time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import fsum

import numpy as np

from ..program import F64, Program
from .seconds import seconds

STATIC = "(static)"
"""Layer and action of static energy: it belongs to no operator, and spreading it would be a guess."""


@dataclass(frozen=True)
class EnergyTerm:
    """Energy of one component's action in one layer, per inference.

    Parameters
    ----------
    layer, component, action : str
    count : int
        Actions per inference; 0 for static energy.
    energy_j : float
    """

    layer: str
    component: str
    action: str
    count: int
    energy_j: float


@dataclass(frozen=True)
class EnergyBalance:
    """Where the energy of one inference went.

    Every total is one `math.fsum` (a sum rounded once) over the same terms, so that any way of grouping them
    agrees to the last few bits.

    Parameters
    ----------
    terms : tuple of EnergyTerm
        Ordered by (layer, component, action), each combination once; static energy last.
    """

    terms: tuple[EnergyTerm, ...]

    @property
    def total_j(self) -> float:
        """Energy of one inference."""
        return fsum(t.energy_j for t in self.terms)

    @property
    def static_j(self) -> float:
        """Share of one inference in static (leakage, clock, refresh) energy."""
        return fsum(t.energy_j for t in self.terms if t.action == STATIC)

    @property
    def by_layer_j(self) -> dict[str, float]:
        """Energy by layer; static energy under the layer "(static)"."""
        return self._grouped(lambda t: t.layer)

    @property
    def by_component_j(self) -> dict[str, float]:
        """Energy by component, its static energy included; the largest first."""
        found = self._grouped(lambda t: t.component)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def by_action_j(self) -> dict[str, dict[str, float]]:
        """Energy by component and action, in the order of `by_component_j`."""
        return {
            component: self._grouped(lambda t: t.action, (t for t in self.terms if t.component == component))
            for component in self.by_component_j
        }

    def layer_components_j(self, layer: str) -> dict[str, float]:
        """Energy of one layer by component."""
        return self._grouped(lambda t: t.component, (t for t in self.terms if t.layer == layer))

    def _grouped(
        self, key: Callable[[EnergyTerm], str], terms: Iterable[EnergyTerm] | None = None
    ) -> dict[str, float]:
        groups: dict[str, list[float]] = {}
        for term in self.terms if terms is None else terms:
            groups.setdefault(key(term), []).append(term.energy_j)
        return {name: fsum(values) for name, values in groups.items()}


def balance(
    program: Program, makespan_fs: int, n_inferences: int, standby_w: Mapping[str, float] | None = None
) -> EnergyBalance:
    """The energy of one of `n_inferences` that took `makespan_fs` together.

    Dynamic energy is that of the ledger: actions per inference x energy per action. It depends on no
    timing. Static energy is power x makespan / inferences: with a batch the chip leaks during the whole run,
    for all of them. `standby_w` is what components draw besides, on the mean (`standby.mean_w`).
    """
    groups: dict[tuple[str, str, str], tuple[int, list[float]]] = {}
    rows = zip(
        program.ledger_actor.tolist(),
        program.ledger_component,
        program.ledger_action,
        program.ledger_total.tolist(),
        program.ledger_energy_j.tolist(),
        strict=True,
    )
    for actor, component, action, count, energy_j in rows:
        key = (program.actor_layer[actor], component, action)
        total, terms = groups.get(key, (0, []))
        terms.append(count * energy_j)
        groups[key] = (total + count, terms)
    found = [EnergyTerm(*key, total, fsum(terms)) for key, (total, terms) in sorted(groups.items())]
    time_s = seconds(makespan_fs) / n_inferences
    found += [
        EnergyTerm(STATIC, component, STATIC, 0, watts * time_s)
        for component, watts in added(program.static_power_w, standby_w or {}).items()
    ]
    return EnergyBalance(tuple(found))


def added(static_w: Iterable[tuple[str, float]], more_w: Mapping[str, float]) -> dict[str, float]:
    """Powers by component."""
    found = dict(static_w)
    for component, watts in more_w.items():
        found[component] = found.get(component, 0.0) + watts
    return found


def actor_energy_j(program: Program) -> F64:
    """Dynamic energy of each actor per inference, shape (A,)."""
    energy_j = np.zeros(program.n_actors, np.float64)
    np.add.at(energy_j, program.ledger_actor, program.ledger_total * program.ledger_energy_j)
    return energy_j
