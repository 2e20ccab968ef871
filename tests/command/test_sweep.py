"""Does a sweep give what single runs give, wherever its points run, and use again only what is the same?"""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ohmsum
import pytest
from ohmsum.arch.component import Component
from ohmsum.sim import confirm
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.tools.cli import main
from ohmsum.tools.sweep import evaluate, reuse
from ohmsum.tools.sweep.evaluate import Task
from ohmsum.tools.sweep.point import Point

from ..kit.sweeps import N_SMALL, SMALL, stored, write


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The small sweep, run in this process."""
    folder = tmp_path_factory.mktemp("sweep")
    table = folder / "rows.csv"
    file = write(folder, SMALL)
    assert (
        main(["sweep", str(file), "--jobs", "1", "--csv", str(table), "--html", str(folder / "page.html")])
        == 0
    )
    _Page.of((folder / "page.html").read_text(encoding="utf-8"))
    with table.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_point_is_what_a_run_gives(rows: list[dict[str, str]]) -> None:
    assert len(rows) == N_SMALL
    for row in rows:
        if row["status"] == "failed":
            continue
        overrides = {field: row[field] for field in ("tile.adc.bits", "tile.adc.count", "noc.flit")}
        run = ohmsum.run(row["network"], "isaac", overrides=overrides)
        assert float(row["latency_s"]) == run.latency_s
        assert float(row["energy_j"]) == run.energy.total_j
        assert float(row["throughput_per_s"]) == run.throughput.per_s
        assert float(row["area_mm2"]) == run.area_mm2
        assert float(row["energy_delay_js"]) == run.latency_s * run.energy.total_j
        assert int(row["tiles_used"]) == run.mapping.tiles_used


def test_what_cannot_be_is_a_row(rows: list[dict[str, str]]) -> None:
    """7 ADCs for 96 crossbars."""
    failed = [row for row in rows if row["status"] == "failed"]
    assert len(failed) == N_SMALL // 3
    assert all(row["tile.adc.count"] == "7" and "96 crossbars" in row["error"] for row in failed)
    assert all(row["latency_s"] == "" for row in failed)


def test_a_network_that_does_not_fit_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "fixed: {chip: isaac}\nvary: {network: [mlp, vgg16]}\n")
    assert main(["sweep", str(file), "--jobs", "1", "--csv", "-"]) == 0
    lines = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [line["status"] for line in lines] == ["ok", "failed"]
    assert "tiles" in lines[1]["error"]
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "1 failed" in printed
    assert "2 from the store" in printed
    assert "tiles missing" in printed


def test_all_options_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """\
fixed: {network: lenet5, batch: 4, mapping.placement: linear, mapping.digital: [Gemm]}
vary:
  system:
    one: {chip: isaac, n_chips: 1}
    two: {chip: isaac, n_chips: 2}
  mapping.replicate: [true, false]
"""
    assert main(["sweep", str(write(tmp_path, text)), "--jobs", "1", "--csv", "-"]) == 0
    for row in csv.DictReader(capsys.readouterr().out.splitlines()):
        options = MappingOptions(row["mapping.replicate"] == "true", digital=("Gemm",), placement="linear")
        run = ohmsum.run("lenet5", "isaac", n_chips=int(row["n_chips"]), batch=4, mapping=options)
        assert float(row["makespan_s"]) == run.makespan_s
        assert float(row["power_w"]) == run.power_w


@pytest.mark.parametrize("detail", ["ideal", "packet", "flit"])
def test_every_detail_of_the_network(detail: str) -> None:
    outcome = evaluate.evaluate(task(network="mlp", noc__detail=detail))
    assert outcome.status == "ok", outcome.error
    run = ohmsum.run("mlp", "isaac", overrides={"noc.detail": detail})
    assert outcome.metrics["latency_s"] == run.latency_s
    assert outcome.metrics["energy_j"] == run.energy.total_j


# Stages used again


def task(**fields: Any) -> Task:
    dotted = {name.replace("__", "."): value for name, value in fields.items()}
    return Task.of(Point.of({"network": "lenet5", "chip": "isaac", **dotted}))


def test_mapping_is_made_once_where_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    mapped = confirm.mapped

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return mapped(*arguments)

    monkeypatch.setattr(confirm, "mapped", counted)
    monkeypatch.setattr(reuse, "_MAPPINGS", type(reuse._MAPPINGS)())
    first = evaluate.evaluate(task(tile__adc__energy="3 pJ"))
    assert len(made) == 1, "the first point has none to take"
    other = evaluate.evaluate(task(tile__adc__energy="9 pJ"))
    assert len(made) == 1, "costs do not matter to the mapping"
    assert first.status == other.status == "ok"
    assert first.metrics["energy_j"] != other.metrics["energy_j"]
    for changed in (
        task(tile__crossbar__rows=256),
        task(noc__flit="128 bit"),
        task(tile__adc__rate="0.5 GHz"),
        task(network="mlp"),
        task(mapping__replicate=False),
        task(n_chips=2),
    ):
        before = len(made)
        assert evaluate.evaluate(changed).status == "ok"
        assert len(made) == before + 1


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "systolic"])
@pytest.mark.parametrize("network", ["lenet5", "kws-lstm", "resnet18"])
def test_mapping_looks_at_no_field_that_is_left_out(
    monkeypatch: pytest.MonkeyPatch, chip: str, network: str
) -> None:
    """Record what the mapping reads of the chip."""
    model = ohmsum.load_network(network)
    parts = ohmsum.load_chip(chip, n_chips=2 if chip != "systolic" else None)
    read: set[tuple[str, str]] = set()
    plain = Component.__getattribute__

    def recorded(self: Component, name: str) -> Any:
        if name in type(self).model_fields:
            read.add((type(self).__name__, name))
        return plain(self, name)

    monkeypatch.setattr(Component, "__getattribute__", recorded)
    for options in (MappingOptions(), MappingOptions(replicate=False, placement="linear")):
        with suppress(SimulationError):  # what does not fit has been looked at as well
            map_network(model, parts, options)
    monkeypatch.undo()
    assert len(read) >= 5
    for part, name in read:
        assert not name.endswith(reuse.COST_SUFFIXES), f"{part}.{name}"
        assert name not in reuse.TEXTS, f"{part}.{name}"


# The page and the store


class _Page(HTMLParser):
    """Reads a page, and finds what it would load and whether its tags match."""

    @staticmethod
    def of(text: str) -> _Page:
        page = _Page()
        page.feed(text)
        page.close()
        assert not page.open, f"never closed: {page.open}"
        return page

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href", "onload"} & {name for name, _ in attrs}, "loads nothing"
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_has_every_point(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = SMALL + "objectives: {latency_s: minimize, energy_j: minimize, tops: maximize}\n"
    assert main(["sweep", str(write(tmp_path, text)), "--jobs", "1", "--html", str(page)]) == 0
    found = _Page.of(page.read_text(encoding="utf-8"))
    plots, points = 3 * 3, 3 * 2 * 8 + 3 * 8
    assert found.seen.count("svg") == plots, "three pairs of objectives, two networks and both together"
    assert found.seen.count("circle") == points
    assert "min.js" not in page.read_text(encoding="utf-8")


def test_a_second_call_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, SMALL)
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    before = stored(tmp_path / "space.sqlite")
    capsys.readouterr()
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    assert re.search(rf"0 run in \d+ s by 1 process, {N_SMALL} from the store", " ".join(out.split()))
    assert err == ""
    assert stored(tmp_path / "space.sqlite") == before


def test_a_larger_sweep_goes_on_with_the_same_store(tmp_path: Path) -> None:
    store = tmp_path / "all.sqlite"
    small = write(tmp_path, SMALL)
    large = write(tmp_path, SMALL.replace("[6, 8]", "[6, 7, 8]"), "large.yaml")
    assert main(["sweep", str(small), "--jobs", "1", "--store", str(store)]) == 0
    before = stored(store)
    assert main(["sweep", str(large), "--jobs", "1", "--store", str(store)]) == 0
    after = stored(store)
    assert after[: len(before)] == before
    assert len(after) == N_SMALL * 3 // 2


def test_a_changed_chip_file_is_another_point(tmp_path: Path) -> None:
    chip = tmp_path / "chip.yaml"
    text = ohmsum.arch.to_yaml(ohmsum.load_chip("isaac"))
    chip.write_text(text, encoding="utf-8")
    file = write(tmp_path, f"fixed: {{chip: {chip}, network: mlp}}\nvary: {{tile.adc.bits: [6, 7]}}\n")
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    assert len(stored(tmp_path / "space.sqlite")) == 2
    chip.write_text(text + "\n# a remark\n", encoding="utf-8")
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    assert len(stored(tmp_path / "space.sqlite")) == 4


def test_a_defect_is_a_row_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Task) -> Any:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr(evaluate, "run", broken)
    file = write(tmp_path, "fixed: {chip: isaac, network: mlp}\nvary: {tile.adc.bits: [6]}\n")
    assert main(["sweep", str(file), "--jobs", "1"]) == 1
    assert "a defect of ohmsum: ZeroDivisionError: by design" in capsys.readouterr().out
    (row,) = stored(tmp_path / "space.sqlite")
    assert "Traceback" in row[6]
