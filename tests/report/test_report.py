"""Does the printed report fit, in every width, and say what the run says?"""

from __future__ import annotations

import ohmsum
import pytest
from ohmsum.sim.answers.run import Run
from ohmsum.sim.report.layer_table import N_LAYERS
from ohmsum.sim.report.page import Page


@pytest.fixture(scope="module")
def resnet18() -> Run:
    return ohmsum.run("resnet18", "isaac", batch=2)


@pytest.mark.parametrize("columns", [80, 100, 160])
@pytest.mark.parametrize("plain", [True, False])
def test_report_fits(resnet18: Run, columns: int, plain: bool) -> None:
    text = resnet18.report(Page(columns, plain))
    assert max(len(line) for line in text.splitlines()) <= columns
    assert text.isascii() == plain
    for heading in ("Energy per inference", "Where the latency goes", "Layers", "Busiest resources"):
        assert heading in text


def test_wider_terminals_show_more_columns(resnet18: Run) -> None:
    headings = {}
    for columns in (70, 80, 160):
        lines = resnet18.report(Page(columns)).splitlines()
        (headings[columns],) = (line.split() for line in lines if line.startswith("  layer "))
    assert "unit" in headings[160]
    assert "unit" not in headings[80]
    for columns in headings:
        assert {"layer", "op", "tiles", "latency", "path", "energy"} <= set(headings[columns])


def test_layers_are_counted(resnet18: Run) -> None:
    """A few rows of all layers and the rest in one line; all of them on request."""
    few = resnet18.report(Page(hint=" (--all shows them)"))
    assert f"and {len(resnet18.layers) - N_LAYERS} more (--all shows them)" in few
    every = resnet18.report(Page(160, everything=True, hint=" (--all shows them)"))
    assert all(layer.name in every for layer in resnet18.layers)
    assert "--all" not in every


def test_figures_are_those_of_the_run(resnet18: Run) -> None:
    text = resnet18.report()
    assert text.startswith("resnet18 on isaac   batch 2, ")
    assert f"throughput: {resnet18.throughput.basis}" in text
    assert f"{resnet18.mapping.tiles_used}/{resnet18.mapping.tiles_total}" in text
    microseconds = f"{resnet18.latency_s * 1e6:.3g} us"
    milliseconds = f"{resnet18.latency_s * 1e3:.3g}"
    assert microseconds in text or milliseconds in text
