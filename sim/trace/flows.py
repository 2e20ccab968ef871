"""Arrows from the visit that brought a token to the visit that it made possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..program import I64, Program


def flows(program: Program, visits: NDArray[np.void]) -> list[tuple[int, int]]:
    """Pairs (row of the producer's last visit, row of the consumer's first visit) of one token each.

    For every channel and every firing of its consumer that needs more tokens than the one before: from the
    firing that made the last of them.
    """
    first, last = _rows(program, visits)
    found: list[tuple[int, int]] = []
    for c in range(program.n_channels):
        src, dst = int(program.channel_src[c]), int(program.channel_dst[c])
        n_src, n_dst = int(program.actor_firings[src]), int(program.actor_firings[dst])
        need = program.schedule(int(program.channel_need[c])).values(n_dst)
        iterations = len(first[dst]) // n_dst
        needs = (np.arange(iterations)[:, None] * n_src + need).ravel()
        more = np.flatnonzero(np.diff(needs, prepend=0) > 0)
        found += zip(last[src][needs[more] - 1].tolist(), first[dst][more].tolist(), strict=True)
    return found


def _rows(program: Program, visits: NDArray[np.void]) -> tuple[list[I64], list[I64]]:
    """Rows of the first and of the last visit of each firing, by actor."""
    starts = program.actor_visit_start
    first: list[I64] = []
    last: list[I64] = []
    order = np.lexsort((visits["firing"], visits["visit"]))
    position = np.searchsorted(visits["visit"][order], np.arange(program.n_visits + 1))
    for a in range(program.n_actors):
        v, w = int(starts[a]), int(starts[a + 1]) - 1
        first.append(order[position[v] : position[v + 1]])
        last.append(order[position[w] : position[w + 1]])
    return first, last
