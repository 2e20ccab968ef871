"""Does everything in the README work as it is written there?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ohmsum.sim.report.terminal import PIPE_WIDTH

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
PICTURE = re.compile(r"<!-- picture: (?P<command>.+) -->\n```text\n(?P<text>.*?)```\n", re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def tour() -> list[str]:
    """The commands of the five-minute tour."""
    return [line for block in blocks("sh") for line in block.splitlines() if line.startswith("ohmsum")]


def setup() -> list[str]:
    """The commands for a fresh machine."""
    return [
        line for block in blocks("sh") for line in block.splitlines() if line.startswith("python3 -m venv")
    ]


def shell(command: str, folder: Path) -> str:
    """Run a command as a user would, with the `ohmsum` of this interpreter on the path."""
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole tour: later commands use files of earlier ones."""
    return tmp_path_factory.mktemp("tour")


def test_the_tour_is_found() -> None:
    assert len(tour()) >= 10
    assert len(setup()) == 2


@pytest.mark.xdist_group("tour")
def test_commands_of_the_tour(folder: Path) -> None:
    for command in tour():
        output = shell(command, folder)
        assert output or ">" in command
    assert (folder / "result.json").exists()
    assert (folder / "results" / "report.txt").exists()


def test_python_of_the_tour(folder: Path) -> None:
    (code,) = blocks("python")
    (folder / "tour.py").write_text(code, encoding="utf-8")
    assert "%" in shell("python tour.py", folder)


def test_picture_is_what_the_command_prints(tmp_path: Path) -> None:
    match = PICTURE.search(TEXT)
    assert match is not None
    printed = shell(match["command"], tmp_path)
    if printed != match["text"]:
        new = README.with_suffix(".md.new")
        start, end = match.span("text")
        new.write_text(TEXT[:start] + printed + TEXT[end:], encoding="utf-8")
        pytest.fail(
            f"the picture differs; compare {new} with {README} and move it over if the change is meant"
        )
    assert max(map(len, printed.splitlines())) <= PIPE_WIDTH


def test_ci_runs_the_test_command() -> None:
    """What the README promises to pass is what is checked."""
    command = setup()[1].rpartition("&& .venv/bin/")[2]
    assert command == "python -m pytest -n auto"
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == command
    assert "pip install -e '.[test]'" in setup()[1]


def test_files_that_are_named_exist() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md"):
        named = re.findall(
            r"`((?:arch|sim|tools|workloads|tests)/[\w./-]*[\w/])`", page.read_text(encoding="utf-8")
        )
        assert named
        missing = [name for name in named if not (ROOT / name).exists() and "NAME" not in name]
        assert not missing, f"{page.name} names {missing}"
