"""Both engines give the same: every field, to the femtosecond, and the messages of deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from ohmsum.sim.engines import compiled, compiled_setup, reference
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.program import Program, ProgramBuilder, Schedule

from ..kit.engines import all_queued
from ..kit.random_programs import Case, cases, random_case

N_CASES = 200


def outcome(run: Callable[..., EngineResult], *arguments: Any, **options: Any) -> EngineResult | str:
    """The result of a run, or the kind and message of its error."""
    try:
        return run(*arguments, **options)
    except SimulationError as error:
        return f"{type(error).__name__}: {error}"


def assert_same(one: EngineResult | str, other: EngineResult | str) -> None:
    if isinstance(one, EngineResult) and isinstance(other, EngineResult):
        assert one.differences(other) == []
    else:
        assert one == other


def assert_agree(*arguments: Any, **options: Any) -> None:
    """Both engines give the same."""
    assert_same(outcome(reference.run, *arguments, **options), outcome(compiled.run, *arguments, **options))


@pytest.mark.parametrize("first", range(0, N_CASES, 20))
def test_random_programs(first: int) -> None:
    for seed in range(first, first + 20):
        case = random_case(seed)
        assert_same(outcome(case.run, reference.run), outcome(case.run, compiled.run))


@settings(max_examples=100, deadline=None)
@given(cases())
def test_programs_that_hypothesis_finds(case: Case) -> None:
    assert_same(outcome(case.run, reference.run), outcome(case.run, compiled.run))


def test_random_programs_with_a_queue_at_every_resource() -> None:
    for seed in range(60):
        case = random_case(seed)
        if not case.program.visit_spread.any():
            assert_agree(all_queued(case.program), case.iterations)


def pipeline(n: int, capacity: int) -> Program:
    """Three actors of n firings; the first one is ahead of the others by up to `capacity`."""
    b = ProgramBuilder()
    actors = [b.actor(f"a{i}", n) for i in range(3)]
    port = b.resource("port", "port", servers=2)
    for i, actor in enumerate(actors):
        b.visit(actor, b.resource(f"unit{i}", "unit"), 2 + 3 * i, 1 + i)
        b.visit(actor, port, Schedule((0,), tuple(1 + k % 7 for k in range(n))))
    for one, other in pairwise(actors):
        b.channel(one, other, capacity, Schedule.affine(1, 1, n))
    return b.build()


def test_many_firings_in_flight_and_a_long_critical_path() -> None:
    """More of both than the engine has room for at first."""
    b = ProgramBuilder()
    source, sink = b.actor("source", 3000), b.actor("sink", 1)
    b.visit(source, (), 1, 20_000)
    b.visit(source, b.resource("shared", "unit"), 7)
    b.visit(sink, (), 5)
    b.channel(source, sink, 3000, 3000)
    program = b.build()
    assert_agree(program, 2)
    assert_agree(pipeline(4000, 8000))


def test_room_for_nodes_and_flights_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With next to no room, dead nodes are dropped all the time and the tables grow during the run."""
    every = [random_case(seed) for seed in range(N_CASES)]
    roomy = [outcome(case.run, compiled.run) for case in every]
    monkeypatch.setattr(compiled_setup, "FIRST_NODES", 1)
    monkeypatch.setattr(compiled_setup, "FIRST_FLIGHTS", 1)
    monkeypatch.setattr(compiled, "EVENTS_PER_CALL", 3)
    for case, expected in zip(every, roomy, strict=True):
        assert_same(expected, outcome(case.run, compiled.run))


def test_deadlock_messages_name_the_same_cycle() -> None:
    """A deadlock in about one of six random Programs, each told with the same words and time."""
    every = [random_case(seed) for seed in range(N_CASES)]
    mine = [outcome(case.run, compiled.run) for case in every]
    dead = [(case, message) for case, message in zip(every, mine, strict=True) if isinstance(message, str)]
    assert len(dead) > 10
    for case, message in dead:
        assert message.startswith("DeadlockError: deadlock at")
        assert message == outcome(case.run, reference.run)


@pytest.mark.parametrize("arrivals", [[5, 5, 5], [0, 1, 100_000], [7, 20, 33]])
def test_arrivals(arrivals: list[int]) -> None:
    for seed in range(40):
        assert_agree(random_case(seed).program, 3, arrivals_fs=arrivals)


def test_a_run_that_would_need_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_NODES", 1 << 12)
    with pytest.raises(SimulationError, match="over 2048 visits may be on the critical path"):
        compiled.run(pipeline(4000, 8000), 3)


def test_too_many_firings_to_count() -> None:
    b = ProgramBuilder()
    b.visit(b.actor("a", 2**40), (), 1)
    with pytest.raises(SimulationError, match="8796093022208 firings"):
        compiled.run(b.build(), 8)


def test_sums_that_do_not_fit_are_refused() -> None:
    """Eight firings in flight hold for 2**61 fs each, 2**64 fs in all."""
    b = ProgramBuilder()
    actor = b.actor("a", 8)
    b.visit(actor, (), Schedule.constant(1))
    b.visit(actor, (), 2**61, 1)
    with pytest.raises(SimulationError, match="does not fit in 64 bits"):
        compiled.run(b.build())
    with pytest.raises(SimulationError, match="does not fit in 64 bits"):
        reference.run(b.build())


@pytest.mark.parametrize("n_bins", [1, 3, 7])
def test_any_number_of_bins(n_bins: int) -> None:
    for seed in range(40):
        assert_agree(random_case(seed).program, n_bins=n_bins)
