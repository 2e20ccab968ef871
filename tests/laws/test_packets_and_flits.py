"""Packet and flit detail carry the same flits, in nearly the same time."""

from __future__ import annotations

from functools import cache
from statistics import median

import pytest
from ohmsum import arch
from ohmsum.sim.answers.run import Run
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.load import load

PAIRS = [
    ("lenet5", "isaac"), ("lenet5", "hermes-64"), ("lenet5", "puma"), ("lenet5", "bruschi-512"),
    ("kws-lstm", "isaac"), ("kws-lstm", "puma"),
]  # fmt: skip


@cache
def both(network: str, chip: str) -> tuple[Run, Run]:
    net, on = load(network), arch.load(chip)
    return simulate(net, on, noc="packet"), simulate(net, on, noc="flit")


def hops(run: Run) -> int:
    return sum(term.count for term in run.energy.terms if term.action == "flit hop")


def difference(network: str, chip: str) -> float:
    packet, flit = both(network, chip)
    return abs(flit.latency_fs / packet.latency_fs - 1)


@pytest.mark.parametrize(("network", "chip"), PAIRS)
def test_same_flits_in_nearly_the_same_time(network: str, chip: str) -> None:
    packet, flit = both(network, chip)
    assert hops(packet) == hops(flit) > 0
    assert difference(network, chip) <= 0.25


def test_the_median_difference_is_small() -> None:
    assert median(difference(*pair) for pair in PAIRS) <= 0.05
