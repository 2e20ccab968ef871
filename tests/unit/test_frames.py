"""Are the tables of a run complete and exact, in pandas and in files, and are mistakes told?"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import ohmsum
import pandas as pd
import pyarrow.parquet as pq
import pytest
from ohmsum.sim.answers.run import Run
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.report.frames import TABLES, columns, write_csv
from ohmsum.tools.cli import main


@pytest.fixture(scope="module")
def lenet5() -> Run:
    return ohmsum.run("lenet5", "isaac", batch=3)


def test_tables_add_up(lenet5: Run) -> None:
    layers, energy = lenet5.to_pandas(), lenet5.to_pandas("energy")
    assert list(layers["name"]) == [layer.name for layer in lenet5.layers]
    assert layers["energy_j"].sum() == pytest.approx(lenet5.energy.total_j)
    assert energy["energy_j"].sum() == pytest.approx(lenet5.energy.total_j)
    path = lenet5.to_pandas("critical_path")
    assert path["duration_fs"].sum() == lenet5.latency_fs
    assert (path["start_fs"].shift(-1).dropna() == (path["start_fs"] + path["duration_fs"])[:-1]).all()
    series = lenet5.to_pandas("time_series")
    assert series["duration_s"].sum() == pytest.approx(lenet5.latency_s)
    resources = lenet5.to_pandas("resources")
    assert np.allclose(resources["utilization"], lenet5.busy.resource_utilization)


def test_time_series_is_that_of_one_inference(lenet5: Run) -> None:
    """Its power integrates to the dynamic energy and the static power of one inference alone."""
    series = lenet5.to_pandas("time_series")
    joules = (series["power_w"] * series["duration_s"]).sum()
    watts = sum(w for _, w in lenet5.program.static_power_w)
    dynamic = lenet5.energy.total_j - lenet5.energy.static_j
    assert joules == pytest.approx(dynamic + watts * lenet5.latency_s)


def test_firings_are_all_of_the_batch(lenet5: Run) -> None:
    firings = lenet5.to_pandas("firings")
    program = lenet5.program
    assert len(firings) == 3 * program.actor_firings.sum()
    counts = firings.groupby(["actor", "inference"], sort=False).size()
    expected = dict(zip(program.actor_name, program.actor_firings.tolist(), strict=True))
    assert all(n == expected[actor] for (actor, _), n in dict[Any, int](counts.to_dict()).items())
    assert (firings["issue_fs"] <= firings["begin_fs"]).all()
    assert (firings["begin_fs"] < firings["end_fs"]).all()
    assert firings["end_fs"].max() * 1e-15 == pytest.approx(lenet5.makespan_s)
    assert (firings["firing"] < firings["actor"].map(expected)).all()


@pytest.mark.parametrize("table", sorted(TABLES["inference"]))
def test_csv_holds_what_pandas_does(lenet5: Run, table: str) -> None:
    file = io.BytesIO()
    write_csv(columns(lenet5, table), file)
    file.seek(0)
    back = pd.read_csv(file, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(back, lenet5.to_pandas(table), check_dtype=False)


def test_unknown_table(lenet5: Run) -> None:
    with pytest.raises(SimulationError, match="table: found 'layer', expected one of 'layers'"):
        lenet5.to_pandas("layer")


def test_command_writes_parquet_csv_and_trace(tmp_path: Path) -> None:
    names = {"--firings": "f.parquet", "--time-series": "s.csv", "--trace": "t.pftrace.gz"}
    options = [part for option, name in names.items() for part in (option, str(tmp_path / name))]
    json_file = tmp_path / "r.json"
    assert main(["run", "mlp", "--chip", "isaac", "--json", str(json_file), *options]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {*names.values(), "r.json"}, "no temporary file is left"
    result = json.loads(json_file.read_text(encoding="utf-8"))
    firings = pq.read_table(tmp_path / "f.parquet")
    assert max(firings["end_fs"].to_pylist()) == result["latency_fs"]
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(row["power_w"]) for row in rows] == result["time_series"]["power_w"]
    assert (tmp_path / "t.pftrace.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_cut_trace_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = str(tmp_path / "t.pftrace")
    assert main(["run", "lenet5", "--chip", "isaac", "--trace", trace, "--trace-limit", "0.4"]) == 0
    assert "fit into 0.4 MB" in capsys.readouterr().err
    assert (tmp_path / "t.pftrace").stat().st_size <= 400_000


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--firings", "f.txt"], "--firings f.txt: expected a name that ends in .parquet or .csv"),
        (["--time-series", "f"], "--time-series f: expected a name that ends in .parquet or .csv"),
        (["--trace-limit", "5"], "--trace-limit: there is no trace to limit"),
        (["--trace", "t", "--trace-limit", "0"], "--trace-limit: found 0, expected more than 0"),
        (["--trace", "no/such/t"], "the folder"),
        (["--trace", "t", "--trace-limit", "0.001"], "the tracks alone take"),
    ],
)
def test_bad_options(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "mlp", "--chip", "isaac", *arguments]) == 2
    out, err = capsys.readouterr()
    assert expected in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "file", "package", "extra"),
    [("--firings", "f.parquet", "pyarrow", "arrow"), ("--trace", "t", "perfetto", "trace")],
)
def test_missing_package_is_named_before_the_work(
    option: str,
    file: str,
    package: str,
    extra: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_spec(name: str, package_: str | None = None) -> ModuleSpec | None:
        return None if name == package else importlib.util.find_spec(name, package_)

    monkeypatch.setattr("ohmsum.sim.extras.find_spec", find_spec)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "mlp", "--chip", "isaac", option, file]) == 2
    err = capsys.readouterr().err
    assert f"{option} {file}: needs the package '{package}': pip install 'ohmsum[{extra}]'" in err
    assert list(tmp_path.iterdir()) == []


def test_profile_writes_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["profile", "mlp", "--chip", "isaac", "--jobs", "1", "--no-what-if", "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "profile.json",
        "report.html",
        "report.txt",
        "result.json",
    ]
    found = json.loads((out / "profile.json").read_text(encoding="utf-8"))
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert found["latency_fs"] == result["latency_fs"]


def test_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["run", "mlp", "--chip", "isaac", "--out", str(tmp_path / "file" / "out")]) == 2
    assert "--out" in capsys.readouterr().err
