"""Where one operator runs: exact types that carry what was chosen, with the unit itself.

A choice (`places.choose`) is an assignment that has no tiles yet; one on crossbars has no crossbars yet
(`Analog`). The lowering dispatches on the type and looks nothing up again: a name is only for reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...arch.digital import MacArray, Unit
from ...arch.links import Host, Memory
from ...workloads.graph import Matrix
from .tiling import Tiling

HOST = -1
"""The host, among tiles."""

Place = Literal["crossbar", "cells", "mac_array", "tile_unit", "chip_unit", "host"]


@dataclass(frozen=True)
class Deal:
    """Column blocks ``begin .. end - 1`` of a layer, in consecutive crossbars from `first` on."""

    first: int
    begin: int
    end: int


@dataclass(frozen=True)
class Written:
    """The stationary operand of a product on crossbars.

    Attributes
    ----------
    matrix : Matrix
        All groups of heads; applied once for each head of a group.
    sequences : int
        Copies beside each other, one for each sequence.
    along : {"n", "k"}
        What positions are of the matrix: columns (keys) or rows (values).
    """

    matrix: Matrix
    sequences: int
    along: str


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What all assignments have.

    Parameters
    ----------
    operator : str
    reason : str
        Why there ("static weights", "no unit of the chip offers softmax").
    sources : tuple of int
        Tiles (chip * tiles per chip + tile) where the output comes into being, each an equal share; `HOST`
        (-1) for the host. Empty in a choice.
    tiles : tuple of int
        Every tile that works for it, ascending, over all replicas.
    """

    place: ClassVar[Place]
    operator: str
    reason: str
    sources: tuple[int, ...] = ()
    tiles: tuple[int, ...] = ()

    @property
    def unit(self) -> str:
        """What reports call the hardware."""
        return self.place

    @property
    def home(self) -> int:
        """The first of the sources."""
        return self.sources[0]


@dataclass(frozen=True, kw_only=True)
class InBlocks(Placed):
    """On the crossbars that hold a matrix.

    Parameters
    ----------
    matrix : Matrix
        What lies in them.
    tiling : Tiling
    replicas : int
        Copies of the weights.
    first_crossbar : int
        Replica i, row block r, column block c lie in crossbar ``first + i * tiling.crossbars + c *
        row_blocks + r``.
    dealt : tuple of Deal
        Instead, where the column blocks are dealt out over several chips.
    copies_at : tuple of int
        Instead, the first crossbar of every replica, where they do not lie one after the other.
    adder : Unit or None
        The unit of a tile that adds partial sums.
    fused : tuple of Unit
        Units of a tile that apply the fused functions, in their order.
    """

    matrix: Matrix
    tiling: Tiling
    replicas: int = 1
    first_crossbar: int = 0
    dealt: tuple[Deal, ...] = ()
    copies_at: tuple[int, ...] = ()
    adder: Unit | None = None
    fused: tuple[Unit, ...] = ()

    def deals(self) -> tuple[Deal, ...]:
        """The column blocks, where they lie together."""
        return self.dealt or (Deal(self.first_crossbar, 0, self.tiling.col_blocks),)

    def crossbar(self, replica: int, row: int, column: int) -> int:
        """Crossbar of a block, in the order in which they were taken."""
        if self.copies_at:
            return self.copies_at[replica] + column * self.tiling.row_blocks + row
        if not self.dealt:  # nearly always, and asked for every crossbar
            stack = replica * self.tiling.col_blocks + column
            return self.first_crossbar + stack * self.tiling.row_blocks + row
        deal = next(d for d in self.deals() if column < d.end)
        width = deal.end - deal.begin
        return deal.first + (replica * width + column - deal.begin) * self.tiling.row_blocks + row

    def crossbars(self) -> set[int]:
        """All that hold its matrix."""
        if self.copies_at:
            copies = self.copies_at[: self.replicas]
            return {c for first in copies for c in range(first, first + self.tiling.crossbars)}
        return {
            c
            for d in self.deals()
            for c in range(d.first, d.first + self.replicas * self.tiling.row_blocks * (d.end - d.begin))
        }


@dataclass(frozen=True, kw_only=True)
class OnCrossbars(InBlocks):
    """A layer whose weights stay in its crossbars."""

    place = "crossbar"


@dataclass(frozen=True, kw_only=True)
class OnRewritten(InBlocks):
    """A product whose stationary operand is written into its crossbars at run time."""

    place = "crossbar"
    stationary: Written

    @property
    def unit(self) -> str:
        """Crossbars like any other."""
        return "crossbar"


@dataclass(frozen=True, kw_only=True)
class WritesOperand(InBlocks):
    """The writing of such an operand, into the crossbars of `product`."""

    place = "cells"
    product: str
    stationary: Written

    @property
    def unit(self) -> str:
        """What reports call it."""
        return "crossbar writes"


@dataclass(frozen=True, kw_only=True)
class InCells(InBlocks):
    """A part of a training step in the cells of its `layer`: read from their columns, or written."""

    place = "cells"
    layer: str

    @property
    def unit(self) -> str:
        """Those of the layer."""
        return "crossbar"


@dataclass(frozen=True, kw_only=True)
class OnArray(Placed):
    """On the MAC arrays of a chip; `fused` are the units of the chip that apply the fused functions."""

    place = "mac_array"
    array: MacArray
    fused: tuple[Unit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OnTileUnits(Placed):
    """On units of the tiles where the stream lies; without any of its own it only passes the buffers.

    Parameters
    ----------
    own, fused : tuple of Unit
        For each function of the operator (`places.work_of`), and for each fused one.
    at_middle : bool
        In the middle tile of the chip, beside what all tiles share, wherever the stream lies.
    stripes : tuple of int
        The tile of each stripe, where they are not those of an input.
    """

    place = "tile_unit"
    own: tuple[Unit, ...] = ()
    fused: tuple[Unit, ...] = ()
    at_middle: bool = False
    stripes: tuple[int, ...] = ()

    @property
    def unit(self) -> str:
        """Names of its units."""
        return f"tile.{_names(self.own) or 'buffer'}"


@dataclass(frozen=True, kw_only=True)
class OnChipUnits(Placed):
    """On units of the chip; without any of its own it only passes the buffer of the MAC arrays.

    Parameters
    ----------
    own, fused : tuple of Unit
        As for `OnTileUnits`.
    array : MacArray or None
        The one whose buffer operands come from and results go to, on a chip without crossbars.
    kept_weights_bytes : int
        Weights that come from memory once per inference, and stay in the buffer of the MAC arrays.
    """

    place = "chip_unit"
    own: tuple[Unit, ...] = ()
    fused: tuple[Unit, ...] = ()
    array: MacArray | None = None
    kept_weights_bytes: int = 0

    @property
    def unit(self) -> str:
        """Names of its units."""
        return _names(self.own) or "buffer"


@dataclass(frozen=True, kw_only=True)
class InMemory(Placed):
    """A table, or an activation put aside, in the memory behind the chip."""

    place = "chip_unit"
    memory: Memory

    @property
    def unit(self) -> str:
        """What reports call it."""
        return "memory"


@dataclass(frozen=True, kw_only=True)
class InCache(Placed):
    """Keys or values appended to a cache (`kv_cache.kv_caches` says which)."""

    place = "chip_unit"

    @property
    def unit(self) -> str:
        """What reports call it."""
        return "kv cache"


@dataclass(frozen=True, kw_only=True)
class OnHost(Placed):
    """On the host, with whatever is fused into it."""

    place = "host"
    host: Host


@dataclass(frozen=True, kw_only=True)
class AtInput(Placed):
    """An input of the network, which lies ready in the host's memory."""

    place = "host"

    @property
    def unit(self) -> str:
        """What reports call it."""
        return "input"


@dataclass(frozen=True)
class Analog:
    """A choice: on crossbars that are still to be found. Fields as in `InBlocks`."""

    operator: str
    reason: str
    adder: Unit | None = None
    fused: tuple[Unit, ...] = ()


@dataclass(frozen=True)
class Cells:
    """A choice: in the cells of another operator, a layer or a product."""

    operator: str
    reason: str


Units = OnTileUnits | OnChipUnits
Assignment = (
    OnCrossbars
    | OnRewritten
    | WritesOperand
    | InCells
    | OnArray
    | OnTileUnits
    | OnChipUnits
    | InMemory
    | InCache
    | OnHost
    | AtInput
)
Choice = Analog | Cells | OnArray | OnTileUnits | OnChipUnits | InMemory | InCache | OnHost | AtInput


def _names(units: tuple[Unit, ...]) -> str:
    return "+".join(dict.fromkeys(unit.name for unit in units))
