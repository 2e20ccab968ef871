"""The busiest links of the interconnect, and the flows that make them so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...sim.answers.run import Run
from ...sim.metrics.busy import visit_resource_pairs
from ...sim.metrics.seconds import seconds
from ...sim.metrics.stalls import is_link


@dataclass(frozen=True)
class LinkFlow:
    """One stream over a link: "PRODUCER -> CONSUMER", and the share of the link's busy time that it takes."""

    name: str
    layer: str
    busy_s: float
    wait_s: float
    share: float


@dataclass(frozen=True)
class HotLink:
    """A link (or links that are always occupied together).

    Parameters
    ----------
    name, klass : str
        Class is "link", "chip link" or "host link".
    members : tuple of str
        The links that this resource stands for.
    load : float
        Busy share of the run.
    busy_s : float
        Busy time in one inference.
    flows : tuple of LinkFlow
        The largest first; their shares add up to 1.
    """

    name: str
    klass: str
    members: tuple[str, ...]
    load: float
    busy_s: float
    flows: tuple[LinkFlow, ...]


def hot_links(run: Run, n: int = 16) -> tuple[HotLink, ...]:
    """The `n` links with the highest load, the highest first."""
    program, load = run.program, run.busy.resource_utilization
    links = [r for r, klass in enumerate(program.resource_class) if is_link(klass) and load[r] > 0]
    links.sort(key=lambda r: (-load[r], r))
    visits, resources = visit_resource_pairs(program)
    times = program.occupied_fs(run.single.busy_fs)
    return tuple(
        _hot_link(run, r, visits[resources == r].tolist(), times[resources == r].tolist(), float(load[r]))
        for r in links[:n]
    )


def _hot_link(run: Run, resource: int, visits: list[int], busy_fs: list[int], load: float) -> HotLink:
    program, result = run.program, run.single
    owner = program.visit_actor()
    busy: dict[int, int] = {}
    wait: dict[int, int] = {}
    for v, times_fs in zip(visits, busy_fs, strict=True):
        actor = int(owner[v])
        busy[actor] = busy.get(actor, 0) + times_fs
        wait[actor] = wait.get(actor, 0) + int(result.wait_fs[v])
    total = max(1, sum(busy.values()))
    order = sorted(busy, key=lambda actor: (-busy[actor], actor))
    flows = tuple(
        LinkFlow(
            program.actor_name[actor],
            program.actor_layer[actor],
            seconds(busy[actor]),
            seconds(wait[actor]),
            busy[actor] / total,
        )
        for actor in order
    )
    members = program.resource_members[resource] if program.resource_members else ()
    return HotLink(
        program.resource_name[resource].removeprefix("link "),
        program.resource_class[resource],
        tuple(name.removeprefix("link ") for name in members),
        load,
        seconds(int(np.sum(list(busy.values())))),
        flows,
    )
