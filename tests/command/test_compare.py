"""Two results beside each other: every difference, where it lies, and why."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ohmsum.sim.job.perform import run as perform_run
from ohmsum.sim.mapping.options import MappingOptions
from ohmsum.tools.cli import main
from ohmsum.tools.compare.changes import change_text
from ohmsum.tools.compare.comparison_text import headline
from ohmsum.tools.compare.difference import Difference, difference
from ohmsum.tools.compare.read import read_result
from ohmsum.tools.compare.snapshot import ResultSnapshot

from ..kit.jobs import job


def result(*sets: str, network: str = "lenet5", replicate: bool = True, **options: Any) -> dict[str, Any]:
    mapping = MappingOptions(placement="linear", replicate=replicate)
    return perform_run(job(network, "isaac", sets, mapping=mapping, **options)).to_json()


@pytest.fixture(scope="module")
def base() -> dict[str, Any]:
    return result()


@pytest.fixture(scope="module")
def slower() -> dict[str, Any]:
    return result("tile.adc.rate=640 MHz")


def compared(old: dict[str, Any], new: dict[str, Any]) -> Difference:
    return difference(ResultSnapshot.of(old), ResultSnapshot.of(new))


@pytest.fixture(scope="module")
def files(base: dict[str, Any], slower: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("results")
    for name, value in (("a", base), ("b", slower)):
        (folder / f"{name}.json").write_text(json.dumps(value))
    return str(folder / "a.json"), str(folder / "b.json")


def test_splits_add_up_to_the_change_of_the_whole(base: dict[str, Any], slower: dict[str, Any]) -> None:
    found = compared(base, slower)
    whole = {
        "latency_s": slower["latency_s"] - base["latency_s"],
        "energy_j": slower["energy_j"] - base["energy_j"],
    }
    assert whole["latency_s"] > 0
    for split in found.splits:
        if split.figure in whole:
            assert sum(c.delta for c in split.changes) == pytest.approx(whole[split.figure], rel=1e-9)
        sizes = [abs(c.delta) for c in split.changes]
        assert sizes == sorted(sizes, reverse=True)


def test_the_changed_field_is_the_likely_cause(base: dict[str, Any], slower: dict[str, Any]) -> None:
    found = compared(base, slower)
    assert (found.causes[0].kind, found.causes[0].subject) == ("chip", "tile.adc.rate")
    assert "1.28 GHz -> 640 MHz" in found.causes[0].text
    assert "tile.adc.rate" in headline(found)
    assert found.split("latency by class of resource").changes[0].name == "adc"


def test_of_two_changed_fields_the_one_of_the_class_that_moved_comes_first(base: dict[str, Any]) -> None:
    found = compared(base, result("host.bandwidth=20 GB/s", "tile.adc.rate=100 MHz"))
    chip = [cause for cause in found.causes if cause.kind == "chip"]
    # the power of an ADC follows its rate: a consequence, after everything that was set
    assert [cause.subject for cause in chip] == ["tile.adc.rate", "host.bandwidth", "tile.adc.power"]
    assert "follows from what was set" in chip[-1].text


def test_area_moves_with_its_part(base: dict[str, Any]) -> None:
    found = compared(base, result("tile.adc.area=2400 um2"))
    (change,) = found.split("area by part").changes
    # 168 tiles of 96 ADCs, each larger by 1200 um2
    assert (change.name, change.delta) == ("tile.adc", pytest.approx(168 * 96 * 1.2e-3))


def test_a_result_does_not_differ_from_itself(
    base: dict[str, Any], capsys: pytest.CaptureFixture[str], files: Any
) -> None:
    found = compared(base, base)
    assert found.is_empty
    assert not found.causes
    assert main(["compare", files[0], files[0]]) == 0
    assert "No figure differs" in capsys.readouterr().out


def test_mapping_options_and_replicas_are_told(base: dict[str, Any]) -> None:
    found = compared(base, result(replicate=False))
    told = {(cause.kind, cause.subject) for cause in found.causes}
    assert ("options", "replicate") in told
    assert ("mapping", "conv1") in told


def test_another_network_is_told_first(base: dict[str, Any]) -> None:
    found = compared(base, result(network="mlp"))
    assert found.causes[0].kind == "network"
    assert "layers gone" in " ".join(cause.text for cause in found.causes)


def test_another_version_is_told(base: dict[str, Any]) -> None:
    other = json.loads(json.dumps(base))
    other["provenance"]["version"] = "0.0.1"
    other["provenance"]["program_hash"] = "0" * 64
    kinds = [cause.kind for cause in compared(other, base).causes]
    assert kinds == ["version", "program"]


def test_small_changes_do_not_print_as_none() -> None:
    assert change_text(1.0, 1.00001) == "+0.001 %"
    assert change_text(1.0, 1.0 + 1e-9) not in ("0 %", "+0.0 %", "+0.000 %")
    assert change_text(3.0, 3.0) == "0 %"


def test_table_fits(files: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *files]) == 0
    text = capsys.readouterr().out
    assert "latency_s" in text
    assert "worse" in text
    assert max(map(len, text.splitlines())) <= 320


def test_json_is_complete(
    files: Any, capsys: pytest.CaptureFixture[str], base: dict[str, Any], slower: dict[str, Any]
) -> None:
    assert main(["compare", *files, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    latency = next(c for c in found["figures"] if c["name"] == "latency_s")
    assert latency == {
        "name": "latency_s",
        "old": base["latency_s"],
        "new": slower["latency_s"],
        "delta": slower["latency_s"] - base["latency_s"],
        "verdict": "worse",
    }


def test_markdown_tables_have_as_many_cells_as_headings(
    files: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *files, "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    width = 0
    for i, line in enumerate(lines):
        if line.startswith("|"):
            cells = line.replace("\\|", "").count("|")
            if not lines[i - 1].startswith("|"):
                width = cells
            assert cells == width, line


class _Page(HTMLParser):
    """Counts rows, and whether the page asks for anything from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0
        self.outside: list[str] = []

    def handle_starttag(self, tag: Any, attrs: Any) -> None:
        self.rows += tag == "tr"
        self.outside += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href")]
        self.outside += [tag] if tag in ("script", "link", "img") else []


def test_html_is_one_page(files: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *files, "--format", "html"]) == 0
    page = _Page()
    page.feed(capsys.readouterr().out)
    assert page.rows > 10
    assert page.outside == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no valid JSON"),
        ("[1]", "found no JSON object"),
        ("{}", "no schema, expected 'ohmsum-result/2'"),
        ('{"schema": "ohmsum-result/0"}', "no complete result"),
        ('{"schema": "other/1"}', "schema 'other/1', expected 'ohmsum-result/2'"),
        ('{"schema": "ohmsum-result/2"}', "no complete result"),
        ('{"schema": "ohmsum-result/2", "critical_path_summary": 3}', "no complete result"),
    ],
)
def test_a_file_that_is_no_result_is_refused(
    tmp_path: Path, files: Any, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    assert main(["compare", files[0], str(bad)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert str(bad) in error
    assert len(error.splitlines()) <= 2


def test_a_missing_file_a_folder_and_a_wrong_format_are_refused(
    tmp_path: Path, files: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", files[0], str(tmp_path / "none.json")]) == 2
    assert "No such file" in capsys.readouterr().err
    assert main(["compare", str(tmp_path), files[0]]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["compare", *files, "--format", "pdf"]) == 2
    assert "expected table, markdown, json or html" in capsys.readouterr().err


def test_results_read_back_as_they_were(files: Any, base: dict[str, Any]) -> None:
    from pathlib import Path

    assert read_result(Path(files[0])) == json.loads(json.dumps(base))
