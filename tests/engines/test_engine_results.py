"""Counts, bins, limits and refusals of the engines."""

from __future__ import annotations

import numpy as np
import pytest
from ohmsum.sim.errors import DeadlockError, SimulationError
from ohmsum.sim.program import MAX_TIME_FS, Program, ProgramBuilder, Schedule

from ..kit.engines import Engine, each_engine

pytestmark = each_engine


def lone(hold: int | Schedule, n: int = 1, *, resource: bool = True) -> Program:
    b = ProgramBuilder()
    b.visit(b.actor("a", n), b.resource("r", "unit") if resource else (), hold)
    return b.build()


@pytest.mark.parametrize(
    ("hold", "n_bins", "bin_fs", "bins"),
    [
        (1, 1, 1, [1]),
        (7, 2, 4, [4, 3]),
        (8, 2, 4, [4, 4]),
        (9, 2, 8, [8, 1]),
        (10, 3, 4, [4, 4, 2]),
        (5, 1, 8, [5]),
        (3, 4, 1, [1, 1, 1, 0]),
    ],
)
def test_bins_are_the_smallest_powers_of_two_that_hold_everything(
    engine: Engine, hold: int, n_bins: int, bin_fs: int, bins: list[int]
) -> None:
    result = engine(lone(hold), n_bins=n_bins)
    assert result.bin_fs == bin_fs
    assert result.busy_bins.tolist() == [bins]


def test_bins_by_visit_with_gaps(engine: Engine) -> None:
    # a is busy 0-3, 3-6, 6-9; b, which waits for a's last token, 9-13: bins of 4 fs.
    b = ProgramBuilder()
    x, y = b.actor("a", 3), b.actor("b", 1)
    b.visit(x, (), 3)
    b.visit(y, (), 4)
    b.channel(x, y, 3, 3)
    result = engine(b.build(), n_bins=4)
    assert result.bin_fs == 4
    assert result.busy_bins.tolist() == [[4, 4, 1, 0], [0, 0, 3, 1]]


def test_bins_count_holds_beyond_the_makespan(engine: Engine) -> None:
    b = ProgramBuilder()
    b.visit(b.actor("a", 1), b.resource("r", "unit"), 100, 3)
    result = engine(b.build(), n_bins=4)
    assert result.makespan_fs == 3
    assert result.bin_fs == 32
    assert result.busy_bins.tolist() == [[32, 32, 32, 4]]


def test_bins_of_overlapping_visits_add_up(engine: Engine) -> None:
    result = engine(lone(Schedule((0, 10), (1, 5, 2)), 6, resource=False), n_bins=5)
    assert result.busy_bins.sum() == result.busy_fs.sum() == (1 + 5 + 2) * 2 + 30


def test_firings_are_kept_only_on_request(engine: Engine) -> None:
    assert engine(lone(3)).firings is None
    table = engine(lone(3, 2), 2, keep_firings=True).firings
    assert table is not None
    assert table.tolist() == [(0, 0, 0, 0, 3), (0, 1, 3, 3, 6), (0, 2, 6, 6, 9), (0, 3, 9, 9, 12)]


def test_without_the_critical_path_all_else_is_the_same(engine: Engine) -> None:
    program = lone(Schedule.affine(1, 1, 9), 9)
    kept, bare = engine(program, 3), engine(program, 3, keep_path=False)
    assert len(kept.critical_path) == 27
    assert kept.differences(bare) == ["critical_path: shape (27,) and (0,)"]


def test_progress_rises_to_one(engine: Engine) -> None:
    seen: list[float] = []
    engine(lone(3, 500), 2, progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == 1.0


@pytest.mark.parametrize("iterations", [0, -1, 10**7 + 1, 1.5, "2", True, None])
def test_bad_iterations(engine: Engine, iterations: object) -> None:
    with pytest.raises(SimulationError, match=r"iterations is .*, expected a whole number"):
        engine(lone(3), iterations)


@pytest.mark.parametrize(
    ("arrivals", "message"),
    [
        ([0], "1 times, expected one for each of 2"),
        ([0, 1, 2], "3 times, expected one for each of 2"),
        ([-1, 2], r"arrivals_fs\[0\] is -1, expected 0 to"),
        ([5, 4], r"arrivals_fs\[1\] is 4, earlier than the one before it \(5\)"),
        ([0, 0.5], r"arrivals_fs\[1\] is 0.5, expected a whole number of fs"),
        ([0, MAX_TIME_FS + 1], r"arrivals_fs\[1\] is \d+, expected 0 to"),
    ],
)
def test_bad_arrivals(engine: Engine, arrivals: list[int], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        engine(lone(3), 2, arrivals_fs=arrivals)


def test_numpy_integers_are_integers(engine: Engine) -> None:
    result = engine(lone(3), np.int64(2), arrivals_fs=np.array([0, 10]), n_bins=np.int32(8))
    assert result.makespan_fs == 13
    assert type(result.makespan_fs) is int


def test_no_actors(engine: Engine) -> None:
    with pytest.raises(SimulationError, match="no actors"):
        engine(ProgramBuilder().build())


def test_time_up_to_the_limit_and_not_past_it(engine: Engine) -> None:
    assert engine(lone(MAX_TIME_FS)).makespan_fs == MAX_TIME_FS
    assert engine(lone(MAX_TIME_FS // 2), 2).makespan_fs == MAX_TIME_FS
    with pytest.raises(SimulationError, match="actor 'a', firing 2: simulated time passes"):
        engine(lone(MAX_TIME_FS // 2), 3)


def test_advance_past_the_limit(engine: Engine) -> None:
    b = ProgramBuilder()
    a = b.actor("a", 1)
    b.visit(a, (), 1, MAX_TIME_FS)
    b.visit(a, (), 1)
    with pytest.raises(SimulationError, match="simulated time passes"):
        engine(b.build())


def test_deadlock_of_two_actors_that_wait_for_each_other(engine: Engine) -> None:
    b = ProgramBuilder()
    x, y = b.actor("query", 1), b.actor("key", 1)
    for actor in (x, y):
        b.visit(actor, (), 1)
    b.channel(x, y, 1, 1)
    b.channel(y, x, 1, 1)
    with pytest.raises(DeadlockError) as caught:
        engine(b.build())
    assert "2 of 2 actors" in str(caught.value)
    assert "query waits for token 1 (has 0) from key" in str(caught.value)
    assert "key waits for token 1 (has 0) from query" in str(caught.value)


def test_deadlock_of_a_diamond_whose_skip_is_too_small(engine: Engine) -> None:
    # The reduction needs all 4 tokens before it makes its first, but the skip has room for 3.
    def diamond(skip: int) -> Program:
        b = ProgramBuilder()
        source, mean, add = b.actor("source", 4), b.actor("mean", 1), b.actor("add", 4)
        for actor in (source, mean, add):
            b.visit(actor, (), 2)
        b.channel(source, mean, 4, 4)
        b.channel(source, add, skip, Schedule((0,), (1, 2, 3, 4)))
        b.channel(mean, add, 1, 1)
        return b.build()

    assert engine(diamond(4)).makespan_fs == 4 * 2 + 2 + 4 * 2
    with pytest.raises(DeadlockError) as caught:
        engine(diamond(3))
    message = str(caught.value)
    assert "source waits for room (capacity 3) towards add" in message
    assert "add waits for token 1 (has 0) from mean" in message
    assert "mean waits for token 4 (has 3) from source" in message


def test_a_self_channel_without_room_for_the_next_token(engine: Engine) -> None:
    # Firing 1 takes room for token 2 while token 1, which it needs, is still there.
    b = ProgramBuilder()
    a = b.actor("cell", 2)
    b.visit(a, (), 1)
    b.channel(a, a, 1, Schedule((0,), (0, 1)))
    with pytest.raises(DeadlockError, match=r"cell waits for room \(capacity 1\) towards cell"):
        engine(b.build())
