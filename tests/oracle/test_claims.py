"""Does every command of docs/claims.md still print what the page says it prints?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ohmsum.tools.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "claims.md"
TOLERANCE = 0.2
"""Numbers of the page may lag behind the model by this; words may not."""

BLOCKS = re.findall(r"```console\n\$ ohmsum ([^\n]+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[+-]?\d+)?")


def shape(line: str) -> str:
    """A line without its numbers, bars and blanks."""
    return " ".join(NUMBER.sub("#", line.rstrip("# ")).split())


def agree(said: str, printed: str) -> bool:
    """Whether two lines have the same words and, but for percentages, nearly the same numbers."""
    if shape(said) != shape(printed):
        return False
    pairs = zip(NUMBER.finditer(said), NUMBER.finditer(printed), strict=True)
    return all(
        said[a.end() :].lstrip().startswith("%") or float(a[0]) == pytest.approx(float(b[0]), rel=TOLERANCE)
        for a, b in pairs
    )


def test_the_page_has_commands() -> None:
    assert len(BLOCKS) >= 10


@pytest.mark.parametrize(("command", "said"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_a_command_prints_what_the_page_says(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--plain"]) in (0, 1)
    printed = capsys.readouterr().out.splitlines()
    for line in said.splitlines():
        assert any(agree(line, other) for other in printed), line


@pytest.mark.parametrize(
    ("said", "printed", "same"),
    [
        ("peak 100 TOPS", "peak 110 TOPS", True),
        ("peak 100 TOPS", "peak 150 TOPS", False),
        ("peak 100 TOPS", "best 100 TOPS", False),
        ("array 31 60 fJ ####", "array 30 61 fJ ##", True),
        ("error -65.9% predicted", "error -20.0% predicted", True),
    ],
)
def test_lines_agree_by_words_and_nearly_by_numbers(said: str, printed: str, same: bool) -> None:
    assert agree(said, printed) is same
