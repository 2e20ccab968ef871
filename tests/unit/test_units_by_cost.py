"""Units are chosen by what they cost: the choice flips at the computed break-even."""

from __future__ import annotations

import pytest
from ohmsum import arch
from ohmsum.sim.mapping import map_network
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.graph import Grid, Operator, Port, Tensor
from ohmsum.workloads.load import load

from ..kit.small_decoder import scribe
from ..kit.small_networks import SINGLE, matrix, network, round_chip, source

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


def exponentials(tokens: int, n: int) -> dict[str, str]:
    """Places of n exponentials in a row between two layers on crossbars, 4 bytes a token.

    A tile takes 16 cycles of 4 lanes an element: 4 E ns of E bytes. The host takes E ns, and there and back
    each E / 4 ns over one link of the mesh (the mean way to the middle of 2 x 2), E ns of its link, and 5 ns.
    """
    grid = Grid(1, tokens)
    alu = "[{name: alu, count: 1, lanes: 4, clock: 1 GHz, functions: {relu: 1, add: 1, exp: 16}}]"

    def exp(i: int) -> Operator:
        made = Tensor(f"e{i}", (), grid, 4)
        before = Port(f"e{i - 1}" if i else "m")
        return Operator(made.name, "Exp", "vector", (before,), made, function="exp", work=4)

    layers = (
        matrix("m", "x", 4, 4, grid),
        *(exp(i) for i in range(n)),
        matrix("last", f"e{n - 1}", 4, 4, grid),
    )
    net = network(source(4, grid), *layers)
    mapping = map_network(net, round_chip(tile__units=alu), SINGLE)
    return {f"e{i}": mapping.of(f"e{i}").place for i in range(n)}


def test_an_operator_goes_to_the_host_from_the_break_even_of_bytes_on() -> None:
    # 4 E against 2 (1.25 E + 5) + E: the same at E = 20 bytes.
    assert [exponentials(tokens, 1)["e0"] for tokens in (4, 5, 6, 40)] == [
        "tile_unit",
        "tile_unit",
        "host",
        "host",
    ]


def test_operators_in_a_row_share_the_ways() -> None:
    # Of two, 8 E against 2 (1.25 E + 5) + 2 E: the same at E = 20 / 7 bytes, though one alone stays until 20.
    assert set(exponentials(4, 2).values()) == {"host"}


def test_what_is_between_two_products_works_beside_the_arrays() -> None:
    net = load("bert-base")
    mapping = map_network(net, arch.load("isaac@attention", n_chips=8))
    by_tensor = {o.output.name: o for o in mapping.network.operators}
    between = [
        (mapping.of(by_tensor[p.tensor].name), mapping.of(o.name))
        for o in mapping.network.operators
        for p in o.inputs
        if o.function == "add" and by_tensor[p.tensor].product is not None
    ]
    assert len(between) == 12
    assert all(product.sources == added.tiles for product, added in between)
    middles = {place % 168 for product, _ in between for place in product.sources}
    assert middles == {84}
