"""A 4-ary heap of (time, code): the children of entry i are 4 i + 1 .. 4 i + 4, one or two cache lines.

Behind the last entry stand four whose time is `NEVER`, so that every entry seems to have four children or
none: the least of four is found without a branch that a processor would have to guess.
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import event_at

NEVER = (1 << 63) - 1


@kernel
def push(heap: int, n: int, time: int, code: int) -> None:
    """Add an entry to the heap of n entries at address `heap`."""
    event_at(heap, n + 4).time = NEVER
    i = n
    while i > 0:
        parent = (i - 1) >> 2
        above = event_at(heap, parent).time
        if above <= time:
            break
        event_at(heap, i).time = above
        event_at(heap, i).code = event_at(heap, parent).code
        i = parent
    event_at(heap, i).time = time
    event_at(heap, i).code = code


@kernel
def pop(heap: int, n: int) -> None:
    """Remove the first entry of the heap of n entries at address `heap`; the caller has read it."""
    time = event_at(heap, n - 1).time
    code = event_at(heap, n - 1).code
    event_at(heap, n - 1).time = NEVER
    if n > 1:
        replace_first(heap, n - 1, time, code)


@kernel
def second(heap: int) -> int:
    """Time of the earliest entry but the first; `NEVER` if there is none."""
    one = min(event_at(heap, 1).time, event_at(heap, 2).time)
    other = min(event_at(heap, 3).time, event_at(heap, 4).time)
    least: int = min(one, other)
    return least


@kernel
def replace_first(heap: int, n: int, time: int, code: int) -> None:
    """Put another entry in the place of the first of n entries: cheap if it is to be among the next."""
    i = 0
    child = 1
    while child < n:
        t0 = event_at(heap, child).time
        t1 = event_at(heap, child + 1).time
        t2 = event_at(heap, child + 2).time
        t3 = event_at(heap, child + 3).time
        low = min(t0, t1)
        high = min(t2, t3)
        least = min(low, high)
        if least >= time:
            break
        left = child + (t1 < t0)
        right = child + 2 + (t3 < t2)
        smallest = right if high < low else left
        event_at(heap, i).time = least
        event_at(heap, i).code = event_at(heap, smallest).code
        i = smallest
        child = 4 * i + 1
    event_at(heap, i).time = time
    event_at(heap, i).code = code
