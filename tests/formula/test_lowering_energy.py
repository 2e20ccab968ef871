"""Does a layer cost what its actions cost, counted by hand?"""

from __future__ import annotations

from collections import defaultdict

import pytest
from ohmsum import arch
from ohmsum.sim.program import Program

from ..kit.small_networks import matrix, network, program, round_chip, source


def spent(p: Program) -> dict[tuple[str, str], tuple[int, float]]:
    """Actions of one inference and their energy in pJ, by component and action."""
    found: dict[tuple[str, str], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for i, key in enumerate(zip(p.ledger_component, p.ledger_action, strict=True)):
        n = int(p.ledger_count[i] * p.actor_firings[p.ledger_actor[i]])
        found[key] = (found[key][0] + n, found[key][1] + n * float(p.ledger_energy_j[i]) * 1e12)
    return dict(found)


def test_linear_layer_on_one_tile() -> None:
    found = spent(program(network(source(16), matrix("fc", "x", 16, 4, fused=("relu",))), round_chip()))
    expected = {
        ("crossbar", "read"): (2, 2 * 2.0),  # 2 input slices
        ("dac", "drive row"): (2 * 16, 2 * 16 * 0.01),
        ("adc", "convert"): (2 * 4, 2 * 4 * 0.1),
        ("shift-add", "add"): (2 * 4, 2 * 4 * 0.001),
        ("buffer", "read"): (16, 16 * 0.05),
        ("buffer", "write"): (4, 4 * 0.05),
        ("tile.alu", "relu"): (4, 4 * 0.02),
        ("noc", "flit hop"): (
            4,
            4 * 0.5,
        ),  # 16 bytes in 4 flits through one router; outputs leave by the host link
        ("host link", "byte"): (20, 20 * 2.0),
    }
    assert found.keys() == expected.keys()
    for key, (n, pj) in expected.items():
        assert found[key] == (n, pytest.approx(pj)), key


def test_partial_sums_are_moved_and_added() -> None:
    found = spent(program(network(source(32), matrix("fc", "x", 32, 4)), round_chip()))
    assert found[("crossbar", "read")] == (2 * 2, pytest.approx(8.0))
    assert found[("adc", "convert")][0] == 2 * 2 * 4  # both row blocks are converted
    assert found[("tile.alu", "add")][0] == 4
    # 16 + 16 bytes in (one router each, two for the far tile), 4 sums of 2 bytes to the neighbour over two
    # routers (2 flits), 4 bytes of output over one hop to the gateway.
    assert found[("noc", "flit hop")][0] == 4 + 4 * 2 + 2 * 2 + 1


def test_isaac_converts_once_per_16_bit_mac() -> None:
    """128 columns x 16 slices for the 2048 MACs of a full crossbar, one conversion each (ISAAC, sec. 5)."""
    p = program(network(source(128), matrix("fc", "x", 128, 16)), arch.load("isaac"))
    assert spent(p)[("adc", "convert")][0] == 128 * 16


def test_an_action_without_an_energy_costs_power_times_busy_time() -> None:
    chip = round_chip(tile__crossbar__energy="null", tile__crossbar__power="5 mW")
    found = spent(program(network(source(16), matrix("fc", "x", 16, 4)), chip))
    assert found[("crossbar", "active")] == (1, pytest.approx(5e-3 * 20e-9 * 1e12))
