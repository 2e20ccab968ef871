"""What the rows of a layer's crossbars are driven with: which tile reads how much, and wants which elements.

A row block of a matrix holds some of its inputs. Blocks beside each other hold the same ones, which a tile
reads once for all of them; blocks of other groups (of a grouped or depthwise convolution) have inputs of
their own, and the last row block may be shorter than a crossbar.
"""

from __future__ import annotations

from collections import defaultdict

from ...workloads.graph import Matrix, Operator, Window
from ..mapping.assignment import InBlocks
from ..mapping.tiling import Tiling
from .context import Context
from .grouping import Firings
from .shares import ALL, Share, Shares

Blocks = dict[int, dict[tuple[int, int, int], tuple[int, int]]]
"""By tile: the inputs that it holds in any column block, as first row (of all groups) and number of rows, by
(replica, groups, row block)."""


def blocks_of(context: Context, a: InBlocks) -> Blocks:
    """What lies where of a layer on crossbars."""
    m = a.matrix
    found: Blocks = defaultdict(dict)
    size = context.tile.crossbar.rows
    inputs = [
        [
            _rows(m, a.tiling, size, context.tile.weights_per_row, row, column)
            for row in range(a.tiling.row_blocks)
        ]
        for column in range(a.tiling.col_blocks)
    ]
    for replica in range(a.replicas):
        for column in range(a.tiling.col_blocks):
            for row in range(a.tiling.row_blocks):
                groups, rows = inputs[column][row]
                found[context.tile_of(a, replica, row, column)][replica, groups, row] = rows
    return found


def rows_in(inputs: dict[tuple[int, int, int], tuple[int, int]]) -> int:
    """Rows of some inputs together."""
    return sum(n for _, n in inputs.values())


def _rows(
    m: Matrix, tiling: Tiling, size: int, weights_per_row: int, row: int, column: int
) -> tuple[int, tuple[int, int]]:
    """The groups that a block belongs to, by a number, and its rows: the first of all groups, how many."""
    beside = tiling.rows_per_crossbar // m.k if m.groups > 1 and tiling.row_blocks == 1 else 0
    if beside:  # groups along the diagonal of a crossbar, or one after the other over some
        per_group = -(-m.n // weights_per_row)
        first = column * beside if per_group == 1 else column // per_group
        count = min(beside if per_group == 1 else 1, m.groups - first)
        return first, (first * m.k, count * m.k)
    group = column // (tiling.col_blocks // m.groups)
    return group, (group * m.k + row * size, min(size, m.k - row * size))


def wanted_by(
    context: Context, operator: Operator, m: Matrix, firings: Firings, blocks: Blocks
) -> tuple[Shares, Shares]:
    """Parts of an input firing by the tiles that need them: (if grouped as the outputs are, if not).

    A linear layer's row block needs its own elements of its own replica's token only. A convolution with a
    kernel needs whole tokens of the neighbourhood, as every row block holds some kernel positions of most
    channels; of a grouped one, the channels of its groups. The rows of a flattened input are channel by
    channel, as ONNX has it: a block needs some channels of every token.
    """
    window = operator.inputs[0].window
    linear = _linear(m, window)
    source = context.mapping.network.producer(operator.inputs[0].tensor).output
    own: dict[tuple[tuple[int, int], tuple[int, int]], set[int]] = defaultdict(set)
    anyone: dict[tuple[int, int], set[int]] = defaultdict(set)
    for tile, inputs in blocks.items():
        for (replica, _, _), rows in inputs.items():
            part = _elements(m, window, source.elements, source.grid.n_tokens, rows)
            if part[0] < part[1]:
                own[((replica, replica + 1), part)].add(tile)
                anyone[part].add(tile)
    whole = (0, firings.group.n_tokens)
    alike = linear and window.stride == (1, 1)
    shares_all = tuple(Share((0, ALL), part, tuple(sorted(tiles))) for part, tiles in sorted(anyone.items()))
    shares = tuple(
        Share(token if alike else whole, part, tuple(sorted(tiles)))
        for (token, part), tiles in sorted(own.items())
    )
    return (shares if alike else shares_all), shares_all


def _linear(m: Matrix, window: Window) -> bool:
    return m.groups == 1 and window.kernel == (1, 1) and window.kind in ("same", "window")


def _elements(
    m: Matrix, window: Window, elements: int, n_tokens: int, rows: tuple[int, int]
) -> tuple[int, int]:
    """Elements of an input token that some rows need."""
    taken, (first, n) = m.k - m.recurrent_k, rows
    if _linear(m, window) and taken == elements:
        return first, min(first + n, taken)
    if m.groups > 1 and window.kind in ("same", "window") and elements % m.groups == 0:
        groups = first // m.k, -(-(first + n) // m.k)
        return groups[0] * elements // m.groups, groups[1] * elements // m.groups
    if m.groups == 1 and window.kind == "all" and taken == elements * n_tokens:
        return first // n_tokens, -(-min(first + n, taken) // n_tokens)
    return 0, max(elements, 1)
