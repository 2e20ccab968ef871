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


class Traffic(NamedTuple):
    """Nets, the routes they take, and what they load.

    Attributes
    ----------
    router_of : I64, shape (tiles + 1,)
        Router of every tile; the last one is the gateway.
    src, dst_start, dst, n_bytes
        Source tile, destination tiles (CSR) and bytes of every net.
    tile_start, tile_net : I64
        Nets that touch a tile (CSR).
    next_link : I64, shape (routers, routers)
        Link to take from a router towards another.
    link_end : I64, shape (links,)
        Router at its end.
    load : F64, shape (links,)
    mark : I64, shape (links + 1,)
        The last tree that a link was counted in; the last entry numbers the trees.
    """

    router_of: I64
    src: I64
    dst_start: I64
    dst: I64
    n_bytes: F64
    tile_start: I64
    tile_net: I64
    next_link: I64
    link_end: I64
    load: F64
    mark: I64


@numba.njit(cache=True)
def _add(t: Traffic, nets: I64, weight: float) -> float:
    """Add `weight` times the bytes of some nets to the links of their trees; by how much the cost rises."""
    rise = 0.0
    for net in nets:
        t.mark[-1] += 1
        change = weight * t.n_bytes[net]
        for i in range(t.dst_start[net], t.dst_start[net + 1]):
            end = t.router_of[t.dst[i]]
            here = t.router_of[t.src[net]]
            while here != end:
                link = t.next_link[here, end]
                if t.mark[link] != t.mark[-1]:
                    t.mark[link] = t.mark[-1]
                    rise += (2.0 * t.load[link] + change) * change
                    t.load[link] += change
                here = t.link_end[link]
    return rise


@numba.njit(cache=True)
def _nets_of(t: Traffic, a: int, b: int, found: I64) -> I64:
    """The nets that touch tile a or b, each once."""
    n = t.tile_start[a + 1] - t.tile_start[a]
    found[:n] = t.tile_net[t.tile_start[a] : t.tile_start[a + 1]]
    first = n
    for i in range(t.tile_start[b], t.tile_start[b + 1]):
        if not (found[:first] == t.tile_net[i]).any():
            found[n] = t.tile_net[i]
            n += 1
    return found[:n]


@numba.njit(cache=True)
def _swap(t: Traffic, place: I64, a: int, b: int, nets: I64) -> float:
    """Let two tiles change places; by how much the cost rises."""
    rise = _add(t, nets, -1.0)
    t.router_of[a], t.router_of[b] = t.router_of[b], t.router_of[a]
    place[a], place[b] = place[b], place[a]
    return rise + _add(t, nets, 1.0)


@numba.njit(cache=True)
def improve(t: Traffic, movable: int, tries: int, seed: int, hot: float) -> I64:
    """Swap pairs of tiles, keeping the swaps that lower the cost (or, while hot, some that raise it).

    Parameters
    ----------
    t : Traffic
        `router_of`, `load` and `mark` are changed in place; `load` starts at zero.
    movable : int
        Tiles that may move: 0 .. movable - 1.
    tries, seed : int
    hot : float
        Initial temperature as a share of the mean cost of a tile; 0 accepts improvements only.

    Returns
    -------
    I64, shape (movable,)
        For every tile, the one whose place it has now.
    """
    place = np.arange(movable)
    found = np.empty(len(t.tile_net), np.int64)
    temperature = hot * _add(t, np.arange(len(t.src)), 1.0) / max(1, movable)
    np.random.seed(seed)  # noqa: NPY002 (numba's own generator, not NumPy's global one)
    for i in range(tries):
        a, b = np.random.randint(0, movable), np.random.randint(0, movable)  # noqa: NPY002
        if t.router_of[a] == t.router_of[b]:
            continue
        nets = _nets_of(t, a, b, found)
        rise = _swap(t, place, a, b, nets)
        warm = temperature * (1.0 - i / tries) ** 2
        chance = np.random.random()  # noqa: NPY002
        if rise >= 0.0 and (warm == 0.0 or chance >= np.exp(-rise / warm)):
            _swap(t, place, a, b, nets)
    return place
