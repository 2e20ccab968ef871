"""Where the tiles of a network lie: a serpentine through the routers, then swaps that lower bytes x hops."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

import networkx as nx
import numpy as np

from ...arch.chip import Chip
from ..interconnect import interconnect
from ..noc.fabric import Fabric
from ..program import I64

SWAPS = 4000
"""Swaps tried by the greedy search over all chips: about 0.1 s."""


@dataclass(frozen=True)
class Flow:
    """Bytes per inference between two tiles, numbered in the order they were taken; -1 is the host."""

    src: int
    dst: int
    n_bytes: int


def serpentine(fabric: Fabric) -> list[int]:
    """Tiles of one chip along its routers, back and forth, so that consecutive ones are neighbours."""
    cols = getattr(fabric, "cols", None)

    def key(tile: int) -> tuple[int, int, int]:
        router = fabric.enter[tile]
        row, col = divmod(router, cols) if cols else (0, router)
        return row, (col if row % 2 == 0 else -col), tile

    return sorted(range(fabric.n_endpoints), key=key)


def router_hops(fabric: Fabric) -> I64:
    """Least number of wires between any two routers of one chip, shape (routers, routers)."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(fabric.n_routers))
    graph.add_edges_from((w.src, w.dst) for w in fabric.wires)
    hops = np.zeros((fabric.n_routers, fabric.n_routers), np.int64)
    for src, reached in nx.all_pairs_shortest_path_length(graph):
        hops[src, list(reached)] = list(reached.values())
    return hops


def place(chip: Chip, flows: list[Flow], *, search: bool, seed: int) -> tuple[list[int], int]:
    """Place of every tile in the order taken, and bytes x hops of the result.

    Hops between chips count as one each; flows between chips and to the host go through the gateway.
    """
    assert chip.tile is not None
    fabric = interconnect(chip).fabrics[0]
    hops = router_hops(fabric)
    between = hops[np.ix_(fabric.enter, fabric.leave)]
    gateway = hops[fabric.gateway, list(fabric.leave)]
    per_chip = chip.tile.count
    order = serpentine(fabric)
    result: list[int] = []
    cost = 0
    partners = _partners(flows, per_chip, chip.n_chips)
    generator = random.Random(seed)
    for c in range(chip.n_chips):
        at = list(order)
        if search:
            _swap(at, partners[c], between, gateway, generator, SWAPS // chip.n_chips)
        cost += sum(_cost(t, at, partners[c], between, gateway) for t in range(per_chip)) // 2
        result.extend(c * per_chip + tile for tile in at)
    crossing = sum(
        f.n_bytes * abs(f.src // per_chip - f.dst // per_chip) for f in flows if f.src >= 0 and f.dst >= 0
    )
    return result, cost + crossing


Partners = dict[int, list[tuple[int, int]]]


def _partners(flows: list[Flow], per_chip: int, n_chips: int) -> list[Partners]:
    """By chip: for every tile, the tiles (or -1 for the gateway) it talks to and how many bytes."""
    found: list[Partners] = [defaultdict(list) for _ in range(n_chips)]
    for flow in flows:
        for one, other in ((flow.src, flow.dst), (flow.dst, flow.src)):
            if one < 0:
                continue
            same = other >= 0 and one // per_chip == other // per_chip
            # A flow that leaves the chip counts twice at its one end, as one inside counts once at each.
            found[one // per_chip][one % per_chip].append(
                (other % per_chip, flow.n_bytes) if same else (-1, 2 * flow.n_bytes)
            )
    return found


def _cost(tile: int, at: list[int], partners: Partners, between: I64, gateway: I64) -> int:
    """Bytes x hops of everything one tile sends and receives."""
    here = at[tile]
    return sum(int(gateway[here] if p < 0 else between[here, at[p]]) * n for p, n in partners.get(tile, ()))


def _swap(
    at: list[int], partners: Partners, between: I64, gateway: I64, generator: random.Random, tries: int
) -> None:
    """Swap random pairs of tiles whenever that lowers the cost."""
    busy = [t for t in range(len(at)) if partners.get(t)]
    if not busy:
        return
    for _ in range(tries):
        a, b = generator.choice(busy), generator.randrange(len(at))
        before = _cost(a, at, partners, between, gateway) + _cost(b, at, partners, between, gateway)
        at[a], at[b] = at[b], at[a]
        if _cost(a, at, partners, between, gateway) + _cost(b, at, partners, between, gateway) >= before:
            at[a], at[b] = at[b], at[a]
