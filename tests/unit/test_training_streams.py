"""Streams of a training step: samples after each other, windows backwards, gradients over the tiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.lowering import lower
from ohmsum.sim.lowering.context import Context
from ohmsum.sim.lowering.grouping import Firings, need_and_free
from ohmsum.sim.lowering.transposed import lower as lower_backward
from ohmsum.sim.mapping import map_network
from ohmsum.sim.mapping.training import training_network
from ohmsum.workloads.backward import transposed
from ohmsum.workloads.graph import Grid, Operator, Port, Tensor, Window

from ..kit.small_networks import PIXEL_3X3, SINGLE, add, matrix, network, source
from ..kit.training_steps import PULSES, trainable

windows = st.builds(
    lambda k, s, p, d, u: Window("window", (k, k), (s, s), (min(p, k - 1), min(p, k - 1)), (d, d), (u, u)),
    *(st.integers(1, high) for high in (5, 3)),
    st.integers(0, 2),
    st.integers(1, 2),
    st.integers(1, 2),
)


class TestStreams:
    @given(windows, st.integers(4, 12))
    def test_the_way_back_needs_the_outputs_that_an_input_is_in(self, window: Window, size: int) -> None:
        reach = (window.kernel[0] - 1) * window.dilation[0]
        n_out = (size * window.up[0] - 1 + window.pad[0] - reach) // window.stride[0] + 1
        if n_out < 1:
            return
        back = transposed(window, Grid(size, size), Grid(n_out, n_out))
        for r in range(size):
            users = [o for o in range(n_out) if r in _inputs(window, o)]
            first, last = back.span(0, r, n_out)
            if users:
                # Dilated kernels skip inputs; the first is rounded down, as told.
                assert first <= users[0]
                assert last >= users[-1]
                if window.dilation == (1, 1) and window.stride[0] <= window.kernel[0]:
                    assert last == users[-1]
                    assert first >= users[0] - 1

    @given(
        st.integers(1, 4),
        st.integers(1, 4),
        st.sampled_from([Window("same"), PIXEL_3X3, Window("all")]),
        st.integers(2, 4),
    )
    def test_samples_follow_each_other(self, rows: int, cols: int, window: Window, samples: int) -> None:
        one = Firings(Grid(rows, cols))
        many = replace(one, samples=samples)
        need, free = (s.values(one.n) for s in need_and_free(window, one, one))
        needs, frees = (s.values(many.n) for s in need_and_free(window, many, many))
        for b in range(samples):
            mine = slice(b * one.n, (b + 1) * one.n)
            assert (needs[mine] == need + b * one.n).all()
            assert (frees[mine] >= free + b * one.n).all()
            assert (frees[mine] <= (b + 1) * one.n).all()
        assert (np.diff(frees) >= 0).all()
        if window.kind == "all":
            assert frees[one.n - 1] == one.n, "the whole sample is let go with its last firing"

    @pytest.mark.parametrize(("k", "n", "groups"), [(16, 4, 1), (40, 9, 1), (9, 1, 8), (5, 3, 4), (20, 6, 2)])
    def test_every_gradient_comes_into_being_once(self, k: int, n: int, groups: int) -> None:
        chip = trainable(tile__count="64", tile__grid="[8, 8]")
        first = matrix("first", "x", 4, k * groups)
        net = network(source(4), first, matrix("layer", "first", k, n, groups=groups))
        mapping = map_network(training_network(net, chip, SINGLE, 1), chip, SINGLE)
        context = Context.of(mapping, chip, "packet")
        back = next(o for o in mapping.network.operators if o.name == "layer.backward")
        place: Any = mapping.of(back.name)
        stage = lower_backward(context, back, place)
        made = sorted(e for share in stage.held for e in range(*share.elements))
        assert made == list(range(k * groups))
        assert stage.wanted is not None
        taken = sorted(e for share in stage.wanted for e in range(*share.elements))
        assert taken == list(range(n * groups))


def _inputs(window: Window, output: int) -> set[int]:
    """Inputs of one output along an axis, by the definition."""
    start = output * window.stride[0] - window.pad[0]
    return {(start + i * window.dilation[0]) // window.up[0] for i in range(window.kernel[0])}


RESIDUAL = network(
    source(1, Grid(4, 4)),
    matrix("conv1", "x", 9, 2, Grid(4, 4), PIXEL_3X3, fused=("relu",)),
    matrix("conv2", "conv1", 18, 2, Grid(4, 4), PIXEL_3X3, fused=("relu",)),
    add("sum", "conv2", "conv1", Grid(4, 4), 2),
    matrix("fc", "sum", 32, 3, window=Window("all")),
)


@pytest.mark.parametrize("update", [PULSES, "{kind: program_verify}"])
@pytest.mark.parametrize("replicate", [False, True])
def test_forks_and_joins_do_not_starve(update: str, replicate: bool) -> None:
    chip = trainable(update, tile__count="64", tile__grid="[8, 8]")
    options = replace(SINGLE, replicate=replicate)
    step = training_network(RESIDUAL, chip, options, 3)
    p = lower(map_network(step, chip, options), chip)
    fast, slow = compiled.run(p, 1), reference.run(p, 1)
    assert fast.makespan_fs == slow.makespan_fs
    assert np.array_equal(fast.busy_fs, slow.busy_fs)
    assert np.array_equal(fast.stall_input_fs, slow.stall_input_fs)


def test_errors_of_a_fork_are_added() -> None:
    step = {o.name: o for o in training_network(RESIDUAL, trainable(), SINGLE, 1).operators}
    assert {port.tensor for port in step["conv1.sum"].inputs} == {"fc.backward", "conv2.scatter"}
    assert step["conv1.sum"].state_work == (("add", 2),)
    # 16 positions x 18 values of im2col for 16 positions of the input.
    assert step["conv2.scatter"].state_work == (("add", 18),)


def test_a_softmax_at_the_end_is_part_of_the_loss() -> None:
    made = Tensor("soft", (), Grid(), 3)
    soft = Operator("soft", "Softmax", "vector", (Port("fc"),), made, function="softmax", work=3)
    net = network(*RESIDUAL.operators, soft)
    step = {o.name: o for o in training_network(net, trainable(), SINGLE, 1).operators}
    assert step["soft.loss"].state_work == (("sub", 3),)
    assert "soft.error" not in step
    assert [port.tensor for port in step["fc.backward"].inputs] == ["soft.loss"]
