"""A store whose bytes were changed: nothing false is taken from it, and what is whole can be saved."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ohmsum.sim.answers.base import Answer
from ohmsum.tools.cli import main
from ohmsum.tools.sweep import evaluate
from ohmsum.tools.sweep.evaluate import Task

from ..kit.sweeps import stored, write

TINY = """\
fixed: {chip: isaac, network: mlp}
vary: {tile.adc.energy: [1 pJ, 2 pJ, 3 pJ, 4 pJ, 5 pJ, 6 pJ]}
"""
N_TINY = 6


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished sweep, its store and its rows."""
    folder = tmp_path_factory.mktemp("sweep")
    file = write(folder, TINY)
    assert main(["sweep", str(file), "--jobs", "1", "--csv", str(folder / "rows.csv")]) == 0
    return folder


def copied(finished: Path, to: Path) -> Path:
    """The file of the sweep in a folder of its own, beside a copy of the store."""
    shutil.copy(finished / "space.sqlite", to)
    return Path(shutil.copy(finished / "space.yaml", to))


def test_any_damage_is_an_answer_or_a_line_and_can_be_repaired(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = (finished / "rows.csv").read_bytes()
    whole = (finished / "space.sqlite").read_bytes()
    draw = random.Random(1)
    noticed = 0
    for case in range(24):
        folder = tmp_path / str(case)
        folder.mkdir()
        file = copied(finished, folder)
        damaged = bytearray(whole)
        if case % 3 == 0:
            del damaged[draw.randrange(len(whole)) :]
        else:
            for _ in range(1 if case % 3 == 1 else 40):
                damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        (folder / "space.sqlite").write_bytes(damaged)
        rows = folder / "rows.csv"
        arguments = ["sweep", str(file), "--jobs", "1", "--csv", str(rows)]
        code = main(arguments)
        said = capsys.readouterr().err
        if code == 0:
            assert rows.read_bytes() == right
            continue
        noticed += 1
        assert code == 2
        assert len(said.splitlines()) <= 2
        if "--repair" in said:
            assert main([*arguments, "--repair"]) in (0, 2)
            told = capsys.readouterr().err
            assert "kept" in told or "nothing in it can be read" in told or "expected" in told
            assert not rows.exists() or rows.read_bytes() == right
    assert noticed >= 8


def test_repair_keeps_every_row_but_the_one_that_was_changed(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copied(finished, tmp_path)
    store = tmp_path / "space.sqlite"
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE points SET metrics = replace(metrics, '1', '2') WHERE rowid = 3")
    before = stored(store)
    assert main(["sweep", str(file), "--jobs", "1"]) == 2
    assert "the row of point" in capsys.readouterr().err
    made: list[Task] = []
    run = evaluate.run

    def counted(task: Task) -> Answer:
        made.append(task)
        return run(task)

    monkeypatch.setattr(evaluate, "run", counted)
    rows = tmp_path / "rows.csv"
    assert main(["sweep", str(file), "--jobs", "1", "--repair", "--csv", str(rows)]) == 0
    assert f"{N_TINY - 1} points kept, 1 lost" in capsys.readouterr().err
    assert len(made) == 1
    assert rows.read_bytes() == (finished / "rows.csv").read_bytes()
    assert stored(tmp_path / "space.sqlite.damaged1") == before


def test_results_of_other_code_are_not_taken_over(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = copied(finished, tmp_path)
    monkeypatch.setattr(evaluate, "code_version", lambda: "0.1.0+another")
    assert main(["sweep", str(file), "--jobs", "1"]) == 0
    assert len(stored(tmp_path / "space.sqlite")) == 2 * N_TINY


def test_what_sqlite_says_is_told_on_one_line(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, store = copied(finished, tmp_path), tmp_path / "space.sqlite"
    store.write_bytes(store.read_bytes().replace(b"CREATE TABLE points (", b'CREATE TABLE points ("'))
    for more in ([], ["--repair"]):
        assert main(["sweep", str(file), "--jobs", "1", *more]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_nothing_to_repair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, TINY)
    assert main(["sweep", str(file), "--repair"]) == 2
    assert "there is no such file to repair" in capsys.readouterr().err
