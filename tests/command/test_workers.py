"""Work in several processes: order, deaths, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ohmsum.tools.errors import UsageError
from ohmsum.tools.workers import local


def doubled(item: int) -> int:
    return 2 * item


def deadly_at_three(item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def deadly_once(item: str) -> str:
    path = Path(item)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_are_in_the_order_of_the_items(jobs: int) -> None:
    seen: list[int] = []
    with local(jobs) as workers:
        assert workers.map(doubled, range(20), seen.append) == list(range(0, 40, 2))
    assert seen == list(range(1, 21))


def test_an_item_that_kills_its_worker_is_told_apart_from_those_beside_it() -> None:
    with local(2) as workers:
        assert workers.map(deadly_at_three, range(8), died=lambda item: -item) == [0, 2, 4, -3, 8, 10, 12, 14]
        assert workers.map(doubled, range(3)) == [0, 2, 4], "and the workers go on"


def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    items = [str(tmp_path / name) for name in "abc"]
    with local(2) as workers:
        for name in items[1:]:
            Path(name).touch()
        assert workers.map(deadly_once, items) == ["a", "b", "c"]


def test_without_a_rule_for_the_dead_the_item_is_named() -> None:
    with local(2) as workers, pytest.raises(UsageError, match="died twice at 3"):
        workers.map(deadly_at_three, range(8))


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    """Their pids are written by the workers themselves; stderr, which they inherit, closes in the end."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, pathlib, time\n"
        "from ohmsum.tools.workers import local\n"
        "def work(name):\n"
        f"    (pathlib.Path({str(tmp_path)!r}) / f'pid{{os.getpid()}}').touch()\n"
        "    time.sleep(0.2)\n"
        "if __name__ == '__main__':\n"
        "    with local(2) as workers:\n"
        "        workers.map(work, range(10000))\n",
        encoding="utf-8",
    )
    parent = subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE)
    while len(list(tmp_path.glob("pid*"))) < 2:
        time.sleep(0.05)
    parent.kill()
    parent.communicate(timeout=60)  # returns when the last holder of the pipe is gone
    for path in tmp_path.glob("pid*"):
        state = Path("/proc") / path.name[3:] / "status"
        assert not state.exists() or "State:\tZ" in state.read_text()
