"""Does one record make a figure: in results, tables, comparisons, suites, sweeps, the reference?"""

from __future__ import annotations

import json
import math
from pathlib import Path

import ohmsum
import pytest
from ohmsum.sim.answers.base import Answer
from ohmsum.sim.answers.run import Run
from ohmsum.sim.figures import FAMILIES, FIGURES, KINDS, Family, Figure, find, of_result
from ohmsum.sim.language import generate
from ohmsum.sim.language.serving import serve
from ohmsum.sim.metrics.work import KINDS as WORK_KINDS
from ohmsum.sim.report.colours import WORK
from ohmsum.tools.cli import main
from ohmsum.workloads.language_model import LanguageModel

from ..kit.small_decoder import decoder, scribe
from ..kit.training_steps import ONE, trainable
from ..kit.training_steps import run as train

PER_TILE = Figure(
    key="energy_per_tile_j",
    unit="J",
    label="energy per tile",
    better="less",
    about="energy",
    meaning="energy over the tiles taken",
    inference=lambda run: run.energy.total_j / run.mapping.tiles_used,
)
"""A figure that nobody else knows: this record is all there is of it."""


@pytest.fixture(scope="module")
def lenet5() -> Run:
    return ohmsum.run("lenet5", "isaac", batch=2)


@pytest.fixture
def per_tile(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(FIGURES, PER_TILE.key, PER_TILE)
    return PER_TILE.key


def test_a_new_figure_is_one_record(
    per_tile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but `PER_TILE` knows it, and every door has it."""
    files = [str(tmp_path / name) for name in ("a.json", "b.json")]
    assert main(["run", "mlp", "--chip", "isaac", "--json", files[0]]) == 0
    assert main(["run", "mlp", "--chip", "isaac", "--set", "tile.adc.rate=0.64 GHz", "--json", files[1]]) == 0
    before, after = (json.loads(Path(file).read_text()) for file in files)
    assert before[per_tile] == before["energy_j"] / before["tiles_used"]
    capsys.readouterr()

    assert main(["compare", *files]) == 0
    (row,) = (line.split() for line in capsys.readouterr().out.splitlines() if per_tile in line)
    assert row[-1] == ("worse" if after[per_tile] > before[per_tile] else "better")

    suite = tmp_path / "suite.yaml"
    suite.write_text(f"metrics: {{{per_tile}: 1 %}}\ncases: [{{network: mlp, chip: isaac}}]\n")
    assert main(["check", str(suite), "--update", "--jobs", "1"]) == 0
    assert main(["check", str(suite), "--jobs", "1"]) == 0
    golden = suite.with_name("suite.golden.json")
    value = json.loads(golden.read_text())["cases"]["mlp on isaac"]["values"][per_tile]
    assert value == before[per_tile]
    capsys.readouterr()

    space = tmp_path / "space.yaml"
    space.write_text(
        "fixed: {chip: isaac, network: mlp}\nvary: {tile.adc.rate: [0.64 GHz, 1.28 GHz]}\n"
        f"objectives: {{latency_s: minimize, {per_tile}: minimize}}\n"
    )
    assert main(["sweep", str(space), "--jobs", "1", "--csv", str(tmp_path / "points.csv")]) == 0
    assert per_tile in capsys.readouterr().out
    assert per_tile in (tmp_path / "points.csv").read_text().splitlines()[0].split(",")


def test_a_new_figure_in_python(per_tile: str) -> None:
    run = ohmsum.run("mlp", "isaac")
    assert run.figures[per_tile] == run.figure(per_tile) == run.energy.total_j / run.mapping.tiles_used
    table = run.to_pandas("figures").set_index("figure")
    assert table.loc[per_tile, "label"] == "energy per tile"


def answers() -> dict[str, Answer]:
    model = LanguageModel.of(decoder())
    return {
        "inference": ohmsum.run("mlp", "isaac", batch=3),
        "requests": ohmsum.run("mlp", "isaac", batch=20, arrival="every 1 us"),
        "training": train(ONE, trainable(tile__crossbar__cell__endurance="1e6"), 2, 10),
        "generation": generate(model, scribe(), prefill=4, decode=3, batch=2),
        "serving": serve(model, scribe(), arrival="every 1 us", requests=5, prefill=3, decode=2, batch=2),
    }


def test_results_hold_every_figure_at_its_place() -> None:
    """What an answer knows, its result file has at the place of the key, and no other numbers."""
    seen: set[str] = set()
    for name, answer in answers().items():
        read = json.loads(json.dumps(answer.to_json()))
        assert of_result(read) == answer.figures, name
        assert all(math.isfinite(value) for value in answer.figures.values())
        assert all(answer.kind in FIGURES[key].kinds for key in answer.figures)
        seen |= set(answer.figures)
    rare = {key for key in FIGURES if key.startswith("swap.")}
    assert set(FIGURES) - seen == rare, "a figure that no kind of answer gives"


def test_figures_of_parts_add_up(lenet5: Run) -> None:
    parts = {family.key: family.of(lenet5) or {} for family in FAMILIES}
    energy_j = lenet5.figures["energy_j"]
    assert math.fsum(parts["energy_by_component_j.*"].values()) == pytest.approx(energy_j)
    assert math.fsum(parts["layers.*.energy_j"].values()) == pytest.approx(energy_j)
    for family in FAMILIES:
        for part, value in parts[family.key].items():
            assert lenet5.figure(family.name(part)) == value


def test_records_are_sound() -> None:
    """A name is of one record; units are those that texts know; every record is of some kind of answers."""
    units = {"s", "/s", "J", "Js", "W", "mm2", "B", "TOPS", "TOPS/W", "TOPS/mm2", "share", "dB", "bit", ""}
    records: list[Figure | Family] = [*FIGURES.values(), *FAMILIES]
    for record in records:
        assert record.unit in units
        assert record.kinds
        assert set(record.kinds) <= set(KINDS)
        assert record.label
        assert record.meaning
    for key in FIGURES:
        assert not any(family.member(key) for family in FAMILIES), key
    assert find("layers.a.b.energy_j") is find("layers.c.energy_j") is not None
    assert find("layers.energy_j") is None
    assert find("latency") is None


def test_every_kind_of_work_has_a_colour() -> None:
    assert set(WORK) == set(WORK_KINDS)
    assert len(set(WORK.values())) == len(WORK)
