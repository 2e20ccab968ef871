"""State of a compiled loop: tables of records, and a head that knows where they are.

A record is one thing of the simulation (an actor, a link, a packet) in one or two cache lines. The loop sees
only the head: its own fields, and of every table the address and the length. Passing some twenty arrays to
every function instead costs a minute of compilation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Records = NDArray[Any]

Head = Any
"""The record of a head, as the loop sees it: its fields are integers."""

RecordType = np.dtype[np.void]


def record(**fields: str) -> RecordType:
    """The type of a record: type codes by field, aligned."""
    return np.dtype(list(fields.items()), align=True)


def head_record(tables: Mapping[str, RecordType], **fields: str) -> RecordType:
    """The type of a head: `fields`, and address and length of every table."""
    places = {f"{name}_{what}": "i8" for what in ("at", "size") for name in tables}
    return record(**fields, **places)


@dataclass(frozen=True)
class Tables:
    """A head and its tables. A kind of state says in `types` which tables it has."""

    types: ClassVar[Mapping[str, RecordType]]

    head: Records
    """One record."""
    tables: dict[str, Records]

    def __post_init__(self) -> None:
        for name, table in self.tables.items():
            assert table.dtype == self.types[name]
            assert table.flags.c_contiguous
            self.head[f"{name}_at"] = table.ctypes.data
            self.head[f"{name}_size"] = len(table)

    def __getattr__(self, name: str) -> Records:
        return self.tables[name]

    def replaced(self, **tables: Records) -> Self:
        """The same with other tables in place of those named."""
        return type(self)(self.head, self.tables | tables)
