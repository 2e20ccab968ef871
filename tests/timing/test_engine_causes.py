"""Why visits begin when they do: every cause on the critical path, whose pieces add up to the makespan."""

from __future__ import annotations

from typing import Any

import pytest
from ohmsum.sim.engines.result import Cause, EngineResult
from ohmsum.sim.program import Arbitration, Program, ProgramBuilder, Schedule

from ..kit.engines import Engine, all_queued, each_engine, path, path_durations

pytestmark = each_engine

START, CHAIN, RESOURCE, TOKEN = Cause.START, Cause.CHAIN, Cause.RESOURCE, Cause.TOKEN
ROOM, PREVIOUS, ARRIVAL = Cause.ROOM, Cause.PREVIOUS, Cause.ARRIVAL


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
def test_resource(engine: Engine, change: Any) -> None:
    b = ProgramBuilder()
    r = b.resource("r", "unit")
    for name, hold in (("a", 5), ("b", 3)):
        b.visit(b.actor(name, 1), r, hold)
    assert path(engine(change(b.build()))) == [(0, 0, 0, START, 0), (1, 0, 1, RESOURCE, 5)]


@pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])
def test_resource_that_came_free_last_of_several(engine: Engine, change: Any) -> None:
    # x is free at 5, y at 8: the path waits for y.
    b = ProgramBuilder()
    x, y = b.resource("x", "link"), b.resource("y", "link")
    for name, r, hold in (("a", x, 5), ("b", y, 8)):
        b.visit(b.actor(name, 1), r, hold)
    b.visit(b.actor("path", 1), (x, y), 4)
    assert path(engine(change(b.build()))) == [(1, 0, 1, START, 0), (2, 0, 2, RESOURCE, 8)]


@pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])
def test_first_of_several_resources_that_came_free_at_once(engine: Engine, change: Any) -> None:
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


@pytest.mark.parametrize("arbitration", [Arbitration.FCFS, Arbitration.AGE])
def test_smallest_of_those_that_came_free_at_once(engine: Engine, arbitration: Arbitration) -> None:
    b = ProgramBuilder()
    r = b.resource("r", "unit", servers=2, arbitration=arbitration)
    for name in "abc":
        b.visit(b.actor(name, 1), r, 5)
    assert path(engine(b.build())) == [(0, 0, 0, START, 0), (2, 0, 2, RESOURCE, 5)]


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


@pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])
def test_part_of_a_spread_visit_is_a_piece_of_its_own(engine: Engine, change: Any) -> None:
    # The multicast has y from 0 to 20 and x, which "first" has until 5, from 5 to 25: who waits for y begins
    # at 20 after the part that began at 0; who waits for x at 25 after the visit itself.
    def ways(last: str, hold: int) -> list[tuple[int, int, int, Cause, int]]:
        b = ProgramBuilder()
        links = {"x": b.resource("x", "link"), "y": b.resource("y", "link")}
        b.visit(b.actor("first", 1), links["x"], 5)
        b.visit(b.actor("multicast", 1), tuple(links.values()), 20, spread=True)
        b.visit(b.actor("last", 1), links[last], hold)
        return path(engine(change(b.build())))

    assert ways("y", 30) == [(1, 0, 1, START, 0), (2, 0, 2, RESOURCE, 20)]
    assert ways("x", 30) == [(0, 0, 0, START, 0), (1, 0, 1, RESOURCE, 5), (2, 0, 2, RESOURCE, 25)]
