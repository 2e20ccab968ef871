"""A 4-ary heap of (time, code): the children of entry i are 4 i + 1 .. 4 i + 4, one or two cache lines."""

from __future__ import annotations

from .kernel import kernel
from .state import Records


@kernel
def push(heap: Records, n: int, time: int, code: int) -> None:
    """Add an entry to a heap of n entries."""
    i = n
    while i > 0:
        parent = (i - 1) >> 2
        above = heap[parent].time
        if above <= time:
            break
        heap[i].time = above
        heap[i].code = heap[parent].code
        i = parent
    heap[i].time = time
    heap[i].code = code


@kernel
def pop(heap: Records, n: int) -> None:
    """Remove the first entry of a heap of n entries; the caller has read it."""
    last = n - 1
    time = heap[last].time
    code = heap[last].code
    i = 0
    while True:
        child = 4 * i + 1
        if child >= last:
            break
        smallest = child
        least = heap[child].time
        for other in range(child + 1, min(child + 4, last)):
            if heap[other].time < least:
                smallest = other
                least = heap[other].time
        if least >= time:
            break
        heap[i].time = least
        heap[i].code = heap[smallest].code
        i = smallest
    heap[i].time = time
    heap[i].code = code
