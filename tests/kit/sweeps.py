"""Small sweeps that several tests use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

SMALL = """\
fixed:
  chip: isaac
vary:
  network: [mlp, lenet5]
  tile.adc.bits: [6, 8]
  tile.adc.count: [7, 12, 96]
  noc.flit: [32 bit, 128 bit]
"""
"""24 points; 8 of them fail, as 7 ADCs cannot be shared evenly by 96 crossbars."""
N_SMALL = 24


def write(folder: Path, text: str, name: str = "space.yaml") -> Path:
    """A file of a sweep."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def stored(store: Path) -> list[tuple[Any, ...]]:
    """Every row of a store, in the order in which they were added; [] as long as there is none."""
    if not store.exists():
        return []
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            return []
        return connection.execute("SELECT * FROM points ORDER BY rowid").fetchall()
