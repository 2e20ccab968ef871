"""The engines on mapped networks: the same from both, and the same with and without fast-forward."""

from __future__ import annotations

from functools import cache

import pytest
from ohmsum.arch import load as load_chip
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.program import Program
from ohmsum.workloads import load as load_network

SMALL = ["mlp", "lenet5", "kws-lstm"]
LARGER = ["resnet18", "mobilenetv2", "resnet50"]
BATCHES = [2, 3, 8, 64]


@cache
def mapped(network: str, chip: str) -> Program:
    loaded = load_chip(chip)
    return lower(map_network(load_network(network), loaded), loaded)


def assert_fast_forward_changes_nothing(program: Program, batch: int) -> None:
    event_by_event = compiled.run(program, batch, fast_forward=False)
    assert event_by_event.differences(compiled.run(program, batch)) == []


@pytest.mark.parametrize("chip", ["isaac", "hermes-64"])
@pytest.mark.parametrize("network", SMALL)
def test_engines_agree_on_small_networks(network: str, chip: str) -> None:
    program = mapped(network, chip)
    for batch in (1, 4):
        assert reference.run(program, batch).differences(compiled.run(program, batch)) == []


@pytest.mark.parametrize("chip", ["isaac", "hermes-64"])
@pytest.mark.parametrize("network", SMALL)
def test_fast_forward_on_small_networks(network: str, chip: str) -> None:
    for batch in [*BATCHES, 1000]:
        assert_fast_forward_changes_nothing(mapped(network, chip), batch)


@pytest.mark.slow
@pytest.mark.parametrize("network", LARGER)
def test_engines_agree_on_larger_networks(network: str) -> None:
    program = mapped(network, "isaac")
    assert reference.run(program).differences(compiled.run(program)) == []


@pytest.mark.slow
@pytest.mark.parametrize("network", LARGER)
@pytest.mark.parametrize("batch", BATCHES)
def test_fast_forward_on_larger_networks(network: str, batch: int) -> None:
    assert_fast_forward_changes_nothing(mapped(network, "isaac"), batch)
