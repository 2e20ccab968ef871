"""The Mapping: which operator runs where on the chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["crossbar", "mac_array", "tile_unit", "chip_unit", "host", "wire"]


@dataclass(frozen=True)
class Tiling:
    """How one weight matrix (all its groups) is cut into crossbars; one replica.

    Parameters
    ----------
    row_blocks, col_blocks : int
        Blocks of the (im2col) matrix, after weight slicing; partial sums are added over the row blocks.
    crossbars : int
        Crossbars of one replica; at most ``row_blocks * col_blocks``, fewer when small blocks share a crossbar.
    rows, cols : int
        Wordlines and bitlines that hold weights, summed over row blocks and over column blocks.
    cells_used, cells_total : int
        Cells that hold weights, and cells of the crossbars taken; the rest is fragmentation.
    """

    row_blocks: int
    col_blocks: int
    crossbars: int
    rows: int
    cols: int
    cells_used: int
    cells_total: int


@dataclass(frozen=True)
class Assignment:
    """Where one operator runs.

    Parameters
    ----------
    operator : str
    place : {"crossbar", "mac_array", "tile_unit", "chip_unit", "host", "wire"}
        "wire": no hardware, the stream of tokens is only renamed (a reshape).
    unit : str
        Name for reports ("crossbar", "mac_array", "tile.sigmoid", "gdpu", "host", "-").
    reason : str
        Why there ("static weights", "no unit of the chip offers softmax").
    home : int
        Tile (chip * tiles per chip + tile) where the output comes into being; -1 on the host.
    tiles : tuple of int
        Every tile that works for it, ascending, over all replicas.
    replicas : int
        Copies of the weights; they fire together, on neighbouring tokens.
    tiling : Tiling or None
    """

    operator: str
    place: Place
    unit: str
    reason: str
    home: int
    tiles: tuple[int, ...] = ()
    replicas: int = 1
    tiling: Tiling | None = None


@dataclass(frozen=True)
class Mapping:
    """Every operator's place on `n_chips` copies of a chip.

    Parameters
    ----------
    assignments : tuple of Assignment
        In the order of the network's operators.
    tiles_used, tiles_total, crossbars_used, crossbars_total : int
    hop_bytes : int
        Sum over all edges of bytes x hops, the placement's cost.
    """

    assignments: tuple[Assignment, ...]
    n_chips: int
    tiles_used: int
    tiles_total: int
    crossbars_used: int
    crossbars_total: int
    hop_bytes: int

    def of(self, operator: str) -> Assignment:
        """The assignment of one operator."""
        return self._index[operator]

    @property
    def _index(self) -> dict[str, Assignment]:
        cached: dict[str, Assignment] | None = self.__dict__.get("_cache")
        if cached is None:
            cached = {a.operator: a for a in self.assignments}
            object.__setattr__(self, "_cache", cached)
        return cached
