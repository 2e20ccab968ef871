"""Skipping whole periods gives what a run without skips gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.engines.compiled_bins import width_for
from ohmsum.sim.engines.compiled_forward import FastForward
from ohmsum.sim.engines.compiled_loop.state import State
from ohmsum.sim.engines.compiled_setup import initial_state
from ohmsum.sim.engines.compiled_snapshot import _nodes
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.program import Arbitration, Program, ProgramBuilder, Rotation, Schedule

from ..kit.random_programs import random_program

skips: list[tuple[int, int]] = []


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes every skip as (iterations of a period, periods skipped)."""
    skip = FastForward.skip

    def noted(self: FastForward, state: State) -> State:
        result = skip(self, state)
        if self.skipped is not None and self.start is not None:
            skips.append((int(result.head["boundary"][0]) - self.start.boundary, self.skipped.m))
        return result

    skips.clear()
    monkeypatch.setattr(FastForward, "skip", noted)


def outcome(program: Program, batch: int, **options: Any) -> EngineResult | str:
    """The result of a run, or the kind and message of its error."""
    try:
        return compiled.run(program, batch, **options)
    except SimulationError as error:
        return f"{type(error).__name__}: {error}"


def both(program: Program, batch: int, **options: Any) -> EngineResult | str:
    """What a run gives, compared with what it gives without fast-forward, and with both but no path."""
    expected = outcome(program, batch, fast_forward=False, **options)
    found = outcome(program, batch, **options)
    if isinstance(expected, EngineResult) and isinstance(found, EngineResult):
        assert expected.differences(found) == []
        pathless = replace(expected, critical_path=expected.critical_path[:0])
        for fast_forward in (True, False):
            bare = compiled.run(program, batch, fast_forward=fast_forward, keep_path=False, **options)
            assert pathless.differences(bare) == []
    else:
        assert expected == found
    return found


def chain(n: int, holds: tuple[int, ...]) -> Program:
    """Actors one after the other, in step."""
    b = ProgramBuilder()
    actors = []
    for i, hold in enumerate(holds):
        actors.append(b.actor(f"a{i}", n))
        b.visit(actors[-1], b.resource(f"r{i}", "unit"), hold)
        b.visit(actors[-1], (), 3, 4)
    for one, other in pairwise(actors):
        b.channel(one, other, 4, Schedule.affine(1, 1, n))
    return b.build()


@pytest.mark.parametrize("batch", [3, 8, 64])
@pytest.mark.parametrize("gap", [None, 0, 40, 333])
def test_random_programs(batch: int, gap: int | None) -> None:
    for seed in range(100):
        arrivals = None if gap is None else [i * gap for i in range(batch)]
        both(random_program(seed), batch, arrivals_fs=arrivals, n_bins=1 + seed % 9)
    if batch == 64:
        assert len(skips) > 30


@pytest.mark.parametrize("burst", [2, 3])
def test_arrivals_in_bursts(burst: int) -> None:
    for seed in range(100):
        both(random_program(seed), 48, arrivals_fs=[i // burst * 500 for i in range(48)])
    assert len(skips) > 30
    assert any(iterations % burst == 0 for iterations, _ in skips)


def test_nodes_that_look_alike_are_told_apart() -> None:
    """Parts of a spread visit that took two resources at one instant, each from somebody else."""
    state = initial_state(chain(1, (5,)), 1, np.zeros(1, np.int64), 1, False)
    assert (state.nodes[:2] == state.nodes[0]).all()
    one, two = (_nodes(state, np.array(roots), 0, 0) for roots in ([0, 0], [0, 1]))
    assert not np.array_equal(one, two)
    assert np.array_equal(two, _nodes(state, np.array([1, 0]), 0, 0))


def test_arrivals_that_stop_being_regular_end_the_period() -> None:
    program = chain(4, (5, 7, 6))
    arrivals = [i * 100 for i in range(40)] + [4003 + i * 100 for i in range(40)]
    assert isinstance(both(program, 80, arrivals_fs=arrivals), EngineResult)
    assert 0 < skips[0][1] < 40


def test_a_long_batch_takes_few_steps() -> None:
    """The slowest actor sets the pace: every iteration more takes n times its hold."""
    n, holds = 5, (3, 8, 4)
    program = chain(n, holds)
    one_thousand, two_thousand = compiled.run(program, 1000), compiled.run(program, 2000)
    assert two_thousand.makespan_fs - one_thousand.makespan_fs == 1000 * n * max(holds)
    assert all(m > 900 for _, m in skips)
    assert one_thousand.differences(reference.run(program, 1000)) == []


def test_a_million_iterations() -> None:
    program = chain(2, (3, 8))
    result = compiled.run(program, 10**6)
    assert result.busy_fs.tolist() == [2 * 10**6 * hold for hold in (3, 3, 8, 3)]
    assert result.busy_bins.sum(axis=1).tolist() == result.busy_fs.tolist()
    assert result.iteration_end_fs[-1] == result.makespan_fs
    assert set(np.diff(result.iteration_end_fs).tolist()) == {16}


def test_a_batch_whose_critical_path_is_too_long_to_keep() -> None:
    with pytest.raises(SimulationError, match=r"critical path has over \d+ pieces, .* run fewer iterations"):
        compiled.run(chain(8, (3, 8)), 10**7)


def test_parts_that_finish_early_do_not_stop_it() -> None:
    """Two pipelines that know nothing of each other; the fast one is done while the slow one goes on."""
    b = ProgramBuilder()
    for name, hold in (("fast", 2), ("slow", 50)):
        actors = [b.actor(f"{name}{i}", 3) for i in range(2)]
        for actor in actors:
            b.visit(actor, b.resource(f"r{actor}", "unit"), hold)
        b.channel(actors[0], actors[1], 3, Schedule.affine(1, 1, 3))
    assert isinstance(both(b.build(), 200), EngineResult)
    assert skips[0][1] > 100


def test_queues_pools_and_servers_in_turn() -> None:
    """An iteration makes three turns of five banks: only after five iterations they stand as they did."""
    b = ProgramBuilder()
    bus = b.resource("bus", "bus", arbitration=Arbitration.ROUND_ROBIN)
    link = b.resource("link", "link", arbitration=Arbitration.AGE)
    units = b.resource("units", "unit", servers=2)
    banks = b.resource("banks", "memory", servers=5)
    actors = [b.actor(f"a{i}", 3, slots=2, window=4) for i in range(2)]
    for actor in actors:
        b.visit(actor, (bus, link), 4, spread=True)
        b.visit(actor, units, 7)
        b.visit(actor, banks, 6, rotate=Rotation(2, 1, actor, (6, 3)))
    b.channel(actors[0], actors[1], 2, Schedule.affine(1, 1, 3))
    assert isinstance(both(b.build(), 300), EngineResult)
    assert skips[0][0] % 5 == 0
    assert skips[0][1] > 10


def test_a_hold_longer_than_a_period() -> None:
    b = ProgramBuilder()
    a = b.actor("a", 1)
    b.visit(a, (), 1000, 7)
    b.visit(a, b.resource("r", "unit", servers=20), 230, 7)
    first = b.actor("first", 1)
    b.visit(first, (), 15)
    b.channel(first, a, 2, 1)
    assert isinstance(both(b.build(), 500, n_bins=5), EngineResult)


def test_kept_firings_switch_it_off() -> None:
    result = compiled.run(chain(4, (5, 7)), 50, keep_firings=True)
    assert result.firings is not None
    assert len(result.firings) == 2 * 4 * 50
    assert skips == []


@pytest.mark.parametrize(
    ("end", "n_bins", "width"), [(1, 1, 1), (8, 4, 2), (9, 4, 4), (100, 3, 64), (64, 64, 1)]
)
def test_width_of_bins(end: int, n_bins: int, width: int) -> None:
    assert width_for(end, n_bins) == width
