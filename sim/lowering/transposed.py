"""A layer on crossbars read backwards: errors on the columns, gradients from the rows.

The drivers and converters of the tile serve both directions. A weight in several cells is read slice by
slice, one slice's columns after the other (both of a differential pair at once), and added up with the
slices' weights; such a read takes its part of the energy of one that drives all columns. As many columns are
active at once as rows are on the way forward. Converters that count while the array integrates serve as many
rows at once as there are of them. Sums over the column blocks of a layer are added as those over row blocks
are on the way forward. All of this is an assumption where a chip says nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arch.chip import Tile
from ...workloads.graph import Operator
from ..mapping.assignment import InBlocks, InCells
from ..mapping.tiling import Tiling
from ..mapping.timing import ceil_div
from .context import Context
from .crossbars import collect, finish, port_visit
from .grouping import Firings, replica_group
from .growth import ALIKE
from .mvm import multiply
from .shares import ALL, Flow, Share, Shares, merged
from .stage import Stage


def lower(context: Context, operator: Operator, a: InCells) -> Stage:
    """The stage of the backward pass of a layer on crossbars; `a` is the layer's, under its own name."""
    grid, m = operator.output.grid, a.matrix
    firings = Firings(grid, replica_group(grid, a.replicas), samples=operator.samples)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    read = read_errors(context, actor, a, m.applications)
    sets = ColumnSets.of(a.tiling, m.groups)
    turned = replace(a, operator=a.layer, tiling=turned_tiling(context.tile, a.tiling, m.groups))
    view = replace(
        context,
        chip=context.chip.model_copy(update={"tile": turned_tile(context.tile, a.tiling)}),
        operands={},
    )
    product, interval = multiply(view, actor, m, turned, grid.n_tokens * operator.samples)
    moved = _partial_sums(context, a, sets)
    last = actor if not moved else collect(context, operator.name, operator.name, firings.n, actor, moved)
    held = merged(_held(context, operator, a, sets))
    wanted, wanted_all = wanted_errors(context, a, m.k * m.groups)
    return Stage(
        operator=operator.name,
        first=actor,
        last=last,
        firings=firings,
        held=held,
        latency_fs=read + product + finish(context, last, operator, turned, held, with_sums=bool(moved)),
        interval_fs=interval,
        wanted=wanted,
        wanted_all=wanted_all,
    )


@dataclass(frozen=True)
class ColumnSets:
    """Column blocks whose rows are added up: of a layer, of one group, or one block of packed groups.

    Attributes
    ----------
    n : int
        Independent sets.
    width : int
        Column blocks in each.
    """

    n: int
    width: int

    @staticmethod
    def of(tiling: Tiling, groups: int) -> ColumnSets:
        width = max(1, tiling.col_blocks // groups)
        return ColumnSets(tiling.col_blocks // width, width)


def turned_tile(tile: Tile, tiling: Tiling) -> Tile:
    """The tile as the backward read sees it: more reads, one conversion for each output."""
    crossbar, read = tile.crossbar, tile.crossbar.transposed
    assert read is not None
    at_once = max(1, tile.adc.count // crossbar.count)
    turns = ceil_div(tiling.rows_per_crossbar, at_once) if tile.adc.concurrent else 1
    whole_j = crossbar.energy_j if read.energy_j is None else read.energy_j
    of_read = {
        "read_time_fs": read.read_time_fs,
        "energy_j": None if whole_j is None else whole_j / tile.slices,
        "phases": crossbar.phases * tile.slices * turns,
    }
    of_weight = {"bits": crossbar.cell.bits, "encoding": "offset"}
    return tile.model_copy(
        update={
            "crossbar": crossbar.model_copy(update=of_read),
            "weights": tile.weights.model_copy(update=of_weight),
        }
    )


def turned_tiling(tile: Tile, tiling: Tiling, groups: int) -> Tiling:
    """The tiling with rows and columns exchanged; of the columns, those that one slice's read drives."""
    return replace(
        tiling,
        row_blocks=max(1, tiling.col_blocks // groups),
        col_blocks=tiling.row_blocks * groups,
        rows=tiling.cols // tile.slices,
        cols=tiling.rows,
        rows_per_crossbar=tiling.cols_per_crossbar // tile.slices,
        cols_per_crossbar=tiling.rows_per_crossbar,
    )


def read_errors(context: Context, actor: int, a: InBlocks, applications: int) -> int:
    """Visits of buffer and bus: every tile reads the errors of its column blocks. Returns the latency."""
    tile = context.tile
    errors = a.tiling.cols_per_crossbar // tile.columns_per_weight
    in_tile = {
        t: len(blocks) * errors * applications * context.word_bytes
        for t, blocks in _columns(context, a).items()
    }
    return read_ports(context, actor, in_tile)


def read_ports(context: Context, actor: int, in_tile: dict[int, int]) -> int:
    """Visits that read so many bytes from the buffer of each tile. Returns the latency."""
    n_bytes = max(in_tile.values()), sum(in_tile.values())
    latency = 0
    for part, port in (("buffer", context.tile.buffer), ("bus", context.tile.bus)):
        if port is not None:
            tiles = tuple(sorted(in_tile))
            latency += port_visit(context, actor, (part, "read"), port, tiles, n_bytes, ALIKE)
    return latency


def wanted_errors(context: Context, a: InBlocks, elements: int) -> tuple[Shares, Shares]:
    """Parts of an error by the tiles that need them: (grouped as the layer's outputs are, if not)."""
    blocks = a.tiling.col_blocks
    own: dict[tuple[int, int], set[int]] = defaultdict(set)
    for tile, pairs in _columns(context, a).items():
        for pair in pairs:
            own[pair].add(tile)
    anyone: dict[int, set[int]] = defaultdict(set)
    for (_, column), tiles in own.items():
        anyone[column] |= tiles
    part = [(elements * c // blocks, elements * (c + 1) // blocks) for c in range(blocks)]
    alike = tuple(Share((i, i + 1), part[c], tuple(sorted(t))) for (i, c), t in sorted(own.items()))
    return alike, tuple(Share((0, ALL), part[c], tuple(sorted(t))) for c, t in sorted(anyone.items()))


def _columns(context: Context, a: InBlocks) -> dict[int, set[tuple[int, int]]]:
    """By tile: the (replica, column block) pairs that it holds in any row block."""
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for replica in range(a.replicas):
        for column in range(a.tiling.col_blocks):
            for row in range(a.tiling.row_blocks):
                found[context.tile_of(a, replica, row, column)].add((replica, column))
    return found


def _held(
    context: Context, operator: Operator, a: InBlocks, sets: ColumnSets
) -> Iterator[tuple[int, int, int, int]]:
    """(tile, token, first element, end element): gradients meet in the tile of the last column of a set."""
    elements, rows = operator.output.elements, context.tile.crossbar.rows
    for replica in range(a.replicas):
        for s in range(sets.n):
            low, high = elements * s // sets.n, elements * (s + 1) // sets.n
            for r in range(a.tiling.row_blocks):
                tile = context.tile_of(a, replica, r, (s + 1) * sets.width - 1)
                yield tile, replica, min(low + r * rows, high), min(low + (r + 1) * rows, high)


def _partial_sums(context: Context, a: InBlocks, sets: ColumnSets) -> list[Flow]:
    """Flows of partial sums to the tile of the last column block of their set."""
    n_bytes: dict[tuple[int, int], int] = defaultdict(int)
    for replica in range(a.replicas if sets.width > 1 else 0):
        for s in range(sets.n):
            columns = range(s * sets.width, (s + 1) * sets.width)
            for r in range(a.tiling.row_blocks):
                end = context.tile_of(a, replica, r, columns[-1])
                for tile in {context.tile_of(a, replica, r, c) for c in columns} - {end}:
                    n_bytes[(tile, end)] += a.tiling.rows_per_crossbar * 2 * context.word_bytes
    return [Flow(src, (dst,), n) for (src, dst), n in sorted(n_bytes.items())]
