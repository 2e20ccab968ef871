"""Kinds of work, and what share of the time and the energy of a run each of them has.

A piece of the critical path, and an entry of the energy ledger, belongs to a part of the hardware that all
operators use (links, memory, host) or else to the kind of its operator. So the times add up to the
makespan (of one prompt, where there are several), and the energies to their total.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from ...arch.parts import work_of_class, work_of_component
from ...workloads.functions import get
from ...workloads.graph import Operator
from .energy import STATIC, EnergyBalance
from .seconds import seconds

if TYPE_CHECKING:
    from ..engines.result import EngineResult
    from ..mapping.mapping import Mapping
    from ..program import Program

KINDS = (
    "analog matrices",
    "digital matrices",
    "attention products",
    "softmax",
    "normalisation",
    "other vector work",
    "data movement",
    "network",
    "memory",
    "host",
    "static",
)
"""Matrices with static weights on crossbars or off them; products of two activations; softmax; ...; buffers
and copies; links; the memory behind the chip and the cache; the host; leakage (energy only)."""

MATRIX_KINDS = frozenset({"analog matrices", "digital matrices", "attention products"})
"""Multiplications of matrices."""
NON_MATRIX_KINDS = frozenset({"softmax", "normalisation", "other vector work", "host"})
"""Arithmetic that no crossbar or MAC array can do."""


@dataclass(frozen=True)
class Shares:
    """Seconds on the critical path, and joules, by kind of work."""

    time_s: dict[str, float]
    energy_j: dict[str, float]

    @property
    def non_matrix_time(self) -> float:
        """Share of the time that goes into arithmetic other than matrices."""
        return _share(self.time_s, NON_MATRIX_KINDS)

    @property
    def non_matrix_energy(self) -> float:
        """Share of the energy that does."""
        return _share(self.energy_j, NON_MATRIX_KINDS)


def shares(mapping: Mapping, program: Program, result: EngineResult, energy: EnergyBalance) -> Shares:
    """Kinds of work of a run, the times from its critical path."""
    kinds = {o.name: kind_of(o, mapping.of(o.name).place) for o in mapping.network.operators}
    joules = ((_energy_kind(t.component, t.action, t.layer, kinds), t.energy_j) for t in energy.terms)
    return Shares(_times(program, result, kinds), _summed(joules))


def _times(program: Program, result: EngineResult, kinds: dict[str, str]) -> dict[str, float]:
    """Time on the critical path by kind, added as integers."""
    rows = result.critical_path
    number = {kind: i for i, kind in enumerate(KINDS)}
    of_actor = np.array([number[kinds.get(layer, "data movement")] for layer in program.actor_layer])
    of_resource = np.array([number.get(work_of_class(klass), -1) for klass in program.resource_class] or [-1])
    starts = program.visit_resource_start
    lasting = np.diff(np.append(rows["begin_fs"], result.makespan_fs))
    visit = np.maximum(rows["visit"], 0)
    used = (rows["actor"] >= 0) & (starts[visit + 1] > starts[visit])
    found = np.where(rows["actor"] >= 0, of_actor[rows["actor"]], number["data movement"])
    shared = of_resource[program.visit_resource[starts[visit[used]]]]
    found[used] = np.where(shared >= 0, shared, found[used])
    return {kind: seconds(int(lasting[found == i].sum())) for kind, i in number.items() if (found == i).any()}


def kind_of(operator: Operator, place: str) -> str:
    """The kind of an operator by what it computes."""
    if place == "host" and operator.kind != "input":
        return "host"
    if operator.kind == "matrix":
        return "analog matrices" if place == "crossbar" else "digital matrices"
    if operator.kind == "product":
        return "attention products"
    if operator.kind != "vector":
        return "data movement"
    return get(operator.function).work


def _energy_kind(component: str, action: str, layer: str, kinds: dict[str, str]) -> str:
    if action == STATIC:
        return "static"
    return work_of_component(component) or kinds.get(layer, "data movement")


def _summed(items: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Sums by kind, in the order of `KINDS`, those that occur."""
    found: dict[str, list[float]] = {}
    for kind, value in items:
        found.setdefault(kind, []).append(value)
    return {kind: fsum(found[kind]) for kind in KINDS if kind in found}


def _share(values: dict[str, float], kinds: frozenset[str]) -> float:
    total = fsum(values.values())
    return fsum(values[k] for k in values if k in kinds) / total if total else 0.0


__all__ = ["KINDS", "MATRIX_KINDS", "NON_MATRIX_KINDS", "Shares", "kind_of", "shares"]
