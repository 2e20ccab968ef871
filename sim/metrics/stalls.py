"""Time that actors stood still, by cause."""

from __future__ import annotations

import numpy as np

from ...arch.parts import work_of_class
from ..engines.result import EngineResult
from ..program import Program
from .seconds import seconds

CAUSES = ("input", "room", "resource", "network")


def is_link(klass: str) -> bool:
    """Whether a class of resources is part of the network, between chips and to the host included."""
    return work_of_class(klass) == "network"


def layer_stalls_s(program: Program, result: EngineResult) -> dict[str, dict[str, float]]:
    """Standing time by layer and cause.

    Actor-seconds: the stalls of a layer's actors are added up, so that a layer of ten actors can stand for
    longer than it lasted.

    - ``input``: an actor could have gone on, but a token of its input had not arrived yet.
    - ``room``: its output buffer was full (back-pressure).
    - ``resource``: its visits queued for a resource that others held.
    - ``network``: the same, for a link of the interconnect, to another chip or to the host.

    The time an inference takes to arrive is no stall.
    """
    sums: dict[str, dict[str, int]] = {}

    def add(actor: int, cause: str, time_fs: int) -> None:
        row = sums.setdefault(program.actor_layer[actor], dict.fromkeys(CAUSES, 0))
        row[cause] += time_fs

    for actor in range(program.n_actors):
        add(actor, "input", 0)
    for c, time_fs in enumerate(result.stall_input_fs.tolist()):
        add(int(program.channel_dst[c]), "input", time_fs)
    for c, time_fs in enumerate(result.stall_room_fs.tolist()):
        add(int(program.channel_src[c]), "room", time_fs)
    owner = program.visit_actor()
    network = _uses_link(program)
    for v in np.flatnonzero(result.wait_fs).tolist():
        add(int(owner[v]), "network" if network[v] else "resource", int(result.wait_fs[v]))
    return {layer: {cause: seconds(t) for cause, t in row.items()} for layer, row in sums.items()}


def total_stalls_s(layers: dict[str, dict[str, float]]) -> dict[str, float]:
    """Standing time of all actors by cause, from `layer_stalls_s`."""
    return {cause: sum(row[cause] for row in layers.values()) for cause in CAUSES}


def _uses_link(program: Program) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a visit occupies a link, shape (V,)."""
    links = np.array([is_link(name) for name in program.resource_class], bool)
    uses = np.zeros(program.n_visits, bool)
    visits = np.repeat(np.arange(program.n_visits), np.diff(program.visit_resource_start))
    uses[visits[links[program.visit_resource]]] = True
    return uses
