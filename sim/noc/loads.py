"""What traffic asks of every link, before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .link import Link
from .topology import Topology

Flow = tuple[int, int]
"""Source and destination endpoint."""


@dataclass(frozen=True)
class SharedLink:
    """A link and who uses it.

    Attributes
    ----------
    link : Link
    load : float
        Sum over its flows, in the unit of the demands.
    flows : tuple of (Flow, float)
        With what each brings, the largest first.
    """

    link: Link
    load: float
    flows: tuple[tuple[Flow, float], ...]


def link_loads(topology: Topology, demands: Mapping[Flow, float]) -> NDArray[np.float64]:
    """Load of every link, shape (n_links,), in the unit of the demands (bytes, flits per cycle, ...).

    Where a routing spreads its traffic over several ways, each carries an equal part.
    """
    loads = np.zeros(topology.n_links)
    for (src, dst), amount in demands.items():
        for variant in range(topology.n_variants):
            loads[list(topology.route(src, dst, variant))] += amount / topology.n_variants
    return loads


def busiest(topology: Topology, demands: Mapping[Flow, float], n: int = 1) -> list[SharedLink]:
    """The n links with the largest load, and the flows that share them."""
    loads = link_loads(topology, demands)
    chosen = [int(i) for i in np.argsort(-loads, kind="stable")[:n]]
    users: dict[int, dict[Flow, float]] = {link: {} for link in chosen}
    for flow, amount in demands.items():
        for variant in range(topology.n_variants):
            for link in set(topology.route(*flow, variant)) & users.keys():
                users[link][flow] = users[link].get(flow, 0.0) + amount / topology.n_variants
    return [SharedLink(topology.link(i), float(loads[i]), _largest_first(users[i].items())) for i in chosen]


def _largest_first(flows: Iterable[tuple[Flow, float]]) -> tuple[tuple[Flow, float], ...]:
    return tuple(sorted(flows, key=lambda item: (-item[1], item[0])))
