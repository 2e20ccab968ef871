"""A 4-ary heap of (time, code): the children of entry i are 4 i + 1 .. 4 i + 4, one or two cache lines."""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import event_at


@kernel
def push(heap: int, n: int, time: int, code: int) -> None:
    """Add an entry to the heap of n entries at address `heap`."""
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
    replace_first(heap, n - 1, event_at(heap, n - 1).time, event_at(heap, n - 1).code)


@kernel
def second(heap: int, n: int) -> int:
    """Time of the earliest entry but the first, of n entries; -1 if there is none."""
    least = -1
    for child in range(1, min(5, n)):
        if least < 0 or event_at(heap, child).time < least:
            least = event_at(heap, child).time
    return least


@kernel
def replace_first(heap: int, n: int, time: int, code: int) -> None:
    """Put another entry in the place of the first of n entries: cheap if it is to be among the next."""
    i = 0
    while True:
        child = 4 * i + 1
        if child >= n:
            break
        smallest = child
        least = event_at(heap, child).time
        for other in range(child + 1, min(child + 4, n)):
            if event_at(heap, other).time < least:
                smallest = other
                least = event_at(heap, other).time
        if least >= time:
            break
        event_at(heap, i).time = least
        event_at(heap, i).code = event_at(heap, smallest).code
        i = smallest
    event_at(heap, i).time = time
    event_at(heap, i).code = code
