"""Swapping tiles on a chip so that no link is much busier than the others.

Traffic is a set of nets: bytes from one tile to several (a multicast, along the union of the routes). The
cost is the sum over links of load squared, which falls with every hop saved and every hot link relieved.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]


class PlacementTraffic(NamedTuple):
    """Nets, the routes they take, and what they load.

    Attributes
    ----------
    router_of : I64, shape (tiles + 1,)
        Router of every tile; the last one is the gateway.
    src, dst_start, dst, n_bytes
        Source tile, destination tiles (CSR) and bytes of every net.
    tile_start, tile_net : I64
        Nets that touch a tile (CSR).
    last_link : I64, shape (routers, routers)
        Last link of the route from a router to another.
    link_start : I64, shape (links,)
        Router that a link leaves.
    load : F64, shape (links,)
    mark : I64, shape (links + 1,)
        The last tree that a link was counted in; the last entry numbers the trees.
    net_mark : I64, shape (nets + 1,)
        The last pair of tiles that a net was collected for; the last entry numbers the pairs.
    """

    router_of: I64
    src: I64
    dst_start: I64
    dst: I64
    n_bytes: F64
    tile_start: I64
    tile_net: I64
    last_link: I64
    link_start: I64
    load: F64
    mark: I64
    net_mark: I64


@numba.njit(cache=True)
def _add(t: PlacementTraffic, nets: I64, weight: float) -> float:
    """Add `weight` times the bytes of some nets to the links of their trees; by how much the cost rises.

    Routes from one router are a tree (its routes begin alike), so each is followed from its end back to
    where it meets one that was counted before.
    """
    rise = 0.0
    for net in nets:
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


@numba.njit(cache=True)
def _nets_of(t: PlacementTraffic, a: int, b: int, found: I64) -> I64:
    """The nets that touch tile a or b, each once."""
    t.net_mark[-1] += 1
    n = 0
    for tile in (a, b):
        for i in range(t.tile_start[tile], t.tile_start[tile + 1]):
            net = t.tile_net[i]
            if t.net_mark[net] != t.net_mark[-1]:
                t.net_mark[net] = t.net_mark[-1]
                found[n] = net
                n += 1
    return found[:n]


@numba.njit(cache=True)
def _swap(of: I64, a: int, b: int) -> None:
    of[a], of[b] = of[b], of[a]


@numba.njit(cache=True)
def improve(t: PlacementTraffic, movable: int, pinned: int, tries: int, seed: int, hot: float) -> I64:
    """Swap pairs of tiles, keeping the swaps that lower the cost (or, while hot, some that raise it).

    Parameters
    ----------
    t : Traffic
        `router_of`, `load` and the marks are changed in place; `load` starts at zero.
    movable : int
        Tiles that may move: 0 .. movable - 1.
    pinned : int
        One of them that stays all the same; -1 for none.
    tries, seed : int
    hot : float
        Initial temperature as a share of the mean cost of a tile; 0 accepts improvements only.

    Returns
    -------
    I64, shape (movable,)
        For every tile, the one whose place it has now.
    """
    place = np.arange(movable)
    found = np.empty(len(t.src), np.int64)
    load_before = np.empty_like(t.load)
    temperature = hot * _add(t, np.arange(len(t.src)), 1.0) / max(1, movable)
    np.random.seed(seed)  # noqa: NPY002 (numba's own generator, not NumPy's global one)
    for i in range(tries):
        a, b = np.random.randint(0, movable), np.random.randint(0, movable)  # noqa: NPY002
        if t.router_of[a] == t.router_of[b] or a == pinned or b == pinned:
            continue
        nets = _nets_of(t, a, b, found)
        load_before[:] = t.load
        rise = _add(t, nets, -1.0)
        _swap(t.router_of, a, b)
        rise += _add(t, nets, 1.0)
        warm = temperature * (1.0 - i / tries) ** 2
        chance = np.random.random()  # noqa: NPY002
        if rise >= 0.0 and (warm == 0.0 or chance >= np.exp(-rise / warm)):
            _swap(t.router_of, a, b)
            t.load[:] = load_before
        else:
            _swap(place, a, b)
    return place
