"""Where the tiles of a network lie: a serpentine through the routers, then swaps that relieve busy links.

The search is per chip; what goes to other chips or to the host goes to the chip's gateway. Its cost is the
sum over links of bytes cubed (`sim/kernels/placement.py`), so it shortens ways and spreads load.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...arch.chip import Chip
from ..interconnect import interconnect
from ..noc.fabric import Fabric
from ..program import I64

if TYPE_CHECKING:
    from ..kernels.arguments import PlacementTraffic

Search = Literal["linear", "greedy", "anneal"]

TRIES = 800
"""Swaps tried for every tile of a chip, over all chips: about 0.3 s for 168 tiles."""
STEPS = 600_000_000
"""Hops of trees followed in so many swaps, about: fewer are tried where tiles have many long streams."""
FEWEST_TRIES = 200
"""Swaps tried at least on each chip."""
WIDEST_NET = 64
"""Multicasts to more tiles than this go nearly everywhere, wherever the tiles lie, and are left out."""
HOT = 3.0
"""Initial temperature of `anneal`: the cost that a swap may add, by the mean one of a tile."""


@dataclass(frozen=True)
class Net:
    """Bytes per inference from one tile to others, numbered in the order they were taken; -1 is the host."""

    src: int
    dsts: tuple[int, ...]
    n_bytes: int


@dataclass(frozen=True)
class Placement:
    """Places of tiles and what they cost.

    Attributes
    ----------
    order : tuple of int
        Place on the chips of the t-th tile taken.
    hop_bytes : int
        Bytes x links, over the links of the chips.
    busiest_link_bytes : int
        Bytes per inference over the busiest of them.
    unsearched : tuple of int
        Both of the serpentine that the search began with.
    """

    order: tuple[int, ...]
    hop_bytes: int
    busiest_link_bytes: int
    unsearched: tuple[int, int]


def serpentine(fabric: Fabric) -> list[int]:
    """Tiles of one chip along its routers, back and forth, so that consecutive ones are neighbours."""
    cols = getattr(fabric, "cols", None)

    def key(tile: int) -> tuple[int, int, int]:
        router = fabric.enter[tile]
        row, col = divmod(router, cols) if cols else (0, router)
        return row, (col if row % 2 == 0 else -col), tile

    return sorted(range(fabric.n_endpoints), key=key)


@dataclass(frozen=True, eq=False)
class Ground:
    """Where tiles can lie, and the routes between them: the same for all chips of a system."""

    chip: Chip
    fabric: Fabric

    @staticmethod
    def of(chip: Chip) -> Ground:
        """Of the chips of a description."""
        return Ground(chip, interconnect(chip).fabrics[0])

    @cached_property
    def taken(self) -> list[int]:
        """Places in the order in which tiles are taken, before a search."""
        return serpentine(self.fabric)

    @cached_property
    def middle(self) -> int:
        """The place of what all tiles of a chip share: in the middle of a grid of routers."""
        cols: int | None = getattr(self.fabric, "cols", None)
        if cols:
            router = self.fabric.n_routers // cols // 2 * cols + cols // 2
            if router in self.fabric.enter:
                return self.fabric.enter.index(router)
        return self.fabric.n_endpoints // 2

    def middle_tile(self, order: tuple[int, ...] | None = None) -> int:
        """Number, in the order in which tiles are taken, of the middle tile of the first chip.

        What all tiles share is there, so it keeps its place.
        """
        if self.chip.tile is None:
            return 0
        return (self.taken if order is None else list(order[: self.chip.tile.count])).index(self.middle)

    @cached_property
    def last_links(self) -> tuple[I64, I64]:
        """The last link on the way from each router to each other, and the router that each link leaves."""
        n = self.fabric.n_routers
        table = np.zeros((n, n), np.int64)
        for src in range(n):
            for dst in range(n):
                way = self.fabric.path(src, dst)
                if way:
                    table[src, dst] = way[-1]
        return table, np.array([wire.src for wire in self.fabric.wires] or [0], np.int64)


def place(
    ground: Ground,
    nets: list[Net],
    search: Search,
    seed: int,
    order: tuple[int, ...] | None = None,
    *,
    pinned: int = -1,
    tries: int = TRIES,
) -> Placement:
    """Place all tiles of all chips; with `order`, say what it costs to have them in these places.

    Parameters
    ----------
    pinned : int
        Tile of every chip that keeps its place; -1 for none.
    """
    from ..compiled import improve

    chip, fabric = ground.chip, ground.fabric
    assert chip.tile is not None
    last_link, link_start = ground.last_links
    first = np.array(ground.taken, np.int64)
    enter = np.array(fabric.enter, np.int64)
    by_chip = _by_chip(nets, chip.tile.count, chip.n_chips)
    tries = max(FEWEST_TRIES, tries * chip.tile.count // chip.n_chips)
    tries = 0 if search == "linear" else tries
    warmth = HOT if search == "anneal" else 0.0
    found: list[int] = []
    hop_bytes, busiest, first_hop_bytes, first_busiest = 0.0, 0.0, 0.0, 0.0
    for c in range(chip.n_chips):
        own = slice(c * chip.tile.count, (c + 1) * chip.tile.count)
        traffic = _traffic(by_chip[c], np.append(enter[first], fabric.gateway), fabric, last_link, link_start)
        start, at = first, improve(traffic, chip.tile.count, pinned, 0, seed + c, 0.0)
        first_hop_bytes += float(traffic.load.sum())
        first_busiest = max(first_busiest, float(traffic.load.max(initial=0.0)))
        tries_here = min(tries, STEPS // max(1, _steps(by_chip[c], fabric)))
        if order is not None:
            start = np.array(order[own], np.int64) - own.start
            traffic.router_of[:-1] = enter[start]
            tries_here = 0
        if (tries_here or order is not None) and by_chip[c]:
            traffic.load[:] = 0.0
            at = improve(traffic, chip.tile.count, pinned, tries_here, seed + c, warmth)
        found += (own.start + start[at]).tolist()
        hop_bytes += float(traffic.load.sum())
        busiest = max(busiest, float(traffic.load.max(initial=0.0)))
    unsearched = round(first_hop_bytes), round(first_busiest)
    return Placement(tuple(found), round(hop_bytes), round(busiest), unsearched)


def _steps(nets: list[Net], fabric: Fabric) -> int:
    """Hops of trees that are followed for a swap of two tiles: those of all streams of both, twice."""
    hops = int(fabric.n_routers**0.5)
    touched = sum((len(net.dsts) + 1) * len(net.dsts) for net in nets)
    return 4 * hops * touched // fabric.n_endpoints


def _by_chip(nets: list[Net], per_chip: int, n_chips: int) -> list[list[Net]]:
    """The part of every net on each chip, with the gateway as tile number `per_chip`."""
    found: list[list[Net]] = [[] for _ in range(n_chips)]
    for net in nets:
        home = net.src // per_chip if net.src >= 0 else -1
        dsts: dict[int, set[int]] = defaultdict(set)
        for dst in net.dsts:
            dsts[dst // per_chip if dst >= 0 else -1].add(dst % per_chip)
        for c, tiles in dsts.items():
            if c >= 0 and c != home:
                found[c].append(Net(per_chip, tuple(sorted(tiles)), net.n_bytes))
        if home >= 0:
            own = tuple(sorted(dsts.get(home, set()))) + ((per_chip,) if set(dsts) - {home} else ())
            found[home].append(Net(net.src % per_chip, own, net.n_bytes))
    return found


def _traffic(
    nets: list[Net], router_of: I64, fabric: Fabric, last_link: I64, link_start: I64
) -> PlacementTraffic:
    """Nets of one chip as the kernel takes them."""
    from ..kernels.arguments import PlacementTraffic

    near: list[set[int]] = [{router} for router in range(fabric.n_routers)]
    for wire in fabric.wires:
        near[wire.src].add(wire.dst)
    places: list[list[int]] = [[] for _ in near]
    for place, router in enumerate(router_of[:-1].tolist()):
        places[router].append(place)
    beside = [[p for router in sorted(routers) for p in places[router]] for routers in near]
    touching: list[list[int]] = [[] for _ in router_of]
    for i, net in enumerate(nets):
        for tile in {net.src, *net.dsts}:
            touching[tile].append(i)
    return PlacementTraffic(
        router_of=router_of,
        src=np.array([net.src for net in nets], np.int64),
        dst_start=np.cumsum([0] + [len(net.dsts) for net in nets]).astype(np.int64),
        dst=np.array([d for net in nets for d in net.dsts], np.int64),
        n_bytes=np.array([net.n_bytes for net in nets], np.float64),
        tile_start=np.cumsum([0] + [len(t) for t in touching]).astype(np.int64),
        tile_net=np.array([i for t in touching for i in t], np.int64),
        last_link=last_link,
        link_start=link_start,
        beside_start=np.cumsum([0] + [len(b) for b in beside]).astype(np.int64),
        beside=np.array([p for b in beside for p in b], np.int64),
        load=np.zeros(len(link_start), np.float64),
        mark=np.zeros(len(link_start) + 1, np.int64),
        net_mark=np.zeros(len(nets) + 1, np.int64),
    )
