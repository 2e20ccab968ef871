"""The Mapping: which operator runs where on the chip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ...workloads.graph import Network
from .assignment import Assignment, InBlocks


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
    unsearched : tuple of int
        Both of the places along a serpentine, where the search for better ones began.
    swap : Swap or None
        How layers take turns on the crossbars, where they do.
    partition : {"pipeline", "tensor"}
        Layers one after the other over the chips, or every layer's columns over all of them.
    buffers : {"sized", "unlimited"}
        Whether streams have to fit into the tile buffers.
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
    unsearched: tuple[int, int]
    swap: Swap | None = None
    partition: Literal["pipeline", "tensor"] = "pipeline"
    buffers: Literal["sized", "unlimited"] = "sized"
    remarks: tuple[str, ...] = ()

    def of(self, operator: str) -> Assignment:
        """The assignment of one operator."""
        return self.by_name[operator]

    def blocks_of(self, operator: str) -> InBlocks:
        """The assignment of an operator on crossbars.

        Raises
        ------
        TypeError
            It runs elsewhere.
        """
        a = self.by_name[operator]
        if not isinstance(a, InBlocks):
            raise TypeError(f"{operator}: on {a.unit}, not on crossbars")
        return a

    @cached_property
    def by_name(self) -> dict[str, Assignment]:
        """Assignments by the name of their operator."""
        return {a.operator: a for a in self.assignments}
