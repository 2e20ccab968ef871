"""What it cost that layers took turns on the crossbars: writes, wear, energy, time."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from ..lowering.swap import copy_of, layer_of
from ..mapping.waiting import Waiting
from ..mapping.writing import weight_bytes
from ..program import I64

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ..mapping.mapping import Mapping
    from .energy import EnergyBalance
    from .path import CriticalPath


@dataclass(frozen=True)
class SwapUse:
    """Weight swapping of one inference (or of one group that shares it).

    Parameters
    ----------
    n_segments, n_written : int
        Segments, and those of them that are written anew for every inference.
    overlap : bool
        One half is written while the other computes.
    group : int
        Inferences that share it all: the figures below are of a group.
    weight_bytes : int
        Bytes of weights brought, once for all replicas.
    cells : int
        Cells written.
    most_writes, mean_writes : float
        Writes of the cell that is written most often, and of all cells of the chips on average.
    write_j : float
        Energy of writing cells.
    path_s : float
        Time on the critical path from the request of weights until they are written.
    endurance : float or None
        Writes that a cell survives; None if the chip file does not say.
    kept_bytes : int
        Most that is kept at once of what a segment made for later ones.
    buffer_bytes : int
        Room of all tile buffers; if it is less, what is kept waits in memory.
    """

    n_segments: int
    n_written: int
    overlap: bool
    group: int
    weight_bytes: int
    cells: int
    most_writes: int
    mean_writes: float
    write_j: float
    path_s: float
    endurance: float | None
    kept_bytes: int
    buffer_bytes: int

    @property
    def inferences(self) -> float | None:
        """Inferences until the first cells have had all the writes that they survive; None if unknown."""
        if self.endurance is None or not self.most_writes:
            return None
        return self.endurance * self.group / self.most_writes


def swap_use(chip: Chip, mapping: Mapping, energy: EnergyBalance, path: CriticalPath) -> SwapUse | None:
    """The costs of swapping; None if nothing is swapped."""
    swap, tile = mapping.swap, chip.tile
    if swap is None or tile is None:
        return None
    turns = [(i, s) for i, s in enumerate(swap.segments) if not s.resident]
    copies = [copy_of(mapping, chip, name) for _, segment in turns for name in segment.layers]
    cells = sum(copy.replicas * copy.tiling.cells_used for copy in copies)
    writes: I64 = np.zeros(mapping.crossbars_total, np.int64)
    for _, segment in turns:
        for name in segment.layers:
            a = mapping.blocks_of(name)
            writes[a.first_crossbar : a.first_crossbar + a.replicas * a.tiling.crossbars] += 1
    layers = {layer_of(i) for i, _ in turns}
    by_action_j = energy.by_action_j.get("crossbar", {})
    crossbar, waiting = tile.crossbar, Waiting.of(mapping, chip)
    return SwapUse(
        n_segments=len(swap.segments),
        n_written=len(turns),
        overlap=swap.overlap,
        group=swap.group,
        weight_bytes=sum(weight_bytes(tile, copy.matrix) for copy in copies),
        cells=cells,
        most_writes=int(writes.max(initial=0)),
        mean_writes=cells / (mapping.crossbars_total * crossbar.rows * crossbar.cols),
        write_j=by_action_j.get("write", 0.0),
        path_s=fsum(t for layer, t in path.by_layer_s.items() if layer in layers),
        endurance=crossbar.cell.endurance,
        kept_bytes=waiting.kept_bytes,
        buffer_bytes=waiting.buffer_bytes,
    )
