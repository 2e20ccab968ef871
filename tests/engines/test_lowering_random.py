"""Does every network that can be mapped also run to its end, with room enough at every join?"""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.sim.engines.compiled import run
from ohmsum.sim.lowering.grouping import Firings, Group, need_and_free
from ohmsum.sim.mapping import MappingOptions
from ohmsum.workloads.graph import Grid, Window

from ..kit.random_networks import random_network
from ..kit.small_networks import program, round_chip

CHIP = round_chip(tile__count="64", tile__grid="[8, 8]")


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3), st.booleans())
def test_no_deadlock(rng: Random, batch: int, replicate: bool) -> None:
    p = program(random_network(rng), CHIP, MappingOptions(replicate=replicate))
    result = run(p, batch)
    assert np.array_equal(result.fired, batch * p.actor_firings)


@given(
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 1),
    st.data(),
)
def test_schedules_cover_the_windows(
    size: tuple[int, int], kernel: int, stride: int, pad: int, data: st.DataObject
) -> None:
    """A firing waits for the groups up to the last of its window, and lets none go that are needed later."""
    window = Window("window", (kernel, kernel), (stride, stride), (pad, pad))
    used_grid = Grid(*(max(1, (n + 2 * pad - kernel) // stride + 1) for n in size))
    made = Firings(Grid(*size), Group(1, data.draw(st.integers(1, size[1]))))
    used = Firings(used_grid, Group(1, data.draw(st.integers(1, used_grid.cols))))
    need, free = (s.values(used.n) for s in need_and_free(window, made, used))
    first_needed, last_needed = [], []
    for k in range(used.n):
        row, col = divmod(k, used.cols)
        cols = range(col * used.group.cols, min((col + 1) * used.group.cols, used_grid.cols))
        rows = window.span(0, row, size[0])
        touched = [
            r * made.cols + c // made.group.cols
            for r in rows
            for x in cols
            for c in window.span(1, x, size[1])
        ]
        first_needed.append(min(touched))
        last_needed.append(max(touched))
    assert np.maximum.accumulate(need).tolist() == (np.maximum.accumulate(last_needed) + 1).tolist()
    for k in range(used.n - 1):
        assert free[k] <= min(first_needed[k + 1 :])
    assert (np.diff(free) >= 0).all()
