"""What a profile says adds up, and what it predicts happens."""

from __future__ import annotations

import json
import subprocess
import sys
from math import isinf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.arch import load
from ohmsum.sim.job.perform import run as perform_run
from ohmsum.sim.mapping.options import MappingOptions
from ohmsum.sim.mapping.tiling import Array, tile_matrix
from ohmsum.tools.cli import main
from ohmsum.tools.profile import as_json
from ohmsum.tools.profile.knobs import knobs
from ohmsum.tools.profile.latency import latency_breakdown
from ohmsum.tools.profile.profile import Profile, profile
from ohmsum.tools.profile.tiling import _losses, tiling_losses
from ohmsum.workloads.graph import Matrix

from ..kit.jobs import job

LINEAR = MappingOptions(placement="linear")

SPEC = job("lenet5", "isaac", ("tile.adc.count=48",), batch=3, mapping=LINEAR)


@pytest.fixture(scope="module")
def lenet() -> Profile:
    return profile(SPEC, goal="latency", jobs=1)


@pytest.mark.parametrize(
    ("network", "chip", "sets"),
    [
        ("lenet5", "isaac", ()),
        ("lenet5", "isaac", ("tile.crossbar.read_time=1 us",)),
        ("mlp", "isaac", ("tile.adc.count=8",)),
        ("kws-lstm", "hermes-64", ()),
        ("lenet5", "systolic", ()),
    ],
)
def test_every_cut_of_the_critical_path_adds_up_to_the_latency(network: str, chip: str, sets: Any) -> None:
    run = perform_run(job(network, chip, sets))
    found = latency_breakdown(run)
    for cut in (found.by_layer_fs, found.by_class_fs, found.by_cause_fs):
        assert sum(cut.values()) == run.latency_fs
    for klass, time_fs in found.by_class_fs.items():
        assert sum(found.causes_of_class_fs(klass).values()) == time_fs
        assert sum(found.layers_of_class_fs(klass).values()) == time_fs
    assert all(share.time_fs >= 0 for share in found.shares)
    assert found.by_layer_fs.keys() == run.critical_path.by_layer_s.keys()


def test_waiting_for_slow_reads_is_booked_to_the_crossbar_not_to_the_adc() -> None:
    """Reads of 2 us, each converted in 100 ns: 19 of 20 parts of the ADC's visit wait for the next read."""
    slow = latency_breakdown(perform_run(job("mlp", "isaac", ("tile.crossbar.read_time=2 us",))))
    share = slow.by_class_fs["crossbar"] / (slow.by_class_fs["crossbar"] + slow.by_class_fs["adc"])
    assert share == pytest.approx(0.95, abs=0.03)


def test_no_resource_works_at_more_than_its_limit(lenet: Profile) -> None:
    assert lenet.run.throughput.per_s <= lenet.limits[0].limit_per_s
    limits = [limit.limit_per_s for limit in lenet.limits]
    assert limits == sorted(limits)
    for limit in lenet.limits:
        assert limit.limit_per_s == pytest.approx(1 / limit.busy_s)


@settings(max_examples=80, deadline=None)
@given(k=st.integers(1, 700), n=st.integers(1, 90), groups=st.one_of(st.just(1), st.integers(2, 60)))
def test_used_and_lost_cells_are_all_cells(k: Any, n: int, groups: Any) -> None:
    run = perform_run(job("mlp", "isaac")) if not _RUN else _RUN[0]
    _RUN[:] = [run]
    tile = run.chip.tile
    assert tile is not None
    matrix = Matrix(k=k, n=n, groups=groups)
    array = Array(tile.crossbar.rows, tile.weight_columns, tile.columns_per_weight, tile.crossbar.cols)
    t = tile_matrix(matrix, array)
    row, column, diagonal, last = _losses(matrix, t.row_blocks, t.crossbars, t.rows_per_crossbar, run)
    assert t.cells_used + row + column + diagonal == t.cells_total
    assert min(row, column, diagonal) >= 0
    assert 1 <= last <= tile.crossbar.rows


_RUN: list[Any] = []  # one run, made once for all examples


def test_tiling_losses_of_a_matrix_by_hand() -> None:
    """784 x 128 weights of 8 cells on 128 x 128 cells: 7 x 8 crossbars, 112 of the last 128 rows unused."""
    found = tiling_losses(perform_run(job("mlp", "isaac")))
    assert found is not None
    fc1 = next(layer for layer in found.layers if layer.layer == "fc1")
    assert (fc1.row_blocks, fc1.col_blocks, fc1.last_rows) == (7, 8, 16)
    assert fc1.row_loss == (7 * 128 - 784) * 8 * 128
    assert (fc1.column_loss, fc1.diagonal_loss) == (0, 0)


def test_the_gain_that_is_predicted_is_the_gain_of_the_run(lenet: Profile, tmp_path: Path) -> None:
    """Every trial of a few components, run again by `ohmsum run --set`."""
    tried = lenet.what_if
    assert tried is not None
    chosen = [t for t in tried.trials if t.knob.field in ("tile.adc.rate", "noc.flit", "tile.count")]
    assert {t.knob.field for t in chosen} == {"tile.adc.rate", "noc.flit", "tile.count"}
    for trial in chosen:
        result = tmp_path / "result.json"
        sets = [text for path, value in trial.sets.items() for text in ("--set", f"{path}={value}")]
        command = ["run", "lenet5", "--chip", "isaac", "--set", "tile.adc.count=48", "--batch", "3"]
        assert main([*command, "--placement", "linear", *sets, "--json", str(result)]) == 0
        again = json.loads(result.read_text())
        figures = trial.outcome.figures
        assert figures is not None
        assert again["latency_fs"] == figures.latency_fs
        assert again["throughput_per_s"] == figures.throughput_per_s
        assert (again["energy_j"], again["power_w"]) == (figures.energy_j, figures.power_w)
        assert again["area_mm2"] == figures.area_mm2


def test_pairs_gain_more_than_their_sum(lenet: Profile) -> None:
    tried = lenet.what_if
    assert tried is not None
    for pair in tried.pairs:
        assert pair.gain_both > pair.gain_first + pair.gain_second


def test_balanced_reads_and_conversions_hide_each_other() -> None:
    """A crossbar reads in the 100 ns in which the ADC converts its 128 columns: neither alone is of use."""
    found = profile(job("mlp", "isaac", ("host.latency=1 ns",), mapping=LINEAR), jobs=1)
    assert found.findings[0].kind == "pair"
    assert set(found.findings[0].fields) == {"tile.adc.rate", "tile.crossbar.read_time"}


def test_processes_give_the_same_profile(lenet: Profile) -> None:
    other = profile(SPEC, goal="latency", jobs=2)
    assert as_json.to_json(other) == as_json.to_json(lenet)


def test_json_is_strict_and_holds_every_trial(lenet: Profile) -> None:
    found = json.loads(json.dumps(as_json.to_json(lenet), allow_nan=False))
    assert found["schema"] == "ohmsum-profile/1"
    assert sum(share["time_fs"] for share in found["latency"]["shares"]) == found["latency_fs"]
    assert lenet.what_if is not None
    assert len(found["what_if"]["trials"]) == len(lenet.what_if.trials)
    infinite = [t for t in found["what_if"]["trials"] if t["factor"] == "infinite"]
    assert len(infinite) == sum(isinf(t.factor) for t in lenet.what_if.trials) > 5
    for link in found["links"]:
        assert sum(flow["share"] for flow in link["flows"]) == pytest.approx(1)


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "systolic"])
def test_every_knob_of_every_preset_can_be_set(chip: str) -> None:
    found = knobs(load(chip))
    assert {"faster", "more"} <= {knob.kind for knob in found}
    for knob in found:
        for _, sets in knob.after:
            changed = load(chip, overrides=sets)
            assert changed.hash != load(chip).hash, (knob.field, sets)


def test_goal_throughput_ranks_by_throughput() -> None:
    spec = job("mlp", "isaac", ("tile.adc.rate=100 MHz",), batch=4, mapping=LINEAR)
    found = profile(spec, jobs=1)
    assert found.goal == "throughput"
    assert found.findings[0].subject == "ADC"
    assert "% throughput" in found.findings[0].text
    assert 0.45 < found.findings[0].numbers["gain"] <= 0.5  # of the time per inference


def test_goal_energy_ranks_what_to_make_cheaper() -> None:
    spec = job("mlp", "hermes-64", mapping=LINEAR)
    found = profile(spec, goal="energy", jobs=1)
    most = next(iter(found.run.energy.by_component_j))
    assert found.findings[0].subject == most == "adc"
    assert found.findings[0].fields[0] == "tile.adc.energy"


def test_command_prints_findings_in_every_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in ("80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["profile", "mlp", "--chip", "isaac", "--no-what-if"]) == 0
        text = capsys.readouterr().out
        assert "Findings" in text
        assert "Where the latency goes" in text
        assert max(len(line) for line in text.splitlines()) <= 100  # a pipe is a page of 100 columns


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--goal", "speed"], "--goal: found 'speed', expected latency, throughput or energy"),
        (["--jobs", "0"], "--jobs: found 0, expected at least 1"),
        (["--set", "tile.adc.bitz=6"], "did you mean 'bits'?"),
        (["--batch", "0"], "--batch: found 0"),
        (["--placement", "spiral"], "expected 'linear', 'greedy' or 'anneal'"),
    ],
)
def test_bad_input_is_told_in_a_line(capsys: pytest.CaptureFixture[str], arguments: Any, words: str) -> None:
    assert main(["profile", "mlp", "--chip", "isaac", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) <= 2


def test_a_change_that_cannot_be_is_an_outcome_and_no_error() -> None:
    """Of a chip whose arrays hold the network exactly, some redesigns do not fit; the profile goes on."""
    sets = ("tile.count=1", "tile.grid=[1, 1]", "noc.router.count=1", "tile.crossbar.count=57")
    more = ("tile.adc.count=57", "tile.dac.count=7296", "tile.weights.bits=16")
    found = profile(job("mlp", "isaac", (*sets, *more), mapping=LINEAR), jobs=1)
    assert found.what_if is not None
    assert found.findings


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys, ohmsum.tools.cli; print([m for m in ('numpy', 'numba', 'onnx') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
