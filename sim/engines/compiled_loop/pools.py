"""Bookings of servers that are all alike: a count of the free ones, a pairing heap of the others by end.

Bookings are records of one table with a free list, so that a resource of a million servers takes no more room
than its bookings do. An entry of a heap has its first child and its next sibling (Fredman et al. 1986).
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import bookings, pools
from .state import IN_POOL, UNUSED, Head


@kernel
def new_booking(s: Head, state: int, place: int, end: int, key: int, visit: int, node: int) -> int:
    i: int = s.free_booking
    booking = bookings(s, i)
    s.free_booking = booking.next
    s.n_bookings += 1
    booking.state = state
    booking.place = place
    booking.end = end
    booking.key = key
    booking.visit = visit
    booking.node = node
    booking.child = -1
    booking.next = -1
    return i


@kernel
def end_booking(s: Head, i: int) -> None:
    bookings(s, i).state = UNUSED
    bookings(s, i).next = s.free_booking
    s.free_booking = i
    s.n_bookings -= 1


@kernel
def melded(s: Head, i: int, j: int) -> int:
    """The first of two heaps (neither has a sibling), with the other among its children."""
    if i < 0:
        return j
    if j < 0:
        return i
    one = bookings(s, i)
    other = bookings(s, j)
    later = one.end > other.end
    if one.end == other.end:
        later = one.key > other.key or (one.key == other.key and one.visit > other.visit)
    if later:
        one.next = other.child
        other.child = i
        return j
    other.next = one.child
    one.child = j
    return i


@kernel
def without_first(s: Head, i: int) -> int:
    """The heap of the children of booking i: melded by pairs, then one after the other."""
    pairs = -1
    rest = bookings(s, i).child
    while rest >= 0:
        one = rest
        other = bookings(s, one).next
        rest = -1
        bookings(s, one).next = -1
        if other >= 0:
            rest = bookings(s, other).next
            bookings(s, other).next = -1
        pair = melded(s, one, other)
        bookings(s, pair).next = pairs
        pairs = pair
    heap = -1
    while pairs >= 0:
        following = bookings(s, pairs).next
        bookings(s, pairs).next = -1
        heap = melded(s, heap, pairs)
        pairs = following
    return heap


@kernel
def drop_first(s: Head, p: int) -> None:
    """Forget the booking of pool p that ends first."""
    first = pools(s, p).first
    pools(s, p).first = without_first(s, first)
    end_booking(s, first)


@kernel
def pool_free_at(s: Head, p: int, now: int) -> int:
    """When a server of pool p is free, from now on."""
    pool = pools(s, p)
    while pool.first >= 0 and bookings(s, pool.first).end <= now:
        drop_first(s, p)
        pool.n_free += 1
    if pool.n_free > 0:
        return now
    end: int = bookings(s, pool.first).end
    return end


@kernel
def book_in_pool(s: Head, p: int, end: int, key: int, visit: int, node: int) -> None:
    """Book the server of pool p that is free first, until `end`."""
    pool = pools(s, p)
    if pool.n_free > 0:
        pool.n_free -= 1
    else:
        drop_first(s, p)
    pool.first = melded(s, pool.first, new_booking(s, IN_POOL, p, end, key, visit, node))
