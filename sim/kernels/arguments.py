"""What compiled functions and their callers both know, without numba: types of arrays, and constants.

`sim/compiled.py` calls the functions of `placement`, `rooms` and `stripes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
U64 = NDArray[np.uint64]

NEVER = 1 << 61
"""Later than every firing of `rooms`."""
N_WORDS = 625
"""The state of `twister`: 624 words of 32 bits, and the place of the next."""


class PlacementTraffic(NamedTuple):
    """What the tiles of a chip send each other (nets), the routes that it takes, and what it loads.

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
    beside_start, beside : I64
        Places on and next to each router (CSR); place p is that of tile p before any swap.
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
    beside_start: I64
    beside: I64
    load: F64
    mark: I64
    net_mark: I64
