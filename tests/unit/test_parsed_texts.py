"""Are values of chip files kept between processes, and never an old one of another text?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.arch import parsed_texts
from ohmsum.arch.errors import ConfigError
from ohmsum.arch.yaml_text import read_text

LONG = "name: long\n" + "".join(f"field_{i}: {i}\n" for i in range(100))


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))


def test_a_kept_value_is_that_of_the_text() -> None:
    first = read_text(LONG, "a.yaml")
    assert parsed_texts.get(LONG) == (True, first.value)
    again = read_text(LONG, "b.yaml")
    assert again.value == first.value
    assert again.place(("field_7",)) == "b.yaml:9"
    assert parsed_texts.get(LONG + "more: 1\n") == (False, None)


def test_a_changed_value_changes_nothing_that_is_kept() -> None:
    read_text(LONG, "a.yaml").value["field_3"] = "mine"
    assert read_text(LONG, "a.yaml").value["field_3"] == 3


def test_a_damaged_file_is_read_from_the_text() -> None:
    read_text(LONG, "a.yaml")
    for file in parsed_texts.folder().iterdir():
        file.write_text("{", "utf-8")
    assert read_text(LONG, "a.yaml").value["field_99"] == 99


def test_the_folder_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_texts, "MOST_FILES", 6)
    for i in range(20):
        read_text(f"{LONG}last: {i}\n", "a.yaml")
    assert len(list(parsed_texts.folder().iterdir())) <= 6


def test_a_mistake_in_a_kept_text_still_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = arch.to_yaml(arch.load("isaac")).replace("kind: sar", "kind: snail")
    path.write_text(text, "utf-8")
    line = text[: text.index("kind: snail")].count("\n") + 1
    for _ in range(2):
        with pytest.raises(ConfigError, match=rf"mine.yaml:{line}: tile.adc.kind: found 'snail'"):
            arch.load(path)


def test_a_known_chip_loads_without_a_parser() -> None:
    script = "import sys\nfrom ohmsum import arch\narch.load('isaac')\nprint('ruamel.yaml' in sys.modules)"
    said = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]


def test_the_list_of_chips_needs_no_schema_once_it_is_known() -> None:
    """The second time neither the parser nor the schema is loaded, and the text is the same."""
    script = (
        "import sys\nfrom ohmsum.tools.cli import main\nmain(['chips'])\n"
        "print('ohmsum.arch.chip' in sys.modules, 'ruamel.yaml' in sys.modules)"
    )
    said = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said[0].endswith("True True\n")
    assert said[1].endswith("False False\n")
    assert said[0].splitlines()[:-1] == said[1].splitlines()[:-1]
