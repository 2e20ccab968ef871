"""Does a softmax unit take the cycles of its passes, row by row, as one counts them by hand?"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.digital import Unit, UnitPasses
from ohmsum.sim.mapping.passes import PassOfNetwork, job
from ohmsum.workloads.graph import Grid, Network, Operator, Port, Reach, Tensor

from ..kit.engines import Engine, each_engine, firings
from ..kit.small_networks import NS, network, program, source

CHIP = Path(__file__).parents[1] / "data" / "attention.yaml"
THREE: dict[str, Any] = {"name": "softmax", "cycles": (1, 2, 1), "drain": (3, 5, 2)}


def unit(**passes: Any) -> Unit:
    chip = arch.load(CHIP)
    return chip.units[0].model_copy(update={"passes": (UnitPasses(**{**THREE, **passes}),)})


def test_a_row_goes_through_three_passes_each_waiting_for_the_one_before() -> None:
    # 10 elements on 4 lanes are 3 steps: 3 x 1 + 3 for the maximum, 3 x 2 + 5 for the sum, 3 x 1 + 2 scaling.
    assert job(unit(), "softmax", [(1, 10)]) == PassOfNetwork(6 + 11 + 5, 6 + 11 + 5)


def test_with_one_set_of_lanes_rows_follow_each_other() -> None:
    assert job(unit(), "softmax", [(3, 10)]) == PassOfNetwork(3 * 22, 3 * 22)


def test_with_lanes_for_every_pass_rows_follow_at_the_pace_of_the_longest() -> None:
    # The longest pass takes 6 cycles; the third row begins 12 cycles after the first.
    assert job(unit(pipelined=True), "softmax", [(3, 10)]) == PassOfNetwork(3 * 6, 22 + 2 * 6)


def test_online_softmax_finds_the_maximum_along_with_the_sum() -> None:
    # One pass of 3 x 2 cycles and 5 behind it, then the scaling.
    assert job(unit(online=True), "softmax", [(1, 10)]) == PassOfNetwork(6 + 5 + 3 + 2, 6 + 5 + 3 + 2)


def test_rows_side_by_side_share_the_lanes() -> None:
    # Two rows on two lanes each: 5 steps; the third row takes a turn of its own.
    turn = 5 + 3 + 10 + 5 + 5 + 2
    assert job(unit(rows=2), "softmax", [(3, 10)]) == PassOfNetwork(2 * turn, 2 * turn)


def test_tokens_of_different_lengths_follow_each_other() -> None:
    # Rows of 4 take one step (1 + 2 + 1 and 10 of drains), rows of 5 take two.
    assert job(unit(), "softmax", [(1, 4), (1, 5)]) == PassOfNetwork(14 + 18, 14 + 18)
    # Pipelined: the second row begins when the longest pass of the first (2) is over.
    assert job(unit(pipelined=True), "softmax", [(1, 4), (1, 5)]) == PassOfNetwork(2 + 4, 2 + 18)


def test_a_function_without_passes_takes_its_cycles_in_one_go() -> None:
    plain = arch.load(CHIP).units[0].model_copy(update={"passes": None})
    assert job(plain, "softmax", [(3, 10)]) == PassOfNetwork(30, 30)  # 30 elements x 4 cycles / 4 lanes


def softmax(heads: int, tokens: int, reach: Reach | None) -> Network:
    grid, elements = Grid(1, tokens), heads * tokens
    out = Tensor("p", (1, heads, tokens, tokens), grid, elements)
    node = Operator(
        "p", "Softmax", "vector", (Port("x"),), out, function="softmax", work=elements, reach=reach
    )
    return network(source(elements, grid), node)


@each_engine
@pytest.mark.parametrize(
    ("reach", "steps"),
    [(Reach(1, 1), (1, 1, 1, 1, 2, 2)), (None, (2, 2, 2, 2, 2, 2))],
    ids=["causal", "whole"],
)
def test_two_heads_of_every_token_go_through_the_unit(
    engine: Engine, reach: Reach | None, steps: tuple[int, ...]
) -> None:
    p = program(softmax(2, 6, reach), arch.load(CHIP))
    result = engine(p, keep_firings=True)
    times = firings(result, p.actor_name.index("p"))
    # Rows of k + 1 (or of all 6) elements: one step of 4 lanes, or two; the buffer takes 1 ns each way.
    rows = [2 * (4 * n + 10) for n in steps]
    assert times[0][1] - times[0][0] == (1 + rows[0] + 1) * NS
    # A token comes every 12 ns (12 bytes from the host at 1 byte per ns), so the unit is never without work.
    assert [b - a for (_, a), (_, b) in pairwise(times)] == [n * NS for n in rows[1:]]


def test_every_pass_is_in_the_energy_of_exactly_the_elements_that_are_there() -> None:
    p = program(softmax(2, 6, Reach(1, 1)), arch.load(CHIP))
    rows = zip(p.ledger_action, p.ledger_total.tolist(), p.ledger_energy_j.tolist(), strict=True)
    found = {action: (n, e) for action, n, e in rows if "softmax" in action}
    elements = 2 * (1 + 2 + 3 + 4 + 5 + 6)
    assert found == {
        "softmax pass 1": (elements, 1e-12),
        "softmax pass 2": (2 * elements, 1e-12),
        "softmax pass 3": (elements, 1e-12),
    }


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        ("[{name: softmax, cycles: [1, 2]}]", "1 + 2 cycles, expected functions.softmax = 4"),
        ("[{name: softmax, cycles: [1, 2, 1], drain: [3]}]", "1 numbers in drain, expected 3"),
        ("[{name: softmax, cycles: [1, 2, 1], rows: 3}]", "expected a divisor of lanes = 4"),
        ("[{name: softmin, cycles: [4]}]", "did you mean 'softmax'"),
        ("[{name: softmax, cycles: [4], online: true}]", "expected two or more where the first is online"),
    ],
)
def test_passes_that_cannot_be_are_named(passes: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        arch.load(CHIP, {"units.soft.passes": passes})
    assert message in str(caught.value)
