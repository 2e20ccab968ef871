"""Rooms of queues: how many tokens lie in each of them when every actor fires as late as it may.

The firings of one iteration are laid out backwards from the last ones. An actor's firings follow each other
at its pace or slower, and each is `latency` before the first firing of any consumer that needs its token.
That is a schedule, so a run with as much room as it takes up cannot deadlock.
"""

from __future__ import annotations

from .arguments import I64, NEVER
from .record_code import kernel


@kernel
def latest(
    order: I64,
    start: I64,
    pace: I64,
    latency: I64,
    in_start: I64,
    in_wire: I64,
    src: I64,
    wire_start: I64,
    need: I64,
    at: I64,
) -> None:
    """See `sim/compiled.py`; `at` is NEVER before."""
    for actor in order:
        begin, end = start[actor], start[actor + 1]
        if at[end - 1] == NEVER:
            at[end - 1] = 0
        for k in range(end - 2, begin - 1, -1):
            at[k] = min(at[k], at[k + 1] - pace[actor])
        for i in range(in_start[actor], in_start[actor + 1]):
            wire = in_wire[i]
            maker = src[wire]
            first, done = start[maker], 0
            for k in range(begin, end):
                asked = need[wire_start[wire] + k - begin]
                while done < asked:
                    at[first + done] = min(at[first + done], at[k] - latency[maker])
                    done += 1


@kernel
def peaks(at: I64, start: I64, src: I64, dst: I64, wire_start: I64, free: I64, found: I64) -> None:
    """See `sim/compiled.py`; `found` is 1 before."""
    for wire in range(len(src)):
        maker, user = src[wire], dst[wire]
        k, gone, users = 0, 0, start[user + 1] - start[user]
        for i in range(start[maker + 1] - start[maker]):
            while k < users and at[start[user] + k] < at[start[maker] + i]:
                gone = max(gone, free[wire_start[wire] + k])
                k += 1
            found[wire] = max(found[wire], i + 1 - gone)
