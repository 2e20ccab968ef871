"""Does every joule of a run lie inside exactly one boundary, and does efficiency only fall on the way out?"""

from __future__ import annotations

import pytest
from ohmsum import arch, workloads
from ohmsum.arch.parts import BOUNDARIES, boundary_of
from ohmsum.sim.simulate import simulate
from ohmsum.tools.cli import main
from ohmsum.tools.waterfall import waterfall


@pytest.mark.parametrize(
    ("component", "boundary"),
    [
        ("crossbar", "array"),
        ("adc", "macro"),
        ("sample-hold", "macro"),
        ("buffer", "tile"),
        ("tile.ldpu", "tile"),
        ("noc", "chip"),
        ("gdpu", "chip"),
        ("memory", "system"),
        ("host link", "system"),
    ],
)
def test_components_are_counted_where_papers_count_them(component: str, boundary: str) -> None:
    assert boundary_of(component) == boundary


@pytest.mark.parametrize("name", ["hermes-64", "isaac", "systolic", "mythic-m1076"])
def test_the_outermost_boundary_holds_all_and_none_gives_back(name: str) -> None:
    chip = arch.load(name)
    run = simulate(workloads.load("lenet5"), chip)
    found = waterfall(run, chip)
    assert found.joules["system"] == pytest.approx(run.energy.total_j)
    energies = [found.joules[b] for b in BOUNDARIES]
    assert energies == sorted(energies)
    assert found.tops_per_w("system") == pytest.approx(run.tops_per_w)


def test_the_command_draws_a_block_per_chip(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waterfall", "lenet5", "hermes-core:6", "systolic", "--plain"]) == 0
    text = capsys.readouterr().out
    assert "hermes-core x 6" in text
    assert text.count("  array ") == 2
    assert "####" in text


@pytest.mark.parametrize("bad", ["hermes-64:x", "hermes-64:0"])
def test_a_bad_number_of_copies(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waterfall", "lenet5", bad]) == 2
    assert "copies, expected a number of at least 1" in capsys.readouterr().err
