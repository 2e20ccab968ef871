"""From visits to slices: which server of which resource was held, from when to when."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..program import Program

SLICE_DTYPE = np.dtype([(name, np.int64) for name in ("resource", "server", "row", "start_fs", "end_fs")])


def occupancies(program: Program, visits: NDArray[np.void]) -> NDArray[np.void]:
    """Every stretch of time for which a visit held a server; those of one server never overlap.

    A visit of several resources has a slice on each; a spread visit begins on each when that was free; a
    visit that keeps its resources ends when the next one of its firing has begun. A visit without resources
    (a pure delay) has one slice on the pseudo-resource ``R + actor``, R the number of resources, with as many
    servers as it takes.

    Parameters
    ----------
    program : Program
    visits : structured array (`visit_log.VISIT_DTYPE`)
        All visits of a run, in the order of their bookings.

    Returns
    -------
    structured array (SLICE_DTYPE), ordered by (resource, server, start); `row` is the index into `visits`.
    """
    rows = _slices(program, visits, _ends(program, visits))
    found = np.array(rows, np.int64).reshape(-1, 4)
    found = found[np.lexsort((found[:, 1], found[:, 2], found[:, 0]))]
    slices = np.empty(len(found), SLICE_DTYPE)
    slices["resource"], slices["row"], slices["start_fs"], slices["end_fs"] = found.T
    slices["server"] = _servers(found)
    return slices[np.lexsort((slices["start_fs"], slices["server"], slices["resource"]))]


def _ends(program: Program, visits: NDArray[np.void]) -> NDArray[np.int64]:
    """When each visit let its resources go: the end of its hold, or later if it keeps them."""
    ends = visits["end_fs"].copy()
    keeping = np.flatnonzero(program.visit_keep[visits["visit"]])
    if len(keeping):
        begin = {
            (firing, v): b
            for firing, v, b in zip(
                visits["firing"].tolist(), visits["visit"].tolist(), visits["begin_fs"].tolist(), strict=True
            )
        }
        last = program.actor_visit_start[visits["actor"][keeping] + 1] - 1
        for i, final in zip(keeping.tolist(), last.tolist(), strict=True):
            v = int(visits["visit"][i])
            if v < final:
                ends[i] = max(int(ends[i]), begin[(int(visits["firing"][i]), v + 1)])
    return np.asarray(ends, np.int64)


def _slices(
    program: Program, visits: NDArray[np.void], ends: NDArray[np.int64]
) -> list[tuple[int, int, int, int]]:
    """(resource, visit row, start, end) of every visit on each of its resources."""
    bounds = pairwise(program.visit_resource_start.tolist())
    every = list(zip(program.visit_resource.tolist(), program.visit_resource_hold_fs.tolist(), strict=True))
    groups = [every[a:b] for a, b in bounds]
    spread, queued = program.visit_spread.tolist(), program.resource_queued.tolist()
    free_fs = [[0] * n for n in program.resource_servers.tolist()]
    found: list[tuple[int, int, int, int]] = []
    columns = (visits[name].tolist() for name in ("actor", "visit", "request_fs", "begin_fs", "end_fs"))
    for row, (actor, v, request, begin, hold_end) in enumerate(zip(*columns, strict=True)):
        if not groups[v]:
            found.append((program.n_resources + actor, row, begin, hold_end))
        for r, own_fs in groups[v]:
            start, end = begin, int(ends[row])
            if not queued[r]:
                # Booked again by the engine's rule: a spread visit begins on each server when that is free.
                server = free_fs[r].index(min(free_fs[r]))
                if spread[v]:
                    start = max(free_fs[r][server], request)
                    end = start + (own_fs or hold_end - begin)
                free_fs[r][server] = end
            found.append((r, row, start, end))
    return found


def _servers(found: NDArray[np.int64]) -> list[int]:
    """A server for every slice (ordered by resource and start): the first that is free."""
    free_fs: dict[int, list[int]] = defaultdict(list)
    servers = []
    for r, _, start, end in found.tolist():
        free = free_fs[r]
        server = next((s for s, time_fs in enumerate(free) if time_fs <= start), len(free))
        if server == len(free):
            free.append(end)
        free[server] = end
        servers.append(server)
    return servers
