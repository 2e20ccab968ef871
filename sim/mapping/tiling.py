"""Cutting a weight matrix into crossbars.

A matrix of k x n weights (one group) lies with its k inputs on wordlines and its n outputs on bitlines; a
weight takes `columns_per_weight` adjacent bitlines (weight slices, times two for a differential pair) and
is never cut in two. Matrices larger than a crossbar are cut into row blocks, whose partial sums are added,
and column blocks. Groups smaller than a crossbar (depthwise convolution) are packed along its diagonal, so
all of them are read at once without disturbing each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...workloads.graph import Matrix
from ..errors import SimulationError


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
class Array:
    """A crossbar for the tiling: wordlines, bitlines free for weights, bitlines per weight, all bitlines."""

    rows: int
    weight_cols: int
    columns_per_weight: int
    cols: int

    @property
    def weights_per_row(self) -> int:
        return self.weight_cols // self.columns_per_weight


def tile_matrix(matrix: Matrix, array: Array, name: str = "") -> Tiling:
    """Cut one operator's weights (all groups, one replica) into crossbars.

    Raises
    ------
    SimulationError
        If one weight is wider than a crossbar.
    """
    if array.weights_per_row < 1:
        raise SimulationError(
            f"{name}: one weight takes {array.columns_per_weight} bitlines, "
            f"a crossbar has {array.weight_cols}; use more bits per cell or fewer bits per weight"
        )
    row_blocks = -(-matrix.k // array.rows)
    col_blocks = -(-matrix.n // array.weights_per_row)
    beside = 1  # groups that lie in one crossbar
    if matrix.groups > 1 and row_blocks * col_blocks == 1:
        beside = min(array.rows // matrix.k, array.weights_per_row // matrix.n, matrix.groups)
    col_blocks *= -(-matrix.groups // beside)
    return Tiling(
        row_blocks=row_blocks,
        col_blocks=col_blocks,
        crossbars=row_blocks * col_blocks,
        rows=matrix.groups * matrix.k,
        cols=matrix.groups * matrix.n * array.columns_per_weight,
        rows_per_crossbar=min(array.rows, beside * matrix.k),
        cols_per_crossbar=min(array.weights_per_row, beside * matrix.n) * array.columns_per_weight,
        cells_used=matrix.groups * matrix.k * matrix.n * array.columns_per_weight,
        cells_total=row_blocks * col_blocks * array.rows * array.cols,
    )
