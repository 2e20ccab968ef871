"""The store of a sweep: one SQLite file to which every finished point is added at once, for good.

The write-ahead log is synced with every point, so that neither a kill nor a power cut loses one that has been
added. The key is the primary key, and rows are never replaced: a point that were run twice would be an error.
Every row carries a checksum, since SQLite itself does not notice a flipped bit of a number.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType

from ..errors import UsageError, told
from .evaluate import PointOutcome, Task
from .lock import StoreLock

SCHEMA = 2
"""Version of the tables below, kept as SQLite's user_version."""
APPLICATION = 0x6F686D73
"""Marks the file as ours ("ohms"), as SQLite's application_id."""
_TABLE = """
CREATE TABLE points (
    key TEXT PRIMARY KEY,      -- SHA-256 of settings, version and input files
    settings TEXT NOT NULL,    -- JSON: every field that was fixed or varied
    version TEXT NOT NULL,     -- of ohmsum, with a digest of its code
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'crashed')),
    error TEXT NOT NULL,
    metrics TEXT NOT NULL,     -- JSON: SI units
    trace TEXT NOT NULL,       -- of a crash
    session INTEGER NOT NULL,  -- which call of the command added it, from 1
    wall_s REAL NOT NULL,      -- seconds that it took
    sum TEXT NOT NULL          -- SHA-256 of the row without this
) STRICT
"""
_MAGIC = b"SQLite format 3\0"
_INSERT = f"INSERT INTO points VALUES ({', '.join('?' * 10)})"


REPAIR = "ohmsum sweep SPEC.yaml --repair keeps what is whole"


class MemoryStore:
    """Outcomes by key, kept as long as this is."""

    def __init__(self) -> None:
        self._outcomes: dict[str, PointOutcome] = {}

    def add(self, task: Task, outcome: PointOutcome) -> None:
        """Keep the outcome of a task that has none yet."""
        self._outcomes[task.key] = outcome

    def known(self, keys: Iterable[str]) -> dict[str, PointOutcome]:
        """Outcomes of those keys that have one."""
        return {key: self._outcomes[key] for key in keys if key in self._outcomes}


class SweepStore:
    """Outcomes by key; use as a context manager, which holds the lock.

    Raises
    ------
    UsageError
        Not a store, of another schema version, not writable, or in use by another sweep.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = StoreLock(path)

    def __enter__(self) -> SweepStore:
        if self.path.is_dir() or not self.path.parent.is_dir():
            what = "is a folder, expected a file name" if self.path.is_dir() else "its folder does not exist"
            raise UsageError(f"--store {self.path}: {what}")
        _check(self.path)
        self._lock.__enter__()
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None)
            self._prepare()
        except sqlite3.Error as error:
            self._lock.__exit__(None, None, None)
            is_damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
                error, sqlite3.OperationalError
            )
            what = (
                f"damaged ({told(error)}); {REPAIR}" if is_damaged else f"cannot be written ({told(error)})"
            )
            raise UsageError(f"--store {self.path}: {what}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._lock.__exit__(kind, error, trace)

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("BEGIN IMMEDIATE")
        if run("PRAGMA user_version").fetchone() == (0,):
            _make_table(self._connection)
        (last,) = run("SELECT max(session) FROM points").fetchone()
        run("COMMIT")
        self._session = 1 if last is None else last + 1

    def add(self, task: Task, outcome: PointOutcome) -> None:
        """Keep the outcome of a task that has none yet; it is on the disk when this returns."""
        row = (
            task.key,
            task.point.text,
            task.version,
            outcome.status,
            outcome.error,
            json.dumps(outcome.metrics),
            outcome.trace,
            self._session,
            outcome.wall_s,
        )
        try:
            self._connection.execute(_INSERT, (*row, checksum(row)))
        except sqlite3.DatabaseError as error:
            raise UsageError(f"--store {self.path}: cannot be written ({told(error)}); {REPAIR}") from None

    def known(self, keys: Iterable[str]) -> dict[str, PointOutcome]:
        """Outcomes of those keys that have one."""
        found = {}
        for key in keys:
            try:
                row = self._connection.execute("SELECT * FROM points WHERE key = ?", (key,)).fetchone()
            except (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError) as error:
                raise UsageError(f"--store {self.path}: damaged ({told(error)}); {REPAIR}") from None
            if row is None:
                continue
            if not is_whole(row):
                raise UsageError(f"--store {self.path}: the row of point {row[1]} is damaged; {REPAIR}")
            _, _, _, status, said, metrics, trace, _, wall_s, _ = row
            found[key] = PointOutcome(status, json.loads(metrics), said, trace, wall_s)
        return found


def new_store(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """A store with these rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        _make_table(connection)
        connection.executemany(_INSERT, rows)


def _make_table(connection: sqlite3.Connection) -> None:
    connection.execute(_TABLE)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")


def checksum(row: Sequence[object]) -> str:
    """SHA-256 of a row's values without its last column."""
    return hashlib.sha256(json.dumps(row, ensure_ascii=True).encode()).hexdigest()


def is_whole(row: Sequence[object]) -> bool:
    """Whether a row is as it was written."""
    try:
        return row[-1] == checksum(row[:-1])
    except (TypeError, ValueError):
        return False


def _check(path: Path) -> None:
    """An existing file is a store of this schema; looked at without changing it."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        is_damaged = path.read_bytes()[: len(_MAGIC)] == _MAGIC
        advice = (
            f"damaged ({told(error)}); {REPAIR}"
            if is_damaged
            else f"not the store of a sweep ({told(error)}); name another file"
        )
        raise UsageError(f"--store {path}: {advice}") from None
    if application == 0 and schema == 0:
        with closing(sqlite3.connect(path)) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                return  # killed before its first transaction
    if application != APPLICATION:
        raise UsageError(f"--store {path}: an SQLite file, but not the store of a sweep; name another file")
    if schema != SCHEMA:
        raise UsageError(
            f"--store {path}: a store of schema version {schema}, this version of ohmsum has {SCHEMA}; "
            "name another file"
        )
