"""When visits begin and end: one firing, chains, shared resources. Femtoseconds computed by hand."""

from __future__ import annotations

from typing import Any

import pytest
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.program import Arbitration, Program, ProgramBuilder, Schedule

from ..kit.engines import Engine, all_queued, begins, each_engine, firings

pytestmark = each_engine

AS_BUILT_OR_QUEUED = pytest.mark.parametrize("change", [lambda p: p, all_queued], ids=["booked", "queued"])


def one_actor(n: int, *visits: tuple[int, int]) -> Program:
    """An actor of n firings whose chain visits a resource of its own for each (hold, advance)."""
    b = ProgramBuilder()
    a = b.actor("a", n)
    for i, (hold, advance) in enumerate(visits):
        r = b.resource(f"r{i}", "unit")
        b.visit(a, r, hold, advance)
    return b.build()


def late(b: ProgramBuilder, name: str, delay: int) -> int:
    """An actor of one firing that begins with a pure delay, so that its next request comes at `delay`."""
    a = b.actor(name, 1)
    b.visit(a, (), delay)
    return a


def second_begin(engine: Engine, program: Program, actor: int) -> int:
    """Begin of the second and last visit of an actor of one firing that holds it as long as it advances."""
    result = engine(program, keep_firings=True)
    v = int(program.actor_visit_start[actor]) + 1
    return int(result.last_end_fs[actor] - result.busy_fs[v])


def test_one_visit_lasts_its_hold(engine: Engine) -> None:
    result = engine(one_actor(1, (7, 7)), keep_firings=True)
    assert firings(result, 0) == [(0, 7)]
    assert result.makespan_fs == 7
    assert result.n_visits == 1
    assert result.fired.tolist() == [1]
    assert result.busy_fs.tolist() == [7]
    assert result.wait_fs.tolist() == [0]
    assert result.first_begin_fs.tolist() == [0]
    assert result.last_end_fs.tolist() == [7]


def test_cut_through_begins_the_next_visit_before_the_hold_ends(engine: Engine) -> None:
    # Visit 1 begins 4 after visit 0, which is held for 10; the next firing enters when that hold ends.
    result = engine(one_actor(3, (10, 4), (6, 6)), keep_firings=True)
    assert firings(result, 0) == [(0, 10), (10, 20), (20, 30)]


def test_pipelined_unit_takes_the_next_firing_before_the_first_is_through(engine: Engine) -> None:
    # Every 2 fs one enters, each takes 9 fs.
    result = engine(one_actor(4, (2, 9)), keep_firings=True)
    assert firings(result, 0) == [(0, 9), (2, 11), (4, 13), (6, 15)]


def test_store_and_forward_is_paced_by_its_slowest_stage(engine: Engine) -> None:
    # f0: 0-5, 5-12, 12-15. f1 enters at 5, waits for stage 1 from 10 to 12: 12-19, 19-22. f2 likewise:
    # 19-26, 26-29.
    result = engine(one_actor(3, (5, 5), (7, 7), (3, 3)), keep_firings=True)
    assert firings(result, 0) == [(0, 15), (5, 22), (10, 29)]
    assert result.wait_fs.tolist() == [0, (12 - 10) + (19 - 15), 0]


@AS_BUILT_OR_QUEUED
def test_shared_resource_serves_equal_requests_by_actor_then_first_come(engine: Engine, change: Any) -> None:
    # At 0 both ask: actor 0 has 0-5, actor 1 5-8. Actor 0 asks again at 5: 8-13; actor 1 at 8: 13-16.
    b = ProgramBuilder()
    r = b.resource("adc", "adc")
    for name, hold in (("a", 5), ("b", 3)):
        b.visit(b.actor(name, 2), r, hold)
    result = engine(change(b.build()), keep_firings=True)
    assert firings(result, 0) == [(0, 5), (8, 13)]
    assert firings(result, 1) == [(5, 8), (13, 16)]
    assert result.wait_fs.tolist() == [3, 5 + 5]


@AS_BUILT_OR_QUEUED
def test_several_servers_serve_at_once(engine: Engine, change: Any) -> None:
    # Two servers: 10 and 4 begin at 0, the third when the shorter ends.
    b = ProgramBuilder()
    r = b.resource("adc", "adc", servers=2)
    for name, hold in (("a", 10), ("b", 4), ("c", 1), ("d", 9)):
        b.visit(b.actor(name, 1), r, hold)
    result = engine(change(b.build()), keep_firings=True)
    assert [begins(result, a) for a in range(4)] == [[0], [0], [4], [5]]


@AS_BUILT_OR_QUEUED
def test_circuit_needs_all_its_links_and_is_not_overtaken(engine: Engine, change: Any) -> None:
    # Link x is taken 0-4, so the path x + y begins at 4 and ends at 14; a request for y alone, made at 1
    # when y is still idle, stands behind it.
    b = ProgramBuilder()
    x, y = b.resource("x", "link"), b.resource("y", "link")
    b.visit(b.actor("a", 1), x, 4)
    b.visit(b.actor("path", 1), (x, y), 10)
    c = late(b, "c", 1)
    b.visit(c, y, 3)
    program = change(b.build())
    result = engine(program, keep_firings=True)
    assert begins(result, 1) == [4]
    assert second_begin(engine, program, c) == 14
    assert result.wait_fs.tolist() == [0, 4, 0, 13]


def contest(arbitration: Arbitration) -> Program:
    """Actor 1 holds r 0-10; actor 0 asks at 1, actor 2 at 2; each for 4 fs."""
    b = ProgramBuilder()
    r = b.resource("r", "link", arbitration=arbitration)
    b.visit(late(b, "early", 1), r, 4)
    b.visit(b.actor("holder", 1), r, 10)
    b.visit(late(b, "later", 2), r, 4)
    return b.build()


@pytest.mark.parametrize(
    ("arbitration", "early", "later"),
    [
        (Arbitration.FCFS, 10, 14),
        (Arbitration.AGE, 10, 14),  # all of one inference: first come
        (Arbitration.ROUND_ROBIN, 14, 10),  # after actor 1 comes 2, then 0
    ],
)
def test_arbitration_says_who_is_next(
    engine: Engine, arbitration: Arbitration, early: int, later: int
) -> None:
    program = contest(arbitration)
    assert second_begin(engine, program, 0) == early
    assert second_begin(engine, program, 2) == later


def test_round_robin_starts_at_actor_0_and_takes_turns(engine: Engine) -> None:
    # Actor 2 has three requests in line at once (issued at 0, 1, 2), the others one each: 0, 1, 2, 2, 2 by
    # turns.
    b = ProgramBuilder()
    r = b.resource("r", "link", arbitration=Arbitration.ROUND_ROBIN)
    for name, n in (("a", 2), ("b", 1), ("c", 3)):
        a = b.actor(name, n)
        b.visit(a, (), 1, 3)
        b.visit(a, r, 10)
    result = engine(b.build(), keep_firings=True)
    # Requests: a at 3 and 4, b at 3, c at 3, 4 and 5. Served: a, b, c, a, c, c.
    assert [end for _, end in firings(result, 0)] == [13, 43]
    assert [end for _, end in firings(result, 1)] == [23]
    assert [end for _, end in firings(result, 2)] == [33, 53, 63]


def test_firings_do_not_overtake_each_other(engine: Engine) -> None:
    # The second firing could advance at 1 + 3 = 4, but not before the first at 10.
    b = ProgramBuilder()
    r = b.resource("r", "unit")
    a = b.actor("a", 3)
    b.visit(a, (), 1, Schedule((0,), (10, 3, 9)))
    b.visit(a, r, 2)
    result = engine(b.build(), keep_firings=True)
    assert firings(result, 0) == [(0, 12), (1, 14), (2, 16)]
    assert result.wait_fs.tolist() == [0, 2 + (14 - 11)]


def test_ends_do_not_overtake_either(engine: Engine) -> None:
    b = ProgramBuilder()
    b.visit(b.actor("a", 3), (), 1, Schedule((0,), (10, 3, 9)))
    result = engine(b.build(), keep_firings=True)
    assert firings(result, 0) == [(0, 10), (1, 10), (2, 11)]


def test_hold_from_a_table(engine: Engine) -> None:
    # Two rows (0, 100) and three columns (1, 2, 3): holds 1, 2, 3, 101, 102, 103.
    b = ProgramBuilder()
    b.visit(b.actor("a", 6), b.resource("r", "unit"), Schedule((0, 100), (1, 2, 3)))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, 0) == [0, 1, 3, 6, 107, 209]
    assert result.makespan_fs == 312


def test_repeated_visit_follows_itself(engine: Engine) -> None:
    # 16 input slices of 100 fs on one crossbar; the entrance is free after the first slice, the crossbar is
    # not.
    b = ProgramBuilder()
    r = b.resource("crossbar", "crossbar")
    b.visit(b.actor("a", 1), r, 100, repeat=16)
    result = engine(b.build(), keep_firings=True)
    assert firings(result, 0) == [(0, 1600)]
    assert result.n_visits == 16


@AS_BUILT_OR_QUEUED
def test_a_spread_visit_occupies_each_resource_as_soon_as_it_is_free(engine: Engine, change: Any) -> None:
    # The multicast waits for the link held by `first` (10); the other serves it at once and is free at 4.
    b = ProgramBuilder()
    links = b.resource("l0", "link"), b.resource("l1", "link")
    first, multicast, third = (b.actor(name, 1) for name in ("first", "multicast", "third"))
    b.visit(first, links[0], 10)
    b.visit(multicast, links, 4, spread=True)
    b.visit(third, links[1], 3)
    result = engine(change(b.build()), keep_firings=True)
    assert begins(result, multicast) == [10]
    assert begins(result, third) == [4]
    assert result.makespan_fs == 14
    together = ProgramBuilder()
    links = together.resource("l0", "link"), together.resource("l1", "link")
    for name, group, hold in (("first", links[:1], 10), ("circuit", links, 4), ("third", links[1:], 3)):
        together.visit(together.actor(name, 1), group, hold)
    assert begins(engine(change(together.build()), keep_firings=True), third) == [14]


@AS_BUILT_OR_QUEUED
def test_a_spread_visit_lets_each_resource_go_after_its_own_hold(engine: Engine, change: Any) -> None:
    """The lightly loaded link is free at 4, the other at 10; the visit counts as holding for 10."""
    b = ProgramBuilder()
    light, heavy = b.resource("light", "link"), b.resource("heavy", "link")
    multicast, first, second = (b.actor(name, 1) for name in ("multicast", "first", "second"))
    b.visit(multicast, (light, heavy), 10, spread=True, holds_fs={light: 4, heavy: 10})
    b.visit(first, light, 1)
    b.visit(second, heavy, 1)
    p = change(b.build())
    result = engine(p, keep_firings=True)
    assert begins(result, first) == [4]
    assert begins(result, second) == [10]
    assert p.occupied_fs(result.busy_fs).tolist() == [4, 10, 1, 1]


def test_holds_of_single_resources_are_checked(engine: Engine) -> None:
    b = ProgramBuilder()
    link = b.resource("link", "link")
    b.visit(b.actor("a", 1), link, 5, holds_fs={link: 3})
    with pytest.raises(
        SimulationError, match="only a spread visit of constant hold has a hold for each resource"
    ):
        b.build()
    b = ProgramBuilder()
    link = b.resource("link", "link")
    b.visit(b.actor("a", 1), link, 5, spread=True, holds_fs={link: 7})
    with pytest.raises(SimulationError, match="holds a resource for 7 fs, its hold is 5 fs"):
        b.build()
