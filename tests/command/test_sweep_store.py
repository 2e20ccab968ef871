"""Is every point of a sweep kept once, whatever kills it, and are the rows the same wherever it ran?"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from distributed import LocalCluster
from ohmsum.tools import workers
from ohmsum.tools.cli import main

from ..kit.sweeps import N_SMALL, SMALL, stored, write

LARGER = SMALL.replace("[6, 8]", "[4, 5, 6, 7, 8]")
N_LARGER = N_SMALL * 5 // 2


def start(file: Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ohmsum", "sweep", str(file), "--jobs", "2"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for counts as well."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_for(condition: object, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.slow
def test_killed_twice_and_resumed(tmp_path: Path) -> None:
    """Nothing that was kept is lost or run again, and no worker outlives the sweep."""
    file, store = write(tmp_path, LARGER), tmp_path / "space.sqlite"
    before: list[tuple[object, ...]] = []
    for least in (3, 12):
        sweep = start(file)
        wait_for(lambda least=least: len(stored(store)) >= least)
        workers = children(sweep.pid)
        sweep.send_signal(signal.SIGKILL)
        sweep.communicate()
        wait_for(lambda workers=workers: all(map(is_gone, workers)))
        kept = stored(store)
        assert len(workers) >= 2
        assert least <= len(kept) < N_LARGER, "killed in the middle"
        assert kept[: len(before)] == before
        before = kept
    last = start(file)
    out, err = last.communicate()
    assert last.returncode == 0, err
    rows = stored(store)
    assert rows[: len(before)] == before
    assert len(rows) == len({row[0] for row in rows}) == N_LARGER
    assert f"{len(before)} from the store" in " ".join(out.split())
    assert {row[7] for row in rows} == {1, 2, 3}, "points of all three calls"


def test_rows_are_the_same_on_a_cluster(tmp_path: Path) -> None:
    file = write(tmp_path, SMALL)
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert main(["sweep", str(file), "--jobs", "1", "--csv", str(here)]) == 0
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        remote = tmp_path / "remote.sqlite"
        arguments = ["--dask", cluster.scheduler_address, "--store", str(remote), "--csv", str(there)]
        assert main(["sweep", str(file), *arguments]) == 0
    assert here.read_bytes() == there.read_bytes()
    assert len(stored(remote)) == N_SMALL


def test_nobody_at_that_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "CONNECT_S", 1.0)
    file = write(tmp_path, SMALL)
    assert main(["sweep", str(file), "--dask", "tcp://127.0.0.1:1"]) == 2
    said = capsys.readouterr().err
    assert "--dask tcp://127.0.0.1:1: no scheduler answers there" in said
    assert len(said.splitlines()) <= 2
    assert main(["sweep", str(file), "--dask", "nonsense://x"]) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2


def test_two_sweeps_on_one_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, store = write(tmp_path, LARGER), tmp_path / "space.sqlite"
    first = start(file)
    wait_for(lambda: (tmp_path / "space.sqlite").exists() and stored(store) != [])
    os.kill(first.pid, signal.SIGSTOP)
    try:
        assert main(["sweep", str(file), "--jobs", "1"]) == 2
        said = capsys.readouterr().err
        assert "another sweep is writing to it" in said
        assert str(store) in said
    finally:
        os.kill(first.pid, signal.SIGCONT)
    first.communicate()
    assert first.returncode == 0
    assert len(stored(store)) == N_LARGER
    assert main(["sweep", str(file), "--jobs", "1"]) == 0, "free again"


def test_store_of_another_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, store = write(tmp_path, SMALL), tmp_path / "space.sqlite"
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    capsys.readouterr()
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA user_version = 7")
    content = store.read_bytes()
    assert main(["sweep", str(file), "--jobs", "1"]) == 2
    said = capsys.readouterr().err
    assert "schema version 7" in said
    assert "has 2" in said
    assert store.read_bytes() == content


def test_store_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, SMALL)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE mine (x)")
        connection.commit()
    text = tmp_path / "notes.txt"
    text.write_text("notes " * 100, encoding="utf-8")
    for store, what in (
        (other, "not the store of a sweep"),
        (text, "not the store of a sweep"),
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "x.sqlite", "its folder does not exist"),
        (text / "x.sqlite", "its folder does not exist"),
        (Path("/proc/x.sqlite"), "cannot"),
    ):
        before = other.read_bytes(), text.read_bytes(), sorted(tmp_path.iterdir())
        assert main(["sweep", str(file), "--jobs", "1", "--store", str(store)]) == 2
        said = capsys.readouterr().err
        assert what in said
        assert str(store) in said
        assert len(said.splitlines()) <= 2
        assert (other.read_bytes(), text.read_bytes(), sorted(tmp_path.iterdir())) == before


def test_killed_before_the_first_transaction(tmp_path: Path) -> None:
    """An empty database is a store that has just been made."""
    file, store = write(tmp_path, SMALL), tmp_path / "space.sqlite"
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert store.stat().st_size > 0
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    assert len(stored(store)) == N_SMALL
