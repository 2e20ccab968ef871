"""From holds to slices: which server of which resource was held, from when to when."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

SLICE_DTYPE = np.dtype([(name, np.int64) for name in ("resource", "server", "row", "start_fs", "end_fs")])


def occupancies(holds: NDArray[np.void]) -> NDArray[np.void]:
    """Every stretch of time for which a visit held a server; those of one server never overlap.

    Which of several servers it was, no engine says: the lowest that is free.

    Parameters
    ----------
    holds : structured array (`visit_log.HOLD_DTYPE`)
        All holds of a run.

    Returns
    -------
    structured array (SLICE_DTYPE), ordered by (resource, server, start); `row` is the index into the visits.
    """
    found = holds[np.lexsort((holds["row"], holds["start_fs"], holds["resource"]))]
    slices = np.empty(len(found), SLICE_DTYPE)
    for name in ("resource", "row", "start_fs", "end_fs"):
        slices[name] = found[name]
    slices["server"] = _servers(found)
    return slices[np.lexsort((slices["start_fs"], slices["server"], slices["resource"]))]


def _servers(holds: NDArray[np.void]) -> list[int]:
    """A server for every hold (ordered by resource and start): the lowest that is free."""
    resource, n = -1, 0
    servers: list[int] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    for r, start_fs, end_fs in holds[["resource", "start_fs", "end_fs"]].tolist():
        if r != resource:
            resource, free, busy, n = r, [], [], 0
        while busy and busy[0][0] <= start_fs:
            heapq.heappush(free, heapq.heappop(busy)[1])
        server = heapq.heappop(free) if free else n
        n = max(n, server + 1)
        heapq.heappush(busy, (end_fs, server))
        servers.append(server)
    return servers
