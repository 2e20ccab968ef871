"""Suites: what moves is told with the layer and the field, and nothing else fails them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from ohmsum import arch
from ohmsum.tools.check.check import check
from ohmsum.tools.check.golden import Golden
from ohmsum.tools.check.judge import judge
from ohmsum.tools.check.measure import Measured
from ohmsum.tools.check.suite import load_suite
from ohmsum.tools.check.tolerance import Direction, Metric
from ohmsum.tools.cli import main
from ohmsum.tools.errors import SuiteError

SUITE = """\
name: team
metrics:
  latency_s: 0.5 %
  energy_j: {tolerance: 2 %, better: lower}
cases:
  - network: lenet5
    chip: chip.yaml
    placement: linear
  - name: small
    network: mlp
    chip: chip.yaml
    batch: 3
    set: {tile.adc.bits: 7}
    metrics: {utilization.adc: 5 %, layers.fc1.latency_s: 0.5 %}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chip.yaml").write_text(arch.to_yaml(arch.load("isaac")))
    (tmp_path / "team.ohmsum.yaml").write_text(SUITE)
    return tmp_path


def change(folder: Path, old: str, new: str, file: str = "chip.yaml") -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def checked(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["check", str(folder / "team.ohmsum.yaml"), "--jobs", "1", *arguments])
    return code, capsys.readouterr().out


def test_options_of_the_mapping_have_two_names(folder: Path) -> None:
    change(folder, "    placement: linear", "    mapping.placement: linear", "team.ohmsum.yaml")
    assert load_suite(folder / "team.ohmsum.yaml").cases[0].job.mapping.placement == "linear"
    change(folder, "    mapping.placement: linear", "    mapping: {placement: anneal}", "team.ohmsum.yaml")
    assert load_suite(folder / "team.ohmsum.yaml").cases[0].job.mapping.placement == "anneal"
    change(folder, "placement: anneal", "placement: best", "team.ohmsum.yaml")
    with pytest.raises(
        SuiteError, match=r"yaml:8: cases\.0\.mapping\.placement: found 'best', expected 'linear'"
    ):
        load_suite(folder / "team.ohmsum.yaml")


def test_a_suite_without_goldens_fails_and_passes_once_accepted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = checked(folder, capsys)
    assert code == 1
    assert "without a golden" in text
    code, text = checked(folder, capsys, "--update")
    assert code == 0
    assert "wrote" in text
    code, text = checked(folder, capsys)
    assert code == 0
    assert "2 of 2 cases passed" in text


def test_five_per_cent_of_the_adc_rate_fail_with_metric_layer_and_field(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    change(folder, "rate: 1.28 GHz", "rate: 1.216 GHz")
    code, text = checked(folder, capsys)
    assert code == 1
    assert re.search(r"latency_s: .* -> .* \+1\.\d %", text)
    assert "layer that moved most: conv2" in text
    assert "changed: tile.adc.rate: 1.28 GHz -> 822.368 ps (1.216 GHz)" in text


def test_update_shows_the_difference_before_it_writes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    change(folder, "rate: 1.28 GHz", "rate: 640 MHz")
    golden = folder / "team.ohmsum.golden.json"
    before = golden.read_text()
    code, text = checked(folder, capsys, "--update")
    assert code == 0
    assert text.index("tile.adc.rate") < text.index("wrote")
    assert golden.read_text() != before
    assert checked(folder, capsys)[0] == 0


def test_getting_better_passes_and_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked(folder, capsys, "--update")
    change(folder, "read_time: 100 ns", "read_time: 50 ns")
    change(folder, "rate: 1.28 GHz", "rate: 2.56 GHz")
    change(folder, ", layers.fc1.latency_s: 0.5 %", "", "team.ohmsum.yaml")
    change(folder, "utilization.adc: 5 %", "utilization.adc: 99 %", "team.ohmsum.yaml")
    code, text = checked(folder, capsys)
    assert code == 0
    assert "better" in text


def test_goldens_carry_provenance_and_know_no_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    text = (folder / "team.ohmsum.golden.json").read_text()
    found = json.loads(text)
    assert found["schema"] == "ohmsum-golden/1"
    provenance = found["cases"]["small"]["snapshot"]["provenance"]
    assert {"version", "chip_hash", "network_hash", "program_hash", "seed", "options"} <= provenance.keys()
    assert provenance["options"]["chip"] == "chip.yaml"
    assert str(folder) not in text


def test_goldens_are_the_same_from_one_process_and_from_two(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    one = (folder / "team.ohmsum.golden.json").read_bytes()
    assert main(["check", str(folder / "team.ohmsum.yaml"), "--jobs", "2", "--update"]) == 0
    assert (folder / "team.ohmsum.golden.json").read_bytes() == one


def test_junit_and_markdown_say_what_the_terminal_says(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    change(folder, "rate: 1.28 GHz", "rate: 640 MHz")
    junit, markdown = folder / "junit.xml", folder / "pr.md"
    assert checked(folder, capsys, "--junit", str(junit), "--markdown", str(markdown))[0] == 1
    root = ET.fromstring(junit.read_text())
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "2", "0")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "latency_s" in failure.get("message", "")
    assert "tile.adc.rate" in (failure.text or "")
    assert "| lenet5 on chip | latency\\_s |" in markdown.read_text()
    assert "tile.adc.rate" in markdown.read_text()


def test_a_case_that_cannot_run_is_an_error_and_keeps_its_golden(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    change(
        folder,
        "    placement: linear\n",
        "    placement: linear\n    set: {tile.count: 1}\n",
        "team.ohmsum.yaml",
    )
    change(folder, "network: lenet5", "name: large\n    network: resnet18", "team.ohmsum.yaml")
    code, text = checked(folder, capsys)
    assert code == 1
    assert "ERROR  large" in text
    assert "tiles missing" in text
    assert "goldens without a case: lenet5 on chip" in text
    assert checked(folder, capsys, "--update")[0] == 1


def test_a_golden_of_another_version_is_refused_but_can_be_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(folder, capsys, "--update")
    change(folder, "ohmsum-golden/1", "ohmsum-golden/0", "team.ohmsum.golden.json")
    assert main(["check", str(folder / "team.ohmsum.yaml"), "--jobs", "1"]) == 2
    error = capsys.readouterr().err
    assert "schema 'ohmsum-golden/0', this version of ohmsum reads 'ohmsum-golden/1'" in error
    assert "--update" in error
    code, text = checked(folder, capsys, "--update")
    assert code == 0
    assert "replaced" in text
    assert checked(folder, capsys)[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"schema": "ohmsum-golden/1"}',
        '{"schema": "ohmsum-golden/1", "cases": {"a": {"values": {}, "snapshot": {}}}}',
    ],
)
def test_damaged_goldens_are_refused(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (folder / "team.ohmsum.golden.json").write_text(text)
    assert main(["check", str(folder / "team.ohmsum.yaml"), "--jobs", "1"]) == 2
    error = capsys.readouterr().err
    assert "team.ohmsum.golden.json" in error
    assert len(error.splitlines()) <= 2


BAD = {
    "unknown field of a case": ("    batch: 3", "    batches: 3", 12, "did you mean 'batch'"),
    "unknown field of the chip": ("tile.adc.bits: 7", "tile.adc.bitz: 7", 13, "did you mean 'bits'"),
    "value that the chip refuses": ("tile.adc.bits: 7", "tile.adc.bits: 700", 13, "at most 64"),
    "unknown metric": ("  latency_s: 0.5 %", "  latncy_s: 0.5 %", 3, "did you mean 'latency_s'"),
    "tolerance without unit": ("  latency_s: 0.5 %", "  latency_s: 0.5", 3, "a tolerance such as 1 %"),
    "unknown direction": ("better: lower", "better: smaller", 4, "expected one of lower, higher, same"),
    "unknown field of a metric": ("better: lower", "bettr: lower", 4, "did you mean 'better'"),
    "half a layer metric": ("layers.fc1.latency_s", "layers.fc1", 14, "layers.NAME.FIGURE"),
    "class missing": ("utilization.adc: 5 %", "utilization: 5 %", 14, "utilization.adc"),
    "unknown network": ("network: mlp", "network: mpl", 10, "did you mean 'mlp'"),
    "no chip file": ("    chip: chip.yaml\n    batch", "    chip: chp.yaml\n    batch", 11, "chp.yaml"),
    "text for a number": ("batch: 3", "batch: three", 12, "found 'three', expected a whole number from 1"),
    "batch of none": ("batch: 3", "batch: 0", 12, "found 0, expected a whole number from 1"),
    "list for a mapping": ("set: {tile.adc.bits: 7}", "set: [tile.adc.bits]", 13, "expected NAME=VALUE"),
    "same name twice": ("- network: lenet5", "- name: small\n    network: lenet5", 10, "a second case is"),
    "unknown placement": ("placement: linear", "placement: spiral", 8, "'linear', 'greedy' or 'anneal'"),
    "no cases": (SUITE[SUITE.index("cases:") :], "cases: []\n", 5, "expected at least 1 of them"),
    "key twice": ("    batch: 3", "    batch: 3\n    batch: 4", 13, "is given twice"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_suite_is_told_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str], what: Any
) -> None:
    old, new, line, words = BAD[what]
    change(folder, old, new, "team.ohmsum.yaml")
    assert main(["check", str(folder / "team.ohmsum.yaml")]) == 2
    error = capsys.readouterr().err
    assert f"team.ohmsum.yaml:{line}: " in error
    assert words in error
    assert len(error.splitlines()) <= 2


def test_missing_suite_and_unwritable_report_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(folder / "none.yaml")]) == 2
    assert "No such file" in capsys.readouterr().err
    junit = str(folder / "none" / "junit.xml")
    assert main(["check", str(folder / "team.ohmsum.yaml"), "--junit", junit]) == 2
    assert "--junit" in capsys.readouterr().err


def test_a_chip_file_that_is_wrong_is_told_with_both_places(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, "rate: 1.28 GHz", "rate: 1.28 ohm")
    assert main(["check", str(folder / "team.ohmsum.yaml")]) == 2
    error = capsys.readouterr().err
    assert "team.ohmsum.yaml:7" in error
    assert re.search(r"chip\.yaml:\d+: tile\.adc\.rate", error)


@pytest.fixture(scope="module")
def one_case(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A case and what it gave, to be judged against made-up goldens."""
    folder = tmp_path_factory.mktemp("one")
    (folder / "s.yaml").write_text("cases: [{network: mlp, chip: isaac}]\n")
    found = check(load_suite(folder / "s.yaml"), jobs=1)
    return found.cases[0].case, found.measured["mlp on isaac"]


@pytest.mark.parametrize(
    ("better", "factor", "status"),
    [
        ("lower", 1.02, "regressed"),
        ("lower", 0.98, "improved"),
        ("lower", 1.0099, "ok"),
        ("higher", 0.98, "regressed"),
        ("higher", 1.02, "improved"),
        ("same", 0.98, "regressed"),
        ("same", 1.02, "regressed"),
        ("same", 1.0, "ok"),
    ],
)
def test_the_direction_decides(one_case: Any, better: Direction, factor: float, status: str) -> None:
    case, measured = one_case
    metric = Metric("latency_s", 0.01, better)
    case = type(case)(case.name, case.job, case.given, (metric,), case.place)
    golden = Golden({"latency_s": measured.values["latency_s"]}, measured.snapshot)
    now = Measured({"latency_s": measured.values["latency_s"] * factor}, measured.snapshot)
    judged = judge(case, now, golden)
    assert judged.verdicts[0].status == status
    assert judged.passed == (status in ("ok", "improved"))


def test_a_metric_that_the_result_does_not_have_fails(one_case: Any) -> None:
    case, measured = one_case
    metric = Metric("utilization.photon", 0.01, "same", "suite.yaml:3")
    case = type(case)(case.name, case.job, case.given, (metric,), case.place)
    judged = judge(case, measured, None)
    assert not judged.passed
    assert "suite.yaml:3" in judged.verdicts[0].text
