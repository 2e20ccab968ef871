"""Operands without data: means that somebody states, the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping

from ...arch.chip import Chip, Tile
from ...arch.operands import StatedOperands as Means
from ...workloads.graph import Operator
from ..mapping.assignment import Assignment, OnCrossbars
from .drives import ReadPlan
from .layer_operands import LayerOperands


def stated_layer(operator: Operator, a: OnCrossbars, tile: Tile, means: Means) -> LayerOperands:
    """Operands of a layer whose inputs, cells and codes have these means over full scale.

    Inputs and cells are independent of each other, and every read drives some row.
    """
    plan, tiling, m = ReadPlan.of(tile, signed=False), a.tiling, a.matrix
    n_products = float(operator.samples * operator.output.grid.n_tokens * m.applications)
    col_blocks = max(1, tiling.col_blocks // m.groups)
    rows = plan.reads * tiling.rows * col_blocks * n_products
    groups = tile.row_groups(tiling.rows_per_crossbar)
    per_crossbar = plan.reads * groups
    columns = per_crossbar * tiling.cols * tiling.row_blocks * n_products
    cells_per_row = tiling.cells_used / (tiling.rows * col_blocks)
    reads = float(per_crossbar * tiling.crossbars * n_products)
    return LayerOperands(
        basis="stated",
        n_vectors=0,
        n_products=n_products,
        reads_offered=reads,
        reads=reads,
        rows=rows,
        columns=columns,
        drive=rows * means.input,
        cell_drive=rows * means.input * cells_per_row * means.cell,
        codes=columns * means.code,
        zero_reads=0.0,
        firing_reads=(float(per_crossbar * m.applications),),
        input_steps=plan.steps,
        cell_steps=plan.steps * (2**tile.crossbar.cell.bits - 1),
        code_steps=2**tile.adc.bits - 1,
        bit_density=(means.input,) * plan.slices,
    )


def stated_layers(
    operators: Mapping[str, Operator], assignments: Mapping[str, Assignment], chip: Chip, means: Means
) -> dict[str, LayerOperands]:
    """The same for every layer on crossbars."""
    return {
        name: stated_layer(operators[name], a, chip.tile_of(name, operators[name].op), means)
        for name, a in assignments.items()
        if isinstance(a, OnCrossbars)
    }
