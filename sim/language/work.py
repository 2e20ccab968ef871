"""Kinds of work, and what share of the time and the energy of a run each of them has.

A piece of the critical path, and an entry of the energy ledger, belongs to a part of the hardware that all
operators use (links, memory, host) or else to the kind of its operator. So the times add up to the
makespan (of one prompt, where there are several), and the energies to their total.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Protocol

from ...workloads.graph import Network, Operator
from ..metrics.energy import STATIC, EnergyBalance
from ..metrics.path import CriticalPath
from ..metrics.stalls import is_link

if TYPE_CHECKING:
    from ..mapping.mapping import Mapping

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

SOFTMAX = frozenset({"softmax", "log_softmax"})
NORMS = frozenset({"layer_norm", "rms_norm", "batch_norm", "group_norm", "lrn"})
MEMORY_PARTS = frozenset({"memory", "kv_cache", "kv cache"})
LINK_PARTS = frozenset({"noc", "chip links", "host link"})


class HasRun(Protocol):
    """Anything with a mapping, an energy balance and a critical path."""

    @property
    def mapping(self) -> Mapping: ...

    @property
    def energy(self) -> EnergyBalance: ...

    @property
    def critical_path(self) -> CriticalPath: ...


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


def shares(run: HasRun) -> Shares:
    """Kinds of work of a run."""
    network, places = run.mapping.network, run.mapping.by_name
    kinds = {o.name: kind_of(o, places[o.name].place) for o in network.operators}
    time = ((_time_kind(p.klass, p.layer, kinds), p.duration_fs / 1e15) for p in run.critical_path.pieces)
    joules = ((_energy_kind(t.component, t.action, t.layer, kinds), t.energy_j) for t in run.energy.terms)
    return Shares(_summed(time), _summed(joules))


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
    if operator.function in SOFTMAX:
        return "softmax"
    return "normalisation" if operator.function in NORMS else "other vector work"


def _time_kind(klass: str, layer: str, kinds: dict[str, str]) -> str:
    if is_link(klass):
        return "network"
    if klass in MEMORY_PARTS:
        return "memory"
    return "host" if klass == "host" else kinds.get(layer, "data movement")


def _energy_kind(component: str, action: str, layer: str, kinds: dict[str, str]) -> str:
    if action == STATIC:
        return "static"
    if component in LINK_PARTS:
        return "network"
    if component in MEMORY_PARTS:
        return "memory"
    return "host" if component == "host" else kinds.get(layer, "data movement")


def _summed(items: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Sums by kind, in the order of `KINDS`, those that occur."""
    found: dict[str, list[float]] = {}
    for kind, value in items:
        found.setdefault(kind, []).append(value)
    return {kind: fsum(found[kind]) for kind in KINDS if kind in found}


def _share(values: dict[str, float], kinds: frozenset[str]) -> float:
    total = fsum(values.values())
    return fsum(values[k] for k in values if k in kinds) / total if total else 0.0


__all__ = ["KINDS", "MATRIX_KINDS", "NON_MATRIX_KINDS", "Network", "Shares", "kind_of", "shares"]
