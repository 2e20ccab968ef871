"""What is whole of a damaged store, saved into a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError, told
from .lock import StoreLock
from .store import SCHEMA, is_whole, new_store

_ERRORS = (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError)


class Repaired(NamedTuple):
    """How many rows were kept, how many before the last of these were lost, and where the old file is now."""

    kept: int
    lost: int
    damaged: Path


def repair(path: Path) -> Repaired:
    """Put the whole rows of a store into a new one of the same name; the damaged file stays beside it.

    Raises
    ------
    UsageError
        There is no such file, it is in use, of another schema, or nothing in it can be read.
    """
    if not path.is_file():
        raise UsageError(f"--store {path}: there is no such file to repair")
    damaged = next(
        p for n in range(1, 10_000) if not (p := path.with_name(f"{path.name}.damaged{n}")).exists()
    )
    with StoreLock(path):
        rows, lost = _rows(path)
        fresh = path.with_name(f"{path.name}.repaired")
        fresh.unlink(missing_ok=True)
        new_store(fresh, rows)
        path.rename(damaged)
        for suffix in ("-wal", "-shm"):
            log = path.with_name(path.name + suffix)
            if log.exists():
                log.rename(damaged.with_name(damaged.name + suffix))
        fresh.rename(path)
    return Repaired(len(rows), lost, damaged)


def _rows(path: Path) -> tuple[list[tuple[object, ...]], int]:
    """Whole rows in the order in which they were added, and how many are not whole."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
            if schema != SCHEMA:
                raise UsageError(
                    f"--store {path}: schema version {schema}, expected {SCHEMA}; name another file"
                )
            found = list(_each(connection))
    except _ERRORS as error:
        raise UsageError(f"--store {path}: nothing in it can be read ({told(error)}); remove it") from None
    while found and found[-1] is None:  # there may be no rows behind the last that can be read
        found.pop()
    whole = {row[0]: row for row in found if row is not None and is_whole(row)}
    return list(whole.values()), len(found) - len(whole)


def _each(connection: sqlite3.Connection) -> Iterator[tuple[object, ...] | None]:
    """Every row by its number, since a scan ends at the first page that is broken; None where it is."""
    last = _last(connection)
    for number in range(1, last + 1):
        try:
            row = connection.execute("SELECT * FROM points WHERE rowid = ?", (number,)).fetchone()
        except _ERRORS:
            yield None
        else:
            if row is not None:
                yield row


def _last(connection: sqlite3.Connection) -> int:
    """The largest row number; where the way to it is broken, no more than there are bytes for."""
    pages, size = (connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
    most: int = pages * size // LEAST_ROW_BYTES
    try:
        (last,) = connection.execute("SELECT max(rowid) FROM points").fetchone()
    except _ERRORS:
        return most
    return min(last or 0, most)


LEAST_ROW_BYTES = 160
"""Two digests in hexadecimal, and some."""
