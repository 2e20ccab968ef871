"""One writer at a time: a lock that goes with its process, however that ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

from ..errors import UsageError, told


class StoreLock:
    """Holds ``FILE.lock`` while a sweep writes to FILE; use as a context manager.

    The lock is an open transaction on a small SQLite file of its own: the operating system ends it when the
    process dies, it works on every platform, and readers of the store are not in its way. The file stays:
    to remove it would let two processes lock two files of the same name.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> StoreLock:
        path = self._store.with_name(f"{self._store.name}.lock")
        try:
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            self.__exit__(None, None, None)
            if "locked" in str(error):
                raise UsageError(
                    f"--store {self._store}: another sweep is writing to it; wait for it, or name another "
                    "store"
                ) from None
            raise UsageError(f"--store {self._store}: cannot write there ({told(error)})") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
