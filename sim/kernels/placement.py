"""Swapping tiles on a chip so that no link is much busier than the others.

Traffic is a set of nets: bytes from one tile to several (a multicast, along the union of the routes). The
cost is the sum over links of load squared, which falls with every hop saved and every hot link relieved.
"""

from __future__ import annotations

import math

from .record_code import kernel
from .traffic import F64, I64, PlacementTraffic
from .twister import U64, begin, below, share


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
                rise += (2.0 * t.load[link] + change) * change
                t.load[link] += change
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
def improve(
    t: PlacementTraffic,
    movable: int,
    pinned: int,
    tries: int,
    seed: int,
    hot: float,
    place: I64,
    found: I64,
    load_before: F64,
    state: U64,
) -> None:
    """Swap pairs of tiles; `sim/compiled.py` says what of, and makes room for the last four."""
    for net in range(len(t.src)):
        found[net] = net
    temperature = hot * _add(t, found, len(t.src), 1.0) / max(1, movable)
    begin(state, seed)
    for i in range(tries):
        a, b = below(state, movable), below(state, movable)
        if t.router_of[a] == t.router_of[b] or a == pinned or b == pinned:
            continue
        n = _nets_of(t, a, b, found)
        for link in range(len(load_before)):
            load_before[link] = t.load[link]
        rise = _add(t, found, n, -1.0)
        _swap(t.router_of, a, b)
        rise += _add(t, found, n, 1.0)
        warm = temperature * (1.0 - i / tries) ** 2
        chance = share(state)
        if rise >= 0.0 and (warm == 0.0 or chance >= math.exp(-rise / warm)):
            _swap(t.router_of, a, b)
            for link in range(len(load_before)):
                t.load[link] = load_before[link]
        else:
            _swap(place, a, b)
