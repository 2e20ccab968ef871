"""Why visits begin when they do: every cause on the critical path, whose pieces add up to the makespan."""

from __future__ import annotations

import pytest
from ohmsum.sim.engines.result import Cause, EngineResult
from ohmsum.sim.program import Arbitration, Program, ProgramBuilder, Schedule

from ..kit.engines import Engine, all_queued, each_engine, path, path_durations

pytestmark = each_engine

START, CHAIN, RESOURCE, TOKEN = Cause.START, Cause.CHAIN, Cause.RESOURCE, Cause.TOKEN
ROOM, PREVIOUS, ARRIVAL, SLOT = Cause.ROOM, Cause.PREVIOUS, Cause.ARRIVAL, Cause.SLOT


def check_sum(result: EngineResult) -> None:
    assert path_durations(result).sum() == result.makespan_fs
    assert result.critical_path["begin_fs"][0] == 0


def tandem(n: int, capacity: int, produce: int, consume: int) -> Program:
    """A producer and a consumer of n tokens."""
    b = ProgramBuilder()
    src, dst = b.actor("src", n), b.actor("dst", n)
    b.visit(src, b.resource("p", "unit"), produce)
    b.visit(dst, b.resource("c", "unit"), consume)
    b.channel(src, dst, capacity, Schedule.affine(1, 1, n))
    return b.build()


def test_chain(engine: Engine) -> None:
    b = ProgramBuilder()
    a = b.actor("a", 1)
    b.visit(a, b.resource("r", "unit"), 9, 4)
    b.visit(a, b.resource("s", "unit"), 3)
    result = engine(b.build())
    assert path(result) == [(0, 0, 0, START, 0), (0, 0, 1, CHAIN, 4)]
    assert path_durations(result).tolist() == [
        4,
        3,
    ]  # the hold of 9 ends later than the run: the firing is over
    assert result.makespan_fs == 7


@pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])
def test_resource(engine: Engine, change) -> None:
    b = ProgramBuilder()
    r = b.resource("r", "unit")
    for name, hold in (("a", 5), ("b", 3)):
        b.visit(b.actor(name, 1), r, hold)
    assert path(engine(change(b.build()))) == [(0, 0, 0, START, 0), (1, 0, 1, RESOURCE, 5)]


@pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])
def test_resource_that_came_free_last_of_several(engine: Engine, change) -> None:
    # x is free at 5, y at 8: the path waits for y.
    b = ProgramBuilder()
    x, y = b.resource("x", "link"), b.resource("y", "link")
    for name, r, hold in (("a", x, 5), ("b", y, 8)):
        b.visit(b.actor(name, 1), r, hold)
    b.visit(b.actor("path", 1), (x, y), 4)
    assert path(engine(change(b.build()))) == [(1, 0, 1, START, 0), (2, 0, 2, RESOURCE, 8)]


@pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])
def test_first_of_several_resources_that_came_free_at_once(engine: Engine, change) -> None:
    b = ProgramBuilder()
    x, y = b.resource("x", "link"), b.resource("y", "link")
    for name, r in (("a", y), ("b", x)):
        b.visit(b.actor(name, 1), r, 5)
    b.visit(b.actor("path", 1), (x, y), 4)
    assert path(engine(change(b.build()))) == [(1, 0, 1, START, 0), (2, 0, 2, RESOURCE, 5)]


def test_token_and_previous(engine: Engine) -> None:
    # The producer is slower: 0-5, 5-10; the consumer takes the second token at 10.
    result = engine(tandem(2, 2, 5, 2))
    assert path(result) == [(0, 0, 0, START, 0), (0, 1, 0, PREVIOUS, 5), (1, 1, 1, TOKEN, 10)]
    assert path_durations(result).tolist() == [5, 5, 2]


def test_previous_of_the_consumer(engine: Engine) -> None:
    # The consumer is slower: from the first token on it never waits.
    result = engine(tandem(3, 3, 2, 5))
    assert path(result) == [
        (0, 0, 0, START, 0),
        (1, 0, 1, TOKEN, 2),
        (1, 1, 1, PREVIOUS, 7),
        (1, 2, 1, PREVIOUS, 12),
    ]


def test_token_counts_before_previous(engine: Engine) -> None:
    # Both take 5 fs: at 10 the second token arrives and the consumer's first hold ends.
    assert path(engine(tandem(2, 2, 5, 5)))[-1] == (1, 1, 1, TOKEN, 10)


def test_room(engine: Engine) -> None:
    # One place: the producer's second firing at 7 waits for the consumer, which began at 2.
    result = engine(tandem(2, 1, 2, 5))
    assert path(result) == [
        (0, 0, 0, START, 0),
        (1, 0, 1, TOKEN, 2),
        (0, 1, 0, ROOM, 7),
        (1, 1, 1, TOKEN, 9),
    ]


def test_room_made_by_the_last_visit_if_released_at_the_end(engine: Engine) -> None:
    b = ProgramBuilder()
    src, dst = b.actor("src", 2), b.actor("dst", 2, release="end")
    b.visit(src, (), 2)
    b.visit(dst, (), 5)
    b.visit(dst, (), 3)
    b.channel(src, dst, 1, Schedule((0,), (1, 2)))
    assert path(engine(b.build())) == [
        (0, 0, 0, START, 0),
        (1, 0, 1, TOKEN, 2),
        (1, 0, 2, CHAIN, 7),
        (0, 1, 0, ROOM, 10),
        (1, 1, 1, TOKEN, 12),
        (1, 1, 2, CHAIN, 17),
    ]


def test_lowest_channel_of_tokens_that_arrive_at_once(engine: Engine) -> None:
    b = ProgramBuilder()
    x, y, z = (b.actor(name, 1) for name in "xyz")
    for actor in (x, y, z):
        b.visit(actor, (), 4)
    b.channel(y, z, 1, 1)
    b.channel(x, z, 1, 1)
    result = engine(b.build())
    assert path(result) == [(y, 0, 1, START, 0), (z, 0, 2, TOKEN, 4)]
    assert result.stall_input_fs.tolist() == [4, 0]


def test_token_of_the_firing_that_brought_it(engine: Engine) -> None:
    # The consumer needs 2 of 3 tokens: the producer's second firing is on the path, not its third.
    b = ProgramBuilder()
    src, dst = b.actor("src", 3), b.actor("dst", 1)
    b.visit(src, (), 2)
    b.visit(dst, (), 50)
    b.channel(src, dst, 3, 2)
    assert path(engine(b.build())) == [(0, 0, 0, START, 0), (0, 1, 0, PREVIOUS, 2), (1, 0, 1, TOKEN, 4)]


def test_arrival(engine: Engine) -> None:
    result = engine(tandem(1, 2, 4, 6), 2, arrivals_fs=[0, 100])
    assert path(result) == [(-1, -1, -1, ARRIVAL, 0), (0, 1, 0, ARRIVAL, 100), (1, 1, 1, TOKEN, 104)]
    assert path_durations(result).tolist() == [100, 4, 6]
    check_sum(result)


def test_previous_counts_before_arrival(engine: Engine) -> None:
    b = ProgramBuilder()
    b.visit(b.actor("a", 1), (), 7)
    assert path(engine(b.build(), 2, arrivals_fs=[0, 7])) == [(0, 0, 0, START, 0), (0, 1, 0, PREVIOUS, 7)]


def test_slot(engine: Engine) -> None:
    # Slots of 10: the first is for nobody. The visit waits from 3 to 10, but it is the chain that led to it.
    b = ProgramBuilder()
    r = b.resource("bus", "link", arbitration=Arbitration.SLOTS, slot_fs=10, slots=((-1, -1), (0, 1)))
    a = b.actor("a", 1)
    b.visit(a, (), 3)
    b.visit(a, r, 5)
    result = engine(b.build())
    assert path(result) == [(0, 0, 0, START, 0), (0, 0, 1, SLOT, 10)]
    assert path_durations(result).tolist() == [10, 5]


def test_slot_at_the_very_beginning(engine: Engine) -> None:
    b = ProgramBuilder()
    r = b.resource("bus", "link", arbitration=Arbitration.SLOTS, slot_fs=10, slots=((-1, -1), (0, 0)))
    b.visit(b.actor("a", 1), r, 5)
    result = engine(b.build())
    assert path(result) == [(-1, -1, -1, SLOT, 0), (0, 0, 0, SLOT, 10)]
    check_sum(result)


def test_firing_put_off_by_the_one_before(engine: Engine) -> None:
    # Firing 1 could advance at 4 but not before firing 0 at 10, whose first visit is to blame.
    b = ProgramBuilder()
    a = b.actor("a", 2)
    b.visit(a, (), 1, Schedule((0,), (10, 3)))
    b.visit(a, (), 2)
    assert path(engine(b.build())) == [(0, 0, 0, START, 0), (0, 1, 1, PREVIOUS, 10)]


def test_firing_that_advances_with_the_one_before_is_not_put_off(engine: Engine) -> None:
    # Both advance at 10: the second firing, which began at 1, by itself.
    b = ProgramBuilder()
    a = b.actor("a", 2)
    b.visit(a, (), 1, Schedule((0,), (10, 9)))
    b.visit(a, (), 2)
    assert path(engine(b.build()))[1:] == [(0, 1, 0, PREVIOUS, 1), (0, 1, 1, CHAIN, 10)]


def kept_buffer(hold: int, advance: int, blocked_until: int) -> Program:
    """a keeps r until its next visit, of s, begins; s is taken at first; "other" wants r."""
    b = ProgramBuilder()
    r, s = b.resource("r", "buffer"), b.resource("s", "unit")
    b.visit(b.actor("first", 1), s, blocked_until)
    a = b.actor("a", 1)
    b.visit(a, r, hold, advance, keep=True)
    b.visit(a, s, 1)
    other = b.actor("other", 1)
    b.visit(other, r, 100)
    return b.build()


def test_kept_server_freed_by_the_next_visit(engine: Engine) -> None:
    # a is through r at 4, blocked until 9 by the one in s: that one is on the path, with a's visit of s for
    # 0 fs.
    result = engine(kept_buffer(4, 4, 9))
    assert path(result) == [(0, 0, 0, START, 0), (1, 0, 2, RESOURCE, 9), (2, 0, 3, RESOURCE, 9)]
    assert path_durations(result).tolist() == [9, 0, 100]


def test_kept_server_freed_by_the_end_of_its_hold(engine: Engine) -> None:
    # a begins its visit of s at 2 but holds r until 6.
    assert path(engine(kept_buffer(6, 2, 1))) == [(1, 0, 1, START, 0), (2, 0, 3, RESOURCE, 6)]


def test_behind_a_request_that_was_blocked(engine: Engine) -> None:
    # x has three servers, y one, taken until 9. "path" wants both and waits for y; two more want x only,
    # which is idle, but stand behind it. All begin at 9, since y came free then, one by leave of the other.
    b = ProgramBuilder()
    x, y = b.resource("x", "link", servers=3), b.resource("y", "link")
    b.visit(b.actor("holder", 1), y, 9)
    b.visit(b.actor("path", 1), (x, y), 5)
    b.visit(b.actor("behind", 1), x, 6)
    b.visit(b.actor("last", 1), x, 50)
    result = engine(all_queued(b.build()))
    assert path(result) == [
        (0, 0, 0, START, 0),
        (1, 0, 1, RESOURCE, 9),
        (2, 0, 2, RESOURCE, 9),
        (3, 0, 3, RESOURCE, 9),
    ]
    assert path_durations(result).tolist() == [9, 0, 0, 50]


@pytest.mark.parametrize("arbitration", [Arbitration.FCFS, Arbitration.PRIORITY])
def test_smallest_of_those_that_came_free_at_once(engine: Engine, arbitration: Arbitration) -> None:
    b = ProgramBuilder()
    r = b.resource("r", "unit", servers=2, arbitration=arbitration)
    for name in "abc":
        b.visit(b.actor(name, 1), r, 5)
    assert path(engine(b.build())) == [(0, 0, 0, START, 0), (2, 0, 2, RESOURCE, 5)]


def test_kept_server_whose_hold_ends_as_the_next_visit_begins(engine: Engine) -> None:
    # Both at 4: the next visit's begin counts.
    result = engine(kept_buffer(4, 4, 1))
    assert path(result) == [(1, 0, 1, START, 0), (1, 0, 2, CHAIN, 4), (2, 0, 3, RESOURCE, 4)]
    assert path_durations(result).tolist() == [4, 0, 100]


def test_requests_are_granted_in_order_of_actor(engine: Engine) -> None:
    # r has two servers, s one, all taken until 4: by a, which keeps its server of r for s, by d, and by b,
    # which has s. At 4 b lets go of s and d of r; a's visit of s is granted first (actor 0) and thereby
    # lets go of r too; then c (actor 2) is granted r, which both d and a freed: a has the smaller index.
    b = ProgramBuilder()
    r, s = b.resource("r", "buffer", servers=2), b.resource("s", "unit")
    a = b.actor("a", 1)
    b.visit(a, r, 2, keep=True)
    b.visit(a, s, 1)
    b.visit(b.actor("b", 1), s, 4)
    d_later = b.actor("c", 1)
    b.visit(d_later, (), 1)
    b.visit(d_later, r, 50)
    b.visit(b.actor("d", 1), r, 4)
    assert path(engine(b.build())) == [(1, 0, 2, START, 0), (0, 0, 1, RESOURCE, 4), (2, 0, 4, RESOURCE, 4)]


def test_path_begins_with_the_lowest_actor_of_those_that_end_last(engine: Engine) -> None:
    b = ProgramBuilder()
    for name in "abc":
        b.visit(b.actor(name, 1), (), 5)
    assert path(engine(b.build())) == [(0, 0, 0, START, 0)]


def test_wait_is_from_request_to_begin_and_stall_from_entrance_to_issue(engine: Engine) -> None:
    # src's tokens come at 4 and 8; "hog" has r until 10. dst is stalled 0-4 for its token, waits for r 4-10,
    # has it 10-12, is issued again at 12 without stall.
    b = ProgramBuilder()
    r = b.resource("r", "unit")
    b.visit(b.actor("hog", 1), r, 10)
    src, dst = b.actor("src", 2), b.actor("dst", 2)
    b.visit(src, (), 4)
    b.visit(dst, r, 2)
    b.channel(src, dst, 2, Schedule((0,), (1, 2)))
    result = engine(b.build())
    assert result.stall_input_fs.tolist() == [4]
    assert result.wait_fs.tolist() == [0, 0, 6]
    assert path(result) == [(0, 0, 0, START, 0), (2, 0, 2, RESOURCE, 10), (2, 1, 2, PREVIOUS, 12)]
