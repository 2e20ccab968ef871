"""Does a sweep take mistakes with one or two lines that say where and what, and exit code 2?"""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum.tools.cli import main

from ..kit.sweeps import write

FIXED = "fixed: {chip: isaac, network: mlp}\n"
VARY = FIXED + "vary:\n"
GOOD = VARY + "  tile.adc.bits: [6, 8]\n"

MISTAKES = {
    "no such field": (VARY + "  tile.adc.bts: [6, 8]\n", 3, "did you mean 'bits'"),
    "no such fixed field": (
        "fixed:\n  chip: isaac\n  network: mlp\n  tile.adcs.bits: 6\nvary:\n  tile.adc.bits: [6]\n",
        4, "did you mean 'adc'",
    ),
    "no such field in a group": (
        GOOD + "  array:\n    small:\n      tile.crossbar.row: 64\n", 6, "did you mean 'rows'",
    ),
    "no such unit": (VARY + "  tile.units.sigmod.lanes: [1]\n", 3, "sigmoid"),
    "empty list": (VARY + "  tile.adc.bits: []\n", 3, "no point"),
    "empty group": (VARY + "  array: {}\n", 3, "no point"),
    "nothing varies": (FIXED, 1, "vary"),
    "vary is empty": (FIXED + "vary: {}\n", 2, "vary"),
    "vary is a list": (FIXED + "vary: [1]\n", 2, "vary"),
    "one plain value": (VARY + "  tile.adc.bits: 6\n", 3, "list of values such as [6]"),
    "a value twice": (VARY + "  tile.adc.bits:\n  - 6\n  - 6\n", 5, "given twice"),
    "a field twice": (GOOD + "  more: {a: {tile.adc.bits: 7}}\n", 4, "given twice"),
    "fixed and varied": (
        "fixed: {chip: isaac, network: mlp, tile.adc.bits: 6}\nvary:\n  tile.adc.bits: [6]\n",
        3, "given twice",
    ),
    "no network": ("fixed: {chip: isaac}\nvary:\n  tile.adc.bits: [6, 8]\n", 1, "network"),
    "no such network": ("fixed: {chip: isaac}\nvary:\n  network: [lenet]\n", 3, "lenet5"),
    "no chip": ("fixed: {network: mlp}\nvary:\n  tile.adc.bits: [6, 8]\n", 1, "chip"),
    "no such chip": ("fixed:\n  network: mlp\n  chip: isac\nvary:\n  tile.adc.bits: [6]\n", 3, "isaac"),
    "no such key": (GOOD + "objective: {latency_s: minimize}\n", 4, "did you mean 'objectives'"),
    "no such metric": (GOOD + "objectives:\n  latency: minimize\n", 5, "did you mean 'latency_s'"),
    "no such direction": (GOOD + "objectives:\n  latency_s: low\n", 5, "minimize, maximize"),
    "no such method": (GOOD + "method: gird\n", 4, "grid"),
    "no such field of the question": (VARY + "  bach: [1, 2]\n", 3, "did you mean 'batch'"),
    "no field of the question, and none fixed": (
        "fixed: {chip: isaac, netwrk: mlp}\nvary:\n  batch: [1]\n", 1, "did you mean 'network'",
    ),
    "metric of other work": (
        GOOD + "objectives:\n  tokens_per_s: maximize\n", 5, "no figure of inferences",
    ),
    "no such option": (GOOD + "  mapping.replicat: [true]\n", 4, "did you mean 'replicate'"),
    "bad option": (GOOD + "  mapping.placement: [linear, best]\n", 4, "found 'best', expected 'linear', " ),
    "bad batch": (GOOD + "  batch: [1, 0]\n", 4, "whole number from 1"),
    "grid with points": (GOOD + "points: 5\n", 4, "method: random"),
    "random without points": (GOOD + "method: random\n", 1, "points"),
    "points that are none": (GOOD + "method: random\npoints: many\n", 5, "whole number"),
    "grid over a range": (VARY + "  tile.adc.bits: {from: 4, to: 8}\n", 3, "'step'"),
    "range that is empty": (GOOD + "  tile.dac.bits: {from: 8, to: 4, step: 1}\n", 4, "more than 8"),
    "range of texts": (GOOD + "  tile.adc.rate: {from: 1 GHz, to: 2 GHz}\n", 4, "unit"),
    "range with an odd key": (GOOD + "  tile.dac.bits: {from: 4, to: 8, by: 1}\n", 4, "by: unknown field"),
    "log scale from zero": (
        GOOD + "  tile.adc.rate: {from: 0, to: 2, log: true}\nmethod: random\npoints: 3\n", 4, "logarithmic",
    ),
    "too many points": (
        GOOD + "  tile.adc.rate: {from: 1, to: 90000, step: 1}\n  batch: {from: 1, to: 90, step: 1}\n",
        2, "method: random",
    ),
    "a list": ("- 1\n", 1, "fields of a sweep"),
    "no YAML": ("fixed: {\n", 2, "not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_in_the_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, line, expected = MISTAKES[name]
    file = write(tmp_path, text)
    assert main(["sweep", str(file), "--jobs", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) <= 2
    assert f"space.yaml:{line}: " in err
    assert expected in err
    assert list(tmp_path.iterdir()) == [file], "nothing was begun"


def test_the_file_without_a_mistake(tmp_path: Path) -> None:
    assert main(["sweep", str(write(tmp_path, GOOD)), "--jobs", "1"]) == 0


def test_mistakes_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write(tmp_path, GOOD))
    for arguments, expected in (
        ([str(tmp_path / "none.yaml")], "none.yaml"),
        ([file, "--jobs", "0"], "--jobs: found 0"),
        ([file, "--jobs", "2", "--dask", "tcp://127.0.0.1:1"], "--jobs, --dask"),
        ([file, "--csv", str(tmp_path / "no" / "x.csv")], "--csv"),
        ([file, "--html", str(tmp_path)], "--html"),
    ):
        assert main(["sweep", *arguments]) == 2
        said = capsys.readouterr().err
        assert expected in said
        assert len(said.splitlines()) <= 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["space.yaml"]


@pytest.mark.parametrize("text", ["{chip: isaac, network: null}", "{chip: null, network: mlp}"])
def test_a_network_or_chip_without_a_name(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, f"fixed: {text}\nvary: {{tile.adc.bits: [6, 8]}}\n")
    assert main(["sweep", str(file)]) == 2
    assert "found None, expected a name or a file" in capsys.readouterr().err
