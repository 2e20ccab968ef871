"""The Mapping: which operator runs where on the chip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ...workloads.graph import Network

HOST = -1
"""The host, among tiles."""

Place = Literal["crossbar", "cells", "mac_array", "tile_unit", "chip_unit", "host"]


@dataclass(frozen=True)
class Tiling:
    """How one weight matrix (all its groups) is cut into crossbars; one replica.

    Parameters
    ----------
    row_blocks, col_blocks : int
        Blocks of the (im2col) matrix, after weight slicing; partial sums are added over the row blocks.
        Groups lie beside each other, several in one crossbar where they fit, and count as column blocks.
    crossbars : int
        Crossbars of one replica, ``row_blocks * col_blocks``.
    rows, cols : int
        Wordlines and bitlines that hold weights, summed over the groups.
    rows_per_crossbar, cols_per_crossbar : int
        The same in the fullest crossbar.
    cells_used, cells_total : int
        Cells that hold weights, and cells of the crossbars taken; the rest is fragmentation.
    """

    row_blocks: int
    col_blocks: int
    crossbars: int
    rows: int
    cols: int
    rows_per_crossbar: int
    cols_per_crossbar: int
    cells_used: int
    cells_total: int


@dataclass(frozen=True)
class Deal:
    """Column blocks ``begin .. end - 1`` of a layer, in consecutive crossbars from `first` on."""

    first: int
    begin: int
    end: int


@dataclass(frozen=True)
class Segment:
    """Layers that are on the crossbars at the same time.

    Parameters
    ----------
    layers : tuple of str
    half : int
        Which part of the crossbars they take.
    resident : bool
        No other segment takes that part: it is written before time begins, and stays.
    """

    layers: tuple[str, ...]
    half: int
    resident: bool = False


@dataclass(frozen=True)
class Swap:
    """Segments in the order in which they take turns.

    Parameters
    ----------
    segments : tuple of Segment
    overlap : bool
        One half of the crossbars is written while the other computes; else all of them take part in every
        segment.
    group : int
        Inferences that every segment computes for before the next takes its place.
    """

    segments: tuple[Segment, ...]
    overlap: bool
    group: int = 1


@dataclass(frozen=True)
class Assignment:
    """Where one operator runs.

    Parameters
    ----------
    operator : str
    place : {"crossbar", "cells", "mac_array", "tile_unit", "chip_unit", "host"}
        cells: those of another operator, for its backward pass or its update.
    unit : str
        Name for reports ("crossbar", "mac_array", "tile.sigmoid", "gdpu", "host", "-").
    reason : str
        Why there ("static weights", "no unit of the chip offers softmax").
    sources : tuple of int
        Tiles (chip * tiles per chip + tile) where the output comes into being, each an equal share; `HOST`
        (-1) for the host.
    tiles : tuple of int
        Every tile that works for it, ascending, over all replicas.
    replicas : int
        Copies of the weights; they fire together, on neighbouring tokens.
    tiling : Tiling or None
    first_crossbar : int
        Replica i, row block r, column block c lie in crossbar ``first + i * tiling.crossbars + c *
        row_blocks + r``.
    dealt : tuple of Deal
        Instead, where the column blocks are dealt out over several chips.
    """

    operator: str
    place: Place
    unit: str
    reason: str
    sources: tuple[int, ...]
    tiles: tuple[int, ...] = ()
    replicas: int = 1
    tiling: Tiling | None = None
    first_crossbar: int = 0
    dealt: tuple[Deal, ...] = ()

    def deals(self) -> tuple[Deal, ...]:
        """The column blocks, where they lie together."""
        assert self.tiling is not None
        return self.dealt or (Deal(self.first_crossbar, 0, self.tiling.col_blocks),)

    def crossbar(self, replica: int, row: int, column: int) -> int:
        """Crossbar of a block, in the order in which they were taken."""
        assert self.tiling is not None
        if not self.dealt:  # nearly always, and asked for every crossbar
            stack = replica * self.tiling.col_blocks + column
            return self.first_crossbar + stack * self.tiling.row_blocks + row
        deal = next(d for d in self.deals() if column < d.end)
        width = deal.end - deal.begin
        return deal.first + (replica * width + column - deal.begin) * self.tiling.row_blocks + row

    @property
    def home(self) -> int:
        """The first of the sources."""
        return self.sources[0]


@dataclass(frozen=True)
class Mapping:
    """Every operator's place on `n_chips` copies of a chip.

    Parameters
    ----------
    network : Network
        As it was mapped: fused functions that no local unit offers are operators of their own.
    assignments : tuple of Assignment
        In the order of the network's operators.
    tile_order : tuple of int
        Place on the chips of the t-th tile that crossbars were taken from; crossbar c lies in tile
        ``tile_order[c // crossbars per tile]``.
    tiles_used, tiles_total, crossbars_used, crossbars_total : int
    hop_bytes, busiest_link_bytes : int
        Bytes x links per inference inside the chips, and bytes over the busiest of them, as placement counts.
    swap : Swap or None
        How layers take turns on the crossbars, where they do.
    partition : {"pipeline", "tensor"}
        Layers one after the other over the chips, or every layer's columns over all of them.
    remarks : tuple of str
        What the user should know about the choices made.
    """

    network: Network
    assignments: tuple[Assignment, ...]
    tile_order: tuple[int, ...]
    n_chips: int
    tiles_used: int
    tiles_total: int
    crossbars_used: int
    crossbars_total: int
    hop_bytes: int
    busiest_link_bytes: int
    swap: Swap | None = None
    partition: Literal["pipeline", "tensor"] = "pipeline"
    remarks: tuple[str, ...] = ()

    def of(self, operator: str) -> Assignment:
        """The assignment of one operator."""
        return self.by_name[operator]

    @cached_property
    def by_name(self) -> dict[str, Assignment]:
        """Assignments by the name of their operator."""
        return {a.operator: a for a in self.assignments}
