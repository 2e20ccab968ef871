"""How full the stores of a run were: buffers of tiles and of MAC arrays, memories where tokens wait."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..program import Program


@dataclass(frozen=True)
class StoreUse:
    """One store.

    Attributes
    ----------
    name, klass : str
    peak_bytes : int
        Most at any instant of any of the runs.
    rooms_bytes : int
        What is given to streams.
    capacity_bytes : int
    """

    name: str
    klass: str
    peak_bytes: int
    rooms_bytes: int
    capacity_bytes: int

    @property
    def share(self) -> float:
        """The peak, of the capacity."""
        return self.peak_bytes / self.capacity_bytes

    @property
    def tile(self) -> int | None:
        """The tile whose buffer it is."""
        found = re.fullmatch(r"tile (\d+) buffer", self.name)
        return None if found is None else int(found[1])


def stores(program: Program, results: Sequence[EngineResult]) -> tuple[StoreUse, ...]:
    """All stores, the fullest first."""
    if program.n_stores == 0:
        return ()
    peaks = np.max([result.peak_bytes for result in results], axis=0).tolist()
    rooms, capacities = program.store_rooms_bytes().tolist(), program.store_capacity_bytes.tolist()
    found = [
        StoreUse(*row)
        for row in zip(program.store_name, program.store_class, peaks, rooms, capacities, strict=True)
    ]
    return tuple(sorted(found, key=lambda store: (-store.share, store.name)))
