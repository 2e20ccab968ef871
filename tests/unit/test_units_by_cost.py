"""Units are chosen by what they cost: the choice flips at the computed break-even."""

from __future__ import annotations

import pytest
from ohmsum import arch
from ohmsum.sim.mapping import map_network
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.graph import Grid
from ohmsum.workloads.load import load

from ..kit.small_decoder import scribe
from ..kit.small_networks import matrix, network, source

FOUR_LANES = "[{name: vector, count: 1, lanes: 4, clock: 1 GHz, functions: {mac: 1, add: 1}}]"


def test_a_grouped_matrix_leaves_the_arrays_below_the_break_even() -> None:
    """16 groups of 8 x 1 on an array of 8 x 8: 16 folds of 2 * 8 + 8 + T - 2 cycles; 16 * 8 * T / 4 beats.

    352 + 16 T = 32 T at T = 22 tokens.
    """
    places = {}
    for tokens in (1, 21, 22, 23, 100):
        grid = Grid(1, tokens)
        net = network(source(128, grid), matrix("m", "x", 8, 1, grid, groups=16))
        places[tokens] = map_network(net, scribe(units=FOUR_LANES)).of("m").place
    assert places == {1: "chip_unit", 21: "chip_unit", 22: "mac_array", 23: "mac_array", 100: "mac_array"}


def test_weights_that_would_not_stay_in_the_buffers_keep_a_matrix_on_the_arrays() -> None:
    net = network(source(8), matrix("m", "x", 8, 32))
    for capacity, place in (("1024 B", "chip_unit"), ("1020 B", "mac_array")):  # a quarter holds 256, 255
        chip = scribe(units=FOUR_LANES, mac_array__buffer__capacity=capacity)
        assert map_network(net, chip).of("m").place == place


def test_depthwise_layers_take_the_unit_of_a_systolic_chip_and_gain() -> None:
    net, chip = load("mobilenetv2"), arch.load("systolic")
    run = simulate(net, chip)
    depthwise = {o.name for o in net.operators if o.matrix is not None and o.matrix.groups > 1}
    assert {run.mapping.of(name).place for name in depthwise} == {"chip_unit"}
    on_arrays = arch.load("systolic", {"units.0.functions.mac": "1000"})
    slow = simulate(net, on_arrays)
    assert {slow.mapping.of(name).place for name in depthwise} == {"mac_array"}
    assert run.latency_fs < 0.2 * slow.latency_fs
    assert run.energy.by_action_j["memory"]["byte"] == pytest.approx(
        slow.energy.by_action_j["memory"]["byte"], rel=0.01
    )
