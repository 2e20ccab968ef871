"""Schedules, the builder and what it refuses, the hash."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.program import MAX_TIME_FS, Arbitration, Program, ProgramBuilder, Rotation, Schedule

from ..kit.random_programs import random_case

small = st.integers(-50, 50)


@given(st.lists(small, min_size=1, max_size=6), st.lists(small, min_size=1, max_size=6))
def test_schedule_is_the_outer_sum_of_rows_and_columns(rows: list[int], cols: list[int]) -> None:
    schedule = Schedule(tuple(rows), tuple(cols))
    n = len(rows) * len(cols)
    expected = [r + c for r in rows for c in cols]
    assert schedule.values(n).tolist() == expected
    assert [schedule(k) for k in range(n)] == expected
    assert schedule.covers(n)
    assert schedule.covers(n + 1) == (n == 1)  # one value is a constant, for any number of firings


@given(small, small, st.integers(1, 200))
def test_affine_schedule(first: int, step: int, n: int) -> None:
    schedule = Schedule.affine(first, step, n)
    assert schedule.values(n).tolist() == [first + step * k for k in range(n)]
    assert len(schedule.rows) + len(schedule.cols) <= 2 * np.sqrt(n) + 3


def test_program_reads_its_schedules_back() -> None:
    table = Schedule((10, 20), (1, 2, 3))
    b = ProgramBuilder()
    a = b.actor("a", 6)
    b.visit(a, (), table, 7)
    p = b.build()
    assert p.schedule(int(p.visit_hold[0])) == table
    assert p.schedule(int(p.visit_advance[0])) == Schedule.constant(7)
    assert [p.schedule_value(int(p.visit_hold[0]), k) for k in range(6)] == [11, 12, 13, 21, 22, 23]


def sample() -> ProgramBuilder:
    """Two actors, a link that they take in turn and a shared unit."""
    b = ProgramBuilder()
    link = b.resource("link", "link", arbitration=Arbitration.ROUND_ROBIN)
    unit = b.resource("unit", "vector", servers=2, units=8)
    x, y = b.actor("x", 2, layer="conv"), b.actor("y", 4, stream="conv")
    b.visit(x, link, 3)
    b.visit(x, unit, 2, repeat=2)
    b.visit(y, (), 1)
    b.channel(x, y, 2, Schedule((0,), (1, 1, 2, 2)), bytes_per_token=16)
    b.energy(x, "adc", "convert", 128, 2e-12)
    b.static_power("adc", 1e-3)
    b.static_power("adc", 2e-3)
    return b


def test_arrays() -> None:
    p = sample().build()
    assert (p.n_resources, p.n_actors, p.n_visits, p.n_channels) == (2, 2, 4, 1)
    assert p.actor_layer == ("conv", "y")
    assert p.actor_visit_start.tolist() == [0, 3, 4]
    assert p.visit_actor().tolist() == [0, 0, 0, 1]
    assert p.visit_resource_start.tolist() == [0, 1, 2, 3, 3]
    assert p.visit_resource.tolist() == [0, 1, 1]
    assert p.resource_queued.tolist() == [True, False]
    assert p.resource_units.tolist() == [1, 8]
    assert p.visits_per_iteration == 2 * 3 + 4
    assert p.actor_stream.tolist() == [0, 1]
    assert p.in_start.tolist() == [0, 0, 1]
    assert p.out_start.tolist() == [0, 1, 1]
    assert p.static_power_w == (("adc", 3e-3),)


def test_queues_spread_to_resources_occupied_together() -> None:
    # r0 serves by age; r0 + r1 and r1 + r2 are occupied together; r3 stands alone.
    b = ProgramBuilder()
    by_age = [Arbitration.AGE, *[Arbitration.FCFS] * 3]
    r = [b.resource(f"r{i}", "link", arbitration=how) for i, how in enumerate(by_age)]
    a = b.actor("a", 1)
    b.visit(a, (r[1], r[2]), 1)
    b.visit(a, (r[0], r[1]), 1, spread=True)
    b.visit(a, r[3], 1)
    assert b.build().resource_queued.tolist() == [True, True, True, False]


def test_hash_depends_on_contents_only() -> None:
    assert sample().build().hash == sample().build().hash
    assert random_case(7).program.hash == random_case(7).program.hash


def test_hash_changes_with_every_field() -> None:
    program = sample().build()
    seen = {program.hash}
    for field in dataclasses.fields(Program):
        value = getattr(program, field.name)
        if isinstance(value, np.ndarray):
            if not len(value):
                changed: Any = np.append(value, value.dtype.type(1))
            else:
                changed = value.copy()
                changed[-1] = not value[-1] if value.dtype == bool else value[-1] + 1
        else:
            changed = (*(value or ()), ("more", 1.0))
        seen.add(dataclasses.replace(program, **{field.name: changed}).hash)
    assert len(seen) == 1 + len(dataclasses.fields(Program))


def built(*steps: Callable[[ProgramBuilder], object]) -> Program:
    """A Program of two resources (0, 1) and two actors of 4 firings (0, 1), changed by `steps`."""
    b = ProgramBuilder()
    b.resource("r", "unit")
    b.resource("s", "unit")
    b.actor("a", 4)
    b.actor("b", 4)
    b.visit(0, 0, 5)
    b.visit(1, 1, 5)
    for step in steps:
        step(b)
    return b.build()


REFUSED: dict[str, tuple[str, list[Callable[[ProgramBuilder], object]]]] = {
    "servers": ("resource 't': 0 servers", [lambda b: b.resource("t", "unit", servers=0)]),
    "units": ("resource 't'", [lambda b: b.resource("t", "unit", units=0)]),
    "together with a round robin": (
        "actor 'a', visit 1: only first-come-first-served resources can be occupied together",
        [
            lambda b: b.resource("t", "bus", arbitration=Arbitration.ROUND_ROBIN),
            lambda b: b.visit(0, (0, 2), 3),
        ],
    ),
    "more turns than servers": (
        "actor 'a', visit 1: takes 2 of 1 servers in turn, from 0 in steps of 2",
        [lambda b: b.visit(0, 0, 3, rotate=Rotation(2, 2))],
    ),
    "turns of no step": ("in steps of 0", [lambda b: b.visit(0, 0, 3, rotate=Rotation(1, 0))]),
    "turns of two resources": (
        "takes servers of 2 resources in turn, expected one",
        [lambda b: b.visit(0, (0, 1), 3, rotate=Rotation(1, 1))],
    ),
    "holds of turns": (
        "2 holds for 1 servers taken in turn",
        [lambda b: b.visit(0, 0, 3, rotate=Rotation(1, 1, 0, (2, 3)))],
    ),
    "some in turn": (
        "resource 'r': its servers are taken in turn by some visits; all must",
        [lambda b: b.visit(0, 0, 3, rotate=Rotation(1, 1))],
    ),
    "in turn and round robin": (
        "resource 't': its servers are taken in turn by some visits; all must, first come",
        [
            lambda b: b.resource("t", "bank", servers=2, arbitration=Arbitration.ROUND_ROBIN),
            lambda b: b.visit(0, 2, 3, rotate=Rotation(1, 1)),
        ],
    ),
    "firings": ("actor 'c': 0 firings", [lambda b: b.actor("c", 0), lambda b: b.visit(2, (), 1)]),
    "no visit": ("actor 'c' has no visit", [lambda b: b.actor("c", 1)]),
    "hold 0": ("actor 'a', visit 1: hold must be at least 1 fs", [lambda b: b.visit(0, 0, 0)]),
    "advance 0": ("actor 'a', visit 1: advance must be at least 1 fs", [lambda b: b.visit(0, 0, 3, 0)]),
    "one hold 0 of a table": ("hold must be at least 1", [lambda b: b.visit(0, 0, Schedule((0, 1), (0, 1)))]),
    "hold too long": ("hold must be at most", [lambda b: b.visit(0, 0, MAX_TIME_FS + 1)]),
    "hold beyond 64 bits": ("does not fit in 64 bits", [lambda b: b.visit(0, 0, 2**63)]),
    "hold table too short": (
        "hold is given for fewer than 4",
        [lambda b: b.visit(0, 0, Schedule((0,), (1, 2, 3)))],
    ),
    "capacity 0": ("channel 'a' -> 'b': capacity 0 tokens", [lambda b: b.channel(0, 1, 0, 0)]),
    "capacity below need": ("but a firing needs 3 at once", [lambda b: b.channel(0, 1, 2, 3)]),
    "capacity below a window": (
        "a firing needs 2 at once",
        [lambda b: b.channel(0, 1, 1, Schedule((0,), (2, 3, 4, 4)), Schedule((0,), (1, 2, 3, 4)))],
    ),
    "need beyond produced": ("needs up to 5 tokens, the producer makes 4", [lambda b: b.channel(0, 1, 9, 5)]),
    "entrance slots": ("actor 'c': 0 entrance slots", [lambda b: b.actor("c", 1, slots=0)]),
    "window": ("actor 'c': a window of 0 firings", [lambda b: b.actor("c", 1, window=0)]),
    "store too small": (
        "store 'buffer': rooms of 48 B in 47 B, 1 B too many; the largest is channel 'b' -> 'a'",
        [
            lambda b: b.store("buffer", "buffer", 47),
            lambda b: b.channel(0, 1, 4, 1, bytes_per_token=4, store=0),
            lambda b: b.channel(1, 0, 4, 0, bytes_per_token=8, store=0),
        ],
    ),
    "no such store": (
        "channel 'a' -> 'b': tokens of 4 B in store 1, of 0 stores",
        [lambda b: b.channel(0, 1, 4, 1, bytes_per_token=4, store=1)],
    ),
    "readers of other capacity": (
        "are one FIFO but differ in capacity, bytes or store",
        [lambda b: b.channel(0, 1, 4, 1, fifo="f"), lambda b: b.channel(0, 1, 5, 1, fifo="f")],
    ),
    "need too short": (
        "need or free is given for fewer",
        [lambda b: b.channel(0, 1, 9, Schedule((0,), (1, 2)))],
    ),
    "free beyond produced": (
        "tokens let go must rise from 0 to at most 4",
        [lambda b: b.channel(0, 1, 9, 4, 5)],
    ),
    "free falling": (
        "tokens let go must rise",
        [lambda b: b.channel(0, 1, 9, 4, Schedule((0,), (1, 3, 2, 4)))],
    ),
}


@pytest.mark.parametrize(("message", "steps"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(message: str, steps: list[Callable[[ProgramBuilder], object]]) -> None:
    assert built().n_actors == 2
    with pytest.raises(SimulationError) as caught:
        built(*steps)
    assert message in str(caught.value)


def test_readers_of_a_fifo_take_its_room_once() -> None:
    def with_store(b: ProgramBuilder) -> None:
        buffer = b.store("buffer", "buffer", 4 * 16)
        for fifo in ("x", "x", "y"):
            b.channel(0, 1, 2, 1, bytes_per_token=16, store=buffer, fifo=fifo)
        b.channel(1, 0, 2, 0, bytes_per_token=16)

    program = built(with_store)
    assert program.channel_fifo.tolist() == [0, 0, 2, 3]
    assert program.channel_store.tolist() == [0, 0, 0, -1]
    assert program.store_rooms_bytes().tolist() == [4 * 16]


def test_a_need_below_0_asks_for_nothing_new() -> None:
    assert built(lambda b: b.channel(0, 1, 9, -1, 0)).n_channels == 1


def test_free_may_run_ahead_of_need() -> None:
    # A stride of 2: firing j needs token 2 j + 1 and also lets go of the next, which nobody needs.
    b = ProgramBuilder()
    src, dst = b.actor("src", 8), b.actor("dst", 4)
    b.visit(src, (), 1)
    b.visit(dst, (), 1)
    b.channel(src, dst, 1, Schedule((0,), (1, 3, 5, 7)), Schedule((0,), (2, 4, 6, 8)))
    assert b.build().n_channels == 1
