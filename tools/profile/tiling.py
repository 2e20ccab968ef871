"""Tiling losses: cells of the crossbars taken that hold no weights, by layer and by reason."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.answers.run import Run
from ...sim.mapping.assignment import InBlocks
from ...workloads.graph import Matrix


@dataclass(frozen=True)
class TilingLoss:
    """Cells of one layer, over all replicas: used + rows + columns + diagonal = all.

    Parameters
    ----------
    layer : str
    k, n, groups : int
        Rows and columns (before weight slicing) of the weight matrix, of one group.
    crossbars, replicas, row_blocks, col_blocks : int
        Crossbars of one replica, and what it is cut into.
    cells_used, cells_total : int
    row_loss : int
        Cells on wordlines without a weight (the matrix does not fill its last row block).
    column_loss : int
        Cells on bitlines without a weight, on wordlines with some: the last column block is not full, a
        weight is never cut in two, a bias column is kept free.
    diagonal_loss : int
        Cells between the blocks of groups that lie along the diagonal of a crossbar.
    last_rows : int
        Wordlines in use in the last row block.
    """

    layer: str
    k: int
    n: int
    groups: int
    crossbars: int
    replicas: int
    row_blocks: int
    col_blocks: int
    cells_used: int
    cells_total: int
    row_loss: int
    column_loss: int
    diagonal_loss: int
    last_rows: int

    @property
    def lost(self) -> int:
        """Cells that hold no weights."""
        return self.cells_total - self.cells_used


@dataclass(frozen=True)
class TilingLosses:
    """The layers on crossbars, the one that loses most cells first, and what was never taken.

    Parameters
    ----------
    layers : tuple of TilingLoss
    crossbars_used, crossbars_total : int
    rows, cols : int
        Of one crossbar.
    """

    layers: tuple[TilingLoss, ...]
    crossbars_used: int
    crossbars_total: int
    rows: int
    cols: int

    @property
    def cells_total(self) -> int:
        """Cells of all crossbars that layers took."""
        return sum(layer.cells_total for layer in self.layers)

    def share(self, reason: str) -> float:
        """Share of those cells in use ("cells_used"), or lost ("row_loss", "column_loss", ...)."""
        cells: int = sum(getattr(layer, reason) for layer in self.layers)
        return cells / max(1, self.cells_total)


def tiling_losses(run: Run) -> TilingLosses | None:
    """Losses of every layer on crossbars; None on a chip without."""
    if run.chip.tile is None:
        return None
    crossbar = run.chip.tile.crossbar
    matrices = {o.name: o.matrix for o in run.mapping.network.operators}
    layers = []
    for a in run.mapping.assignments:
        matrix = matrices[a.operator]
        if matrix is None or not isinstance(a, InBlocks):
            continue
        t = a.tiling
        row, column, diagonal, last = _losses(matrix, t.row_blocks, t.crossbars, t.rows_per_crossbar, run)
        layers.append(
            TilingLoss(
                layer=a.operator,
                k=matrix.k,
                n=matrix.n,
                groups=matrix.groups,
                crossbars=t.crossbars,
                replicas=a.replicas,
                row_blocks=t.row_blocks,
                col_blocks=t.col_blocks,
                cells_used=t.cells_used * a.replicas,
                cells_total=t.cells_total * a.replicas,
                row_loss=row * a.replicas,
                column_loss=column * a.replicas,
                diagonal_loss=diagonal * a.replicas,
                last_rows=last,
            )
        )
    layers.sort(key=lambda layer: (-layer.lost, layer.layer))
    mapping = run.mapping
    return TilingLosses(
        tuple(layers), mapping.crossbars_used, mapping.crossbars_total, crossbar.rows, crossbar.cols
    )


def _losses(
    matrix: Matrix, row_blocks: int, crossbars: int, rows_per_crossbar: int, run: Run
) -> tuple[int, int, int, int]:
    """Cells lost to rows, columns and the diagonal in one replica, and rows in use in the last row block."""
    tile = run.chip.tile
    assert tile is not None
    rows, cols = tile.crossbar.rows, tile.crossbar.cols
    bitlines = matrix.n * tile.columns_per_weight
    if matrix.groups > 1 and row_blocks == 1 and crossbars <= matrix.groups:
        # Groups lie along the diagonal, so each has wordlines of its own.
        used_rows = matrix.groups * matrix.k
        beside = rows_per_crossbar // matrix.k
        full, rest = divmod(matrix.groups, beside)
        boxes = full * beside**2 + rest**2  # (wordlines x bitlines) of all blocks, in blocks of one group
        row_loss = (crossbars * rows - used_rows) * cols
        box_cells = boxes * matrix.k * bitlines
        column_loss = used_rows * cols - box_cells
        return row_loss, column_loss, box_cells - used_rows * bitlines, rows_per_crossbar
    stacks = crossbars // row_blocks  # column blocks of all groups, each a column of crossbars
    used_rows = matrix.k * stacks
    row_loss = (row_blocks * rows * stacks - used_rows) * cols
    column_loss = used_rows * cols - matrix.groups * matrix.k * bitlines
    return row_loss, column_loss, 0, matrix.k - (row_blocks - 1) * rows
