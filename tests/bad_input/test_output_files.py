"""Outputs: none over an input or over another, names that cannot be, standard output that is full."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from ohmsum.arch import load, to_yaml
from ohmsum.sim.report.frames import write_csv
from ohmsum.tools.cli import main

LONG = "n" * 300


@pytest.fixture
def chip(tmp_path: Path) -> Path:
    """A chip file of the user's own."""
    path = tmp_path / "chip.yaml"
    path.write_text(to_yaml(load("isaac")), encoding="utf-8")
    return path


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What was said; the files of the folder are as they were."""
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) <= 2
    assert len(said) < 1000
    return said


def test_an_output_over_an_input(chip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = chip.read_bytes()
    for option in ("--json", "--trace", "--firings"):
        name = chip if option != "--firings" else chip.with_suffix(".csv")
        if option == "--firings":
            name.symlink_to(chip)
        said = refused(["run", "mlp", "--chip", str(chip), option, str(name)], capsys)
        assert f"{option} {name}: the same file as that of --chip" in said
    assert chip.read_bytes() == before
    suite = chip.with_name("suite.yaml")
    suite.write_text(
        "cases: [{name: a, network: mlp, chip: isaac, metrics: {latency_s: 1 %}}]\n", encoding="utf-8"
    )
    assert "that of SUITE" in refused(["check", str(suite), "--junit", str(suite)], capsys)


def test_two_options_on_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = tmp_path / "one"
    asked = ["run", "mlp", "--chip", "isaac", "--json", str(one), "--trace", str(one)]
    assert f"--trace {one}: the same file as that of --json" in refused(asked, capsys)
    spec = tmp_path / "s.yaml"
    spec.write_text("fixed: {chip: isaac, network: mlp}\nvary: {tile.adc.bits: [6]}\n", encoding="utf-8")
    said = refused(["sweep", str(spec), "--store", str(one), "--csv", str(one)], capsys)
    assert "--store" in said
    assert [path.name for path in tmp_path.iterdir()] == ["s.yaml"]
    assert main(["run", "mlp", "--chip", "isaac", "--json", str(one)]) == 0
    assert main(["run", "mlp", "--chip", "isaac", "--json", str(one)]) == 0, "once more over the last one"


@pytest.mark.parametrize("name", ["t.vcd", "t.fst", "t.json", "t.vcd.gz"])
def test_a_trace_by_another_formats_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(["run", "mlp", "--chip", "isaac", "--trace", str(tmp_path / name)], capsys)
    assert "writes Perfetto's format" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", LONG, "--chip", "isaac"],
        ["run", "mlp", "--chip", LONG],
        ["run", "mlp", "--chip", "isaac", "--json", LONG],
        ["run", "mlp", "--chip", "isaac", "--out", LONG],
        ["check", LONG],
        ["sweep", LONG],
        ["compare", LONG, LONG],
        ["show", LONG],
        ["noc", LONG],
        ["accuracy", "lenet5", "--chip", "isaac", "--data", LONG],
        ["run", "mlp", "--chip", "isaac", "--set", f"tile.adc.rate={'9' * 100_000} GHz"],
        ["run", "mlp", "--chip", "isaac", "--set", f"tile.adc.rate={'x' * 100_000}"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_names_and_values_that_are_too_long(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(arguments, capsys)
    assert not list(tmp_path.iterdir())


def test_standard_output_that_is_full_or_closed() -> None:
    command = [sys.executable, "-m", "ohmsum", "chips"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "ohmsum: standard output: No space left on device\n"
    closed = subprocess.run(
        ["sh", "-c", f"{' '.join(command)} >&-"], capture_output=True, text=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (0, "")
    piped = subprocess.run(
        ["bash", "-c", f"{' '.join(command)} | head -c 1 | cat; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert piped.stderr == ""


def test_cells_that_a_spreadsheet_would_run() -> None:
    file = io.BytesIO()
    write_csv({"layer": ["=cmd()", "-1+2", "@x", "conv1"], "x_s": [-1.5, 2.0, -3.0, 0.0]}, file)
    rows = list(csv.reader(io.StringIO(file.getvalue().decode())))
    assert [row[0] for row in rows[1:]] == ["'=cmd()", "'-1+2", "'@x", "conv1"]
    assert [float(row[1]) for row in rows[1:]] == [-1.5, 2.0, -3.0, 0.0]


def test_characters_written_as_the_escapes_of_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "suite.yaml"
    text = 'cases: [{name: "smile NAME", network: mlp, chip: isaac, metrics: {latency_s: 1 %}}]\n'
    suite.write_text(text.replace("NAME", r"\ud83d\ude00"), encoding="utf-8")
    assert main(["check", str(suite), "--update"]) == 0
    assert "smile \N{GRINNING FACE}" in (tmp_path / "suite.golden.json").read_text(encoding="utf-8")
    suite.write_text(text.replace("NAME", r"\ud83d"), encoding="utf-8")
    assert f"{suite}:1: half of a character" in refused(["check", str(suite)], capsys)
