"""Does everything in the documentation work as it is written there?

Blocks of a page run from top to bottom in one folder: ``sh`` as a user would type it, ``python`` in one
session, ``yaml`` after ``<!-- file: NAME -->`` is written to that file. ``<!-- exit N -->`` says that a
command is meant to fail, ``<!-- not run: WHY -->`` leaves a block out.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ohmsum.tools.cli import COMMANDS, main
from ohmsum.tools.cli import command as command_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
MARK = re.compile(r"not run: .{8,}|file: (?P<file>[\w.-]+)|exit (?P<exit>[12])")
SHELL = set("|&;><$`*")
"""A command with one of these needs a shell."""


@dataclass(frozen=True)
class Block:
    """One piece of code of a page."""

    place: str
    language: str
    text: str
    mark: str

    @property
    def is_run(self) -> bool:
        return not self.mark.startswith("not run")


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        # Not ours: directives of Sphinx, and the transcripts that `test_claims` runs and compares.
        if not match["language"].startswith("{") and match["language"] != "console":
            line = text[: match.start("text")].count("\n")
            yield Block(f"{page.name}:{line}", match["language"], match["text"], match["mark"] or "")


def name_of(page: Path) -> str:
    return str(page.relative_to(DOCS))


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(b.is_run for b in blocks(p))], ids=name_of)
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session: dict[str, Any] = {"__name__": page.stem}
    for block in blocks(page):
        if not block.is_run:
            continue
        if block.language == "yaml":
            (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.text, block.place, "exec"), session)
        else:
            expected = int(block.mark.removeprefix("exit ")) if block.mark else 0
            for command in block.text.replace("\\\n", " ").splitlines():
                assert run(command) == expected, f"{block.place}: {command}"


def run(command: str) -> int:
    """Exit code of a command; ours run in this process, which has the compiled engine already."""
    words = shlex.split(command)
    if words[0] == "ohmsum" and not SHELL & set(command):
        return main(words[1:])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(["sh", "-c", command], env={**os.environ, "PATH": path}, check=False).returncode


def test_every_block_is_run_or_says_why_not() -> None:
    found = [block for page in PAGES for block in blocks(page)]
    assert len(found) > 40
    for block in found:
        assert block.language in ("sh", "python", "yaml"), f"{block.place}: {block.language!r}"
        assert not block.mark or MARK.fullmatch(block.mark), f"{block.place}: {block.mark!r}"
        if block.language == "yaml":
            assert block.mark, f"{block.place}: neither a file nor left out"
    assert sum(not block.is_run for block in found) <= 5


def test_sphinx_has_no_complaint(tmp_path: Path) -> None:
    """Every page is in a table of contents, references lead somewhere, docstrings are well formed."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "trees")]
    done = subprocess.run([*command, str(DOCS), str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rules = (tmp_path / "background" / "engine-rules.html").read_text(encoding="utf-8")
    assert "Phase 2, issue" in rules, "the docstring is on the page"


def test_no_block_is_overlooked() -> None:
    for page in PAGES:
        fences = len(re.findall(r"^\s*```", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert fences == 2 * len(BLOCK.findall(page.read_text(encoding="utf-8"))), page


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([\w./-]+\.md)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_reference_of_the_commands_is_what_they_say() -> None:
    """The page is made of the commands' own help; on a difference the new one is written beside it."""
    page = DOCS / "reference" / "commands.md"
    made = reference()
    if made != page.read_text(encoding="utf-8"):
        page.with_suffix(".md.new").write_text(made, encoding="utf-8")
        pytest.fail(f"commands or options changed: look at {page}.new and move it over {page.name}")


def reference() -> str:
    """Every command with its arguments and options."""
    head = (
        "# Commands\n\n`ohmsum COMMAND --help` says the same. Exit codes: 0 all went well; 1 a regression, a "
        "contradiction, or no point\nthat could be; 2 a mistake of yours, told in one or two lines; 130 "
        "interrupted.\n"
    )
    parts = [head]
    for name in COMMANDS:
        command = command_of(name)
        arguments = [p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument"]
        about = " ".join(command.help.split("\n\n")[0].split())
        parts.append(f"## `{' '.join(['ohmsum', name, *arguments])}`\n\n{about}\n")
        for p in command.params:
            if p.param_type_name == "option" and p.name != "help":
                value = "" if p.is_flag else f" {p.metavar or p.name.upper()}"
                parts.append(f"`{', '.join(p.opts)}{value}`\n: {p.help}\n")
    return "\n".join(parts)


def test_every_assumption_of_the_source_is_on_a_page() -> None:
    """Every module of the mapping and the lowering that explains itself is quoted."""
    text = (DOCS / "background" / "mapping.md").read_text(encoding="utf-8")
    quoted = set(re.findall(r"automodule:: ohmsum\.(\S+)", text))
    plumbing = {"context", "stage", "connect", "mapping", "options", "__init__"}
    root = DOCS.parent
    for folder in ("mapping", "lowering"):
        for file in (root / "sim" / folder).glob("*.py"):
            if file.stem not in plumbing:
                assert f"sim.{folder}.{file.stem}" in quoted, f"{file} is not on the page"
