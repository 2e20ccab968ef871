"""A language model, a service, a training step and real data: asked at every door, with the same answer."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from ohmsum.sim.figures import find
from ohmsum.tools.cli import main

from ..kit.four_questions import FIVE_PER_CENT, METRICS, QUESTIONS, write_inputs
from ..kit.sweeps import write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("four")
    write_inputs(made)
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def command_of(question: dict[str, Any]) -> list[str]:
    """The same question on the command line."""
    words = [question["network"]]
    for name, value in question.items():
        if name == "replicate":
            words.append("--no-replicate")
        elif value is True:
            words.append(f"--{name}")
        elif name != "network":
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def result_of(name: str, folder: Path, **changes: str) -> Path:
    """The result file of a question."""
    file = folder / f"{name}-{len(changes)}.json"
    if not file.exists():
        sets = [word for path, value in changes.items() for word in ("--set", f"{path}={value}")]
        assert main(["run", *command_of(QUESTIONS[name]), *sets, "--json", str(file)]) == 0
    return file


def figure(file: Path, name: str) -> float:
    value: Any = json.loads(file.read_text(encoding="utf-8"))
    for step in name.split("."):
        value = value[step]
    return float(value)


def suite_of(changes: dict[str, dict[str, str]]) -> str:
    cases = [
        {"name": name, **question, "metrics": {METRICS[name]: "1 %"}, "set": changes.get(name, {})}
        for name, question in QUESTIONS.items()
    ]
    return json.dumps({"cases": cases}, indent=1)


def test_a_suite_passes_and_fails_on_five_per_cent_with_layer_and_field(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(here, suite_of({}), "team.ohmsum.yaml")
    assert main(["check", str(file), "--jobs", "1", "--update"]) == 0
    assert main(["check", str(file), "--jobs", "1"]) == 0
    assert "4 of 4 cases passed" in capsys.readouterr().out
    write(here, suite_of(FIVE_PER_CENT), "team.ohmsum.yaml")
    assert main(["check", str(file), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    for name in QUESTIONS:
        part = said[said.index(f"FAIL   {name}") :].partition("\n\n")[0]
        ((field, value),) = FIVE_PER_CENT[name].items()
        assert f"{METRICS[name]}: " in part
        assert "layer that moved most: " in part
        assert f"changed: {field}: " in part
        assert value.partition(" ")[0][:4] in part


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_sweep_finds_what_a_run_finds(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ((field, value),) = FIVE_PER_CENT[name].items()
    record = find(METRICS[name])
    assert record is not None
    better = "maximize" if record.better == "more" else "minimize"
    spec = {"fixed": QUESTIONS[name], "vary": {field: [value]}, "objectives": {METRICS[name]: better}}
    file = write(here, json.dumps(spec), f"{name}.yaml")
    assert main(["sweep", str(file), "--jobs", "1", "--csv", "-"]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert row["status"] == "ok", row["error"]
    assert float(row[METRICS[name]]) == figure(result_of(name, here, **FIVE_PER_CENT[name]), METRICS[name])
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert f"Pareto front of {QUESTIONS[name]['network']}: 1 of 1 points" in said


@pytest.mark.parametrize("name", QUESTIONS)
def test_compare_tells_what_moved_and_why(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [result_of(name, here), result_of(name, here, **FIVE_PER_CENT[name])]
    capsys.readouterr()
    assert main(["compare", *map(str, files), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (change,) = (c for c in found["figures"] if c["name"] == METRICS[name])
    assert (change["old"], change["new"]) == tuple(figure(file, METRICS[name]) for file in files)
    assert change["verdict"] == "worse"
    assert found["causes"][0]["subject"] == next(iter(FIVE_PER_CENT[name]))
    assert found["splits"]["latency by layer"]
    assert found["notes"] == []


def test_parts_of_a_language_model_add_up(here: Path) -> None:
    """Layers and components to the energy; layers and classes to the time of the phases."""
    for name in ("language", "service"):
        found = json.loads(result_of(name, here).read_text(encoding="utf-8"))
        for parts in ("energy_by_layer_j", "energy_by_component_j"):
            assert sum(found[parts].values()) == pytest.approx(found["energy_j"], rel=1e-9)
        path = found["critical_path_summary"]
        by_layer, by_class = (sum(path[key].values()) for key in ("by_layer_s", "by_class_s"))
        assert by_layer == pytest.approx(by_class, rel=1e-9)
        assert 0 < by_layer <= found["total_s"] * (1 + 1e-9)


def test_another_version_of_the_format_is_compared_on_what_both_have(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = json.loads(result_of("language", here).read_text(encoding="utf-8"))
    old["schema"] = "ohmsum-language/1"
    for newer in ("critical_path_summary", "energy_by_layer_j", "chip_fields", "kind", "power_w"):
        old.pop(newer)
    file = write(here, json.dumps(old), "old.json")
    new = result_of("language", here, **FIVE_PER_CENT["language"])
    assert main(["compare", str(file), str(new)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "results of other formats (ohmsum-language/1, ohmsum-result/2): compared on what both have" in said
    assert "only in one of them: power_w" in said
    assert "tokens_per_s" in said
    assert "Latency by layer" not in said
    assert "(not given)" not in said, "what one of them does not list has not been changed"
    assert "layers gone" not in said


def test_an_inference_and_a_generation_are_compared_on_what_both_have(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(result_of("data", here)), str(result_of("language", here))]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "other kinds of answers (inference, generation): compared on what both have" in said
