"""One row per operator: where it ran, for how long, at what energy, and what it waited for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..mapping.assignment import InBlocks
from ..mapping.mapping import Mapping
from ..program import I64, Program
from .busy import visit_resource_pairs
from .energy import STATIC, EnergyBalance
from .seconds import seconds


@dataclass(frozen=True)
class Layer:
    """What one operator (or one part of the program that belongs to no operator) did in one inference.

    Parameters
    ----------
    name, op, unit : str
        Operator, its type, and the kind of hardware it ran on; "-" where that has no meaning.
    macs, product_macs : int
        Multiply-accumulates with stored weights, and of two activations.
    tiles, replicas : int
    begin_fs, end_fs : int or None
        First begin and last end of the layer's actors; None if it has none (a reshape, static energy).
    energy_j : float
    busiest : str
        Class of the resource that the layer kept busiest ("" if it used none).
    utilization : float or None
        Share of the layer's own time during which it held that resource: near 1 the resource limits the
        layer, near 0 the layer waits for something else.
    stall_s : dict of str to float
        Standing time by cause; see `stalls.layer_stalls_s`.
    first_input_s : float
        The part of the stalls for input that lies before the actors' first begin (filling of the pipeline),
        in actor-seconds.
    n_actors : int
        Actors whose stalls are added up.
    """

    name: str
    op: str
    unit: str
    macs: int
    product_macs: int
    tiles: int
    replicas: int
    begin_fs: int | None
    end_fs: int | None
    energy_j: float
    busiest: str
    utilization: float | None
    stall_s: dict[str, float]
    first_input_s: float
    n_actors: int

    @property
    def latency_fs(self) -> int | None:
        """Last end - first begin."""
        return None if self.begin_fs is None or self.end_fs is None else self.end_fs - self.begin_fs


def layers(
    mapping: Mapping,
    program: Program,
    result: EngineResult,
    energy: EnergyBalance,
    stalls_s: dict[str, dict[str, float]],
) -> tuple[Layer, ...]:
    """All layers: operators in the order of the mapping, then other parts of the program, then "(static)".

    Their energies add up to the energy of the inference.
    """
    spans = _spans(program, result)
    busiest = _busiest(program, result, spans)
    n_actors = Counter(program.actor_layer)
    first_fs = _first_input(program, result)
    energy_j = energy.by_layer_j
    operators = {o.name: o for o in mapping.network.operators}
    places = {a.operator: a for a in mapping.assignments}
    others = [name for name in dict.fromkeys([*spans, *energy_j]) if name not in places and name != STATIC]
    found = []
    for name in [*places, *others, *([STATIC] if STATIC in energy_j else [])]:
        operator, place = operators.get(name), places.get(name)
        begin, end = spans.get(name, (None, None))
        klass, share = busiest.get(name, ("", None))
        found.append(
            Layer(
                name=name,
                op=operator.op if operator else "-",
                unit=place.unit if place else "-",
                macs=operator.macs if operator else 0,
                product_macs=operator.product_macs if operator else 0,
                tiles=len(place.tiles) if place else 0,
                replicas=(place.replicas if isinstance(place, InBlocks) else 1) if place else 0,
                begin_fs=begin,
                end_fs=end,
                energy_j=energy_j.get(name, 0.0),
                busiest=klass,
                utilization=share,
                stall_s=stalls_s.get(name, {}),
                first_input_s=seconds(first_fs.get(name, 0)),
                n_actors=n_actors[name],
            )
        )
    return tuple(found)


def _spans(program: Program, result: EngineResult) -> dict[str, tuple[int, int]]:
    """First begin and last end by layer, in the order of the actors."""
    spans: dict[str, tuple[int, int]] = {}
    times = zip(program.actor_layer, result.first_begin_fs.tolist(), result.last_end_fs.tolist(), strict=True)
    for layer, begin, end in times:
        first, last = spans.get(layer, (begin, end))
        spans[layer] = (min(first, begin), max(last, end))
    return spans


def _first_input(program: Program, result: EngineResult) -> dict[str, int]:
    """Time by layer that its actors stood still for input before they began at all."""
    stalled: I64 = np.zeros(program.n_actors, np.int64)
    np.add.at(stalled, program.channel_dst, result.stall_input_fs)
    first: dict[str, int] = {}
    for layer, before in zip(
        program.actor_layer, np.minimum(stalled, result.first_begin_fs).tolist(), strict=True
    ):
        first[layer] = first.get(layer, 0) + before
    return first


def _busiest(
    program: Program, result: EngineResult, spans: dict[str, tuple[int, int]]
) -> dict[str, tuple[str, float]]:
    """Class and busy share of the resource that each layer kept busiest."""
    index = {name: i for i, name in enumerate(spans)}
    layer_of = np.array([index[name] for name in program.actor_layer], np.int64)
    visits, resources = visit_resource_pairs(program)
    pair = layer_of[program.visit_actor()[visits]] * program.n_resources + resources
    pairs, inverse = np.unique(pair, return_inverse=True)
    busy: I64 = np.zeros(len(pairs), np.int64)
    np.add.at(busy, inverse, program.occupied_fs(result.busy_fs))
    names = list(spans)
    found: dict[str, tuple[str, float]] = {}
    for key, busy_fs in zip(pairs.tolist(), busy.tolist(), strict=True):
        i, r = divmod(key, program.n_resources)
        begin, end = spans[names[i]]
        share = min(1.0, busy_fs / (int(program.resource_servers[r]) * (end - begin)))
        if share > found.get(names[i], ("", -1.0))[1]:
            found[names[i]] = (program.resource_class[r], share)
    return found
