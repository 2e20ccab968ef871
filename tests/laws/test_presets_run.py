"""Does every preset run LeNet-5 and, with enough chips, ResNet-18?"""

from __future__ import annotations

from math import isclose

import pytest
from ohmsum import arch, workloads
from ohmsum.sim.answers.run import Run
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.simulate import simulate

LENET5_CHIPS = {
    "analognets-aon-cim": 5,
    "garofalo-cluster": 6,
    "hermes-core": 6,
    "jia-2020": 5,
    "photonic": 2,
    "sinangil-2021": 74,
    "ucsb-flash-mlp": 4,
    "wang-2022": 17,
}
"""Chips that LeNet-5 needs, one each for those that are not here."""

RESNET18_CHIPS = {
    "analognets-aon-cim": 46,
    "garofalo-cluster": 201,
    "generic-256x256-10ns": 1,
    "hermes-64": 4,
    "hermes-core": 201,
    "hung-2021": 30,
    "jia-2020": 35,
    "jia-2021": 12,
    "memcapacitor": 4,
    "mythic-m1076": 1,
    "neurram": 9,
    "photonic": 200,
    "rram-hypothesis": 4,
    "ucsb-flash-mlp": 131,
    "wang-2022": 1555,
}
"""Chips that ResNet-18 needs, one each for those that are not here."""

TOO_SMALL = {"sinangil-2021": "use `chips: 11412`", "speech-34": "bytes missing"}
"""The first one runs, too, but takes a minute; the buffers of the other are for speech."""


def run(network: str, name: str, n_chips: int) -> Run:
    chip = arch.load(name, n_chips=n_chips)
    return simulate(workloads.load(network), chip)


def check(result: Run) -> None:
    assert result.latency_s > 0
    assert result.energy.total_j > 0
    assert isclose(sum(result.energy.by_component_j.values()), result.energy.total_j, rel_tol=1e-9)
    assert result.mapping.tiles_used <= result.mapping.tiles_total
    assert (result.single.peak_bytes <= result.program.store_capacity_bytes).all()


@pytest.mark.parametrize("name", arch.names())
def test_lenet5(name: str) -> None:
    check(run("lenet5", name, LENET5_CHIPS.get(name, 1)))


@pytest.mark.parametrize("name", sorted(LENET5_CHIPS))
def test_one_chip_less_is_refused_with_the_number_that_is_needed(name: str) -> None:
    needed = LENET5_CHIPS[name]
    with pytest.raises(SimulationError, match=rf"use `chips: {needed}`"):
        run("lenet5", name, needed - 1)


@pytest.mark.parametrize("name", [name for name in arch.names() if name not in TOO_SMALL])
def test_resnet18(name: str) -> None:
    check(run("resnet18", name, RESNET18_CHIPS.get(name, 1)))


@pytest.mark.parametrize(("name", "message"), TOO_SMALL.items())
def test_resnet18_on_a_macro_says_how_many_it_would_take(name: str, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        run("resnet18", name, 3 if name == "speech-34" else 1)
