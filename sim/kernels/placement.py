"""Swapping tiles on a chip so that no link is much busier than the others.

Traffic is a set of nets: bytes from one tile to several (a multicast, along the union of the routes). The
cost is the sum over links of load cubed, which falls with every hop saved and every hot link relieved.
"""

from __future__ import annotations

import math

from .arguments import F64, I64, U64, PlacementTraffic
from .record_code import kernel
from .twister import begin, below, share

FRESH = 64
"""Swaps after which the busiest link is looked for again."""


@kernel
def _add(t: PlacementTraffic, nets: I64, n: int, weight: float) -> float:
    """Add `weight` times the bytes of the first n nets to the links of their trees; how much the cost rises.

    Routes from one router are a tree (its routes begin alike), so each is followed from its end back to
    where it meets one that was counted before.
    """
    rise = 0.0
    for j in range(n):
        net = nets[j]
        t.mark[-1] += 1
        change = weight * t.n_bytes[net]
        root = t.router_of[t.src[net]]
        for i in range(t.dst_start[net], t.dst_start[net + 1]):
            here = t.router_of[t.dst[i]]
            while here != root:
                link = t.last_link[root, here]
                if t.mark[link] == t.mark[-1]:
                    break
                t.mark[link] = t.mark[-1]
                before = t.load[link]
                t.load[link] += change
                rise += t.load[link] * t.load[link] * t.load[link] - before * before * before
                here = t.link_start[link]
    return rise


@kernel
def _nets_of(t: PlacementTraffic, a: int, b: int, found: I64) -> int:
    """Find the nets that touch tile a or b, each once; how many."""
    t.net_mark[-1] += 1
    n = 0
    for tile in (a, b):
        for i in range(t.tile_start[tile], t.tile_start[tile + 1]):
            net = t.tile_net[i]
            if t.net_mark[net] != t.net_mark[-1]:
                t.net_mark[net] = t.net_mark[-1]
                found[n] = net
                n += 1
    return n


@kernel
def _swap(of: I64, a: int, b: int) -> None:
    of[a], of[b] = of[b], of[a]


@kernel
def _beside_a_partner(t: PlacementTraffic, a: int, tile_at: I64, state: U64) -> int:
    """A tile at or beside an end of a net of tile a, the larger of two nets; -1 if there is none."""
    n = t.tile_start[a + 1] - t.tile_start[a]
    if n == 0:
        return -1
    net = t.tile_net[t.tile_start[a] + below(state, n)]
    other = t.tile_net[t.tile_start[a] + below(state, n)]
    if t.n_bytes[other] > t.n_bytes[net]:
        net = other
    partner = t.src[net]
    if partner == a:
        ends = t.dst_start[net + 1] - t.dst_start[net]
        partner = t.dst[t.dst_start[net] + below(state, ends)]
    here = t.router_of[partner]
    n = t.beside_start[here + 1] - t.beside_start[here]
    if n == 0:
        return -1
    return int(tile_at[t.beside[t.beside_start[here] + below(state, n)]])


@kernel
def _crosses(t: PlacementTraffic, net: int, hottest: int) -> bool:
    """Whether the tree of a net has a link."""
    root = t.router_of[t.src[net]]
    for i in range(t.dst_start[net], t.dst_start[net + 1]):
        here = t.router_of[t.dst[i]]
        while here != root:
            link = t.last_link[root, here]
            if link == hottest:
                return True
            here = t.link_start[link]
    return False


@kernel
def _on_hottest(t: PlacementTraffic, movable: int, hot_tiles: I64) -> int:
    """Find movable ends of the nets on the busiest link, one maybe more than once; how many."""
    hottest = 0
    for link in range(len(t.load)):
        if t.load[link] > t.load[hottest]:
            hottest = link
    n = 0
    for net in range(len(t.src)):
        ends = 1 + t.dst_start[net + 1] - t.dst_start[net]
        if n + ends <= len(hot_tiles) and _crosses(t, net, hottest):
            for i in range(ends):
                tile = t.dst[t.dst_start[net] + i - 1] if i else t.src[net]
                if tile < movable:
                    hot_tiles[n] = tile
                    n += 1
    return n


@kernel
def improve(
    t: PlacementTraffic,
    movable: int,
    pinned: int,
    tries: int,
    seed: int,
    hot: float,
    place: I64,
    tile_at: I64,
    hot_tiles: I64,
    found: I64,
    load_before: F64,
    costs: F64,
    state: U64,
) -> None:
    """Swap pairs of tiles; `sim/compiled.py` says what of, and makes room for the last seven.

    `costs` are those before and after.
    """
    for net in range(len(t.src)):
        found[net] = net
    cost = _add(t, found, len(t.src), 1.0)
    costs[0] = cost
    n_hot = 0
    begin(state, seed)
    for i in range(tries):
        if i % FRESH == 0:
            n_hot = _on_hottest(t, movable, hot_tiles)
        a = below(state, movable)
        if i % 2 and n_hot:
            a = hot_tiles[a % n_hot]
        b = _beside_a_partner(t, a, tile_at, state) if i % 8 > 1 else -1
        if b < 0:
            b = below(state, movable)
        if t.router_of[a] == t.router_of[b] or a == pinned or b == pinned:
            continue
        n = _nets_of(t, a, b, found)
        for link in range(len(load_before)):
            load_before[link] = t.load[link]
        rise = _add(t, found, n, -1.0)
        _swap(t.router_of, a, b)
        rise += _add(t, found, n, 1.0)
        warm = hot * cost / movable * (1.0 - i / tries) ** 2
        chance = share(state)
        if rise >= 0.0 and (warm == 0.0 or chance >= math.exp(-rise / warm)):
            _swap(t.router_of, a, b)
            for link in range(len(load_before)):
                t.load[link] = load_before[link]
        else:
            cost += rise
            _swap(place, a, b)
            tile_at[place[a]], tile_at[place[b]] = a, b
    costs[1] = cost
