"""A layer on crossbars: inputs are read, products made, converted and added up, outputs written.

All crossbars of a layer, and all its replicas, work in lock step: they start when the last of their inputs
is there (a static schedule, as on ISAAC), which makes one actor of them, exactly. Every firing reads the
whole im2col vector of its tokens from the tile buffers. Where row blocks lie in different tiles, partial
sums travel to the tile of the last row block with twice the width of an activation (assumption) and are
added there by a second actor.
"""

from __future__ import annotations

from collections import defaultdict

from ...arch.digital import Bus
from ...workloads.graph import Matrix, Operator
from ..mapping.assignment import InBlocks
from ..program import Schedule
from .context import Context
from .grouping import Firings, replica_group
from .growth import ALIKE, Growth
from .mvm import multiply
from .shares import ALL, Flow, Share, Shares, busiest, merged, tiles_of
from .stage import Stage
from .transfers import transfer
from .unit_visits import Step, on_tiles


def lower(context: Context, operator: Operator, assignment: InBlocks) -> Stage:
    """The stage of one operator with static weights on crossbars."""
    group = replica_group(operator.output.grid, assignment.replicas)
    firings = Firings(operator.output.grid, group, samples=operator.samples)
    blocks = blocks_of(context, assignment)
    held = _held(context, operator, assignment)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    read = _read_inputs(context, actor, assignment.matrix, blocks)
    n_tokens = operator.output.grid.n_tokens * operator.samples
    product, interval = multiply(context, actor, assignment.matrix, assignment, n_tokens)
    moved = _partial_sums(context, assignment)
    last = actor if not moved else collect(context, operator, firings, actor, moved)
    latency = read + product + finish(context, last, operator, assignment, held, with_sums=bool(moved))
    wanted, wanted_all = wanted_by(context, operator, assignment.matrix, firings, blocks)
    return Stage(
        operator=operator.name,
        first=actor,
        last=last,
        firings=firings,
        wanted=wanted,
        wanted_all=wanted_all,
        held=held,
        latency_fs=latency,
        interval_fs=interval,
        feedback=assignment.matrix.recurrent_k > 0,
    )


Blocks = dict[int, set[tuple[int, int]]]
"""By tile: the (replica, row block) pairs that it holds in any column block."""


def blocks_of(context: Context, a: InBlocks) -> Blocks:
    found: Blocks = defaultdict(set)
    for replica in range(a.replicas):
        for column in range(a.tiling.col_blocks):
            for row in range(a.tiling.row_blocks):
                found[context.tile_of(a, replica, row, column)].add((replica, row))
    return found


def _held(context: Context, operator: Operator, a: InBlocks) -> Shares:
    """Outputs come into being in the tile of the last row block of their columns; replica i makes token i."""
    rows, cols, n = a.tiling.row_blocks, a.tiling.col_blocks, operator.output.elements
    return merged(
        (context.tile_of(a, i, rows - 1, c), i, n * c // cols, n * (c + 1) // cols)
        for i in range(a.replicas)
        for c in range(cols)
    )


def wanted_by(
    context: Context, operator: Operator, m: Matrix, firings: Firings, blocks: Blocks
) -> tuple[Shares, Shares]:
    """Parts of an input firing by the tiles that need them: (if grouped as the outputs are, if not).

    A linear layer's row block needs its own elements of its own replica's token only. A convolution with a
    kernel needs whole tokens of the neighbourhood: every row block holds some kernel positions of most
    channels.
    """
    window = operator.inputs[0].window
    taken, rows = m.k - m.recurrent_k, context.tile.crossbar.rows
    linear = m.groups == 1 and window.kernel == (1, 1) and window.kind in ("same", "window")
    elements = context.mapping.network.producer(operator.inputs[0].tensor).output.elements
    own: dict[tuple[tuple[int, int], tuple[int, int]], set[int]] = defaultdict(set)
    anyone: dict[tuple[int, int], set[int]] = defaultdict(set)
    everything = (0, max(elements, 1))
    for tile, pairs in blocks.items():
        for replica, row in pairs:
            part = (row * rows, min((row + 1) * rows, taken)) if linear and taken == elements else everything
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


def _read_inputs(context: Context, actor: int, m: Matrix, blocks: Blocks) -> int:
    """Visits of buffer and bus: every tile reads the rows of its row blocks, once per application.

    Returns the latency.
    """
    tile, rows = context.tile, min(context.tile.crossbar.rows, m.k * m.groups)
    in_tile = [len(pairs) * rows * m.applications * context.word_bytes for pairs in blocks.values()]
    total = sum(in_tile)
    latency = 0
    tiles = tuple(sorted(blocks))
    for part, port in (("buffer", tile.buffer), ("bus", tile.bus)):
        if port is None:
            continue
        beats = max(1, port.beats(max(in_tile)))
        context.builder.visit(
            actor, context.ports(tiles, part), port.hold_fs(beats), port.latency_fs(beats), spread=True
        )
        context.spend(
            actor, part, "read", total, port.energy_per_byte_j, port.power_w, port.hold_fs(beats), len(tiles)
        )
        latency += port.latency_fs(beats)
    return latency


def _partial_sums(context: Context, a: InBlocks) -> list[Flow]:
    """Flows of partial sums to the tile of the last row block of their columns, by (tile, destination)."""
    tiling = a.tiling
    if tiling.row_blocks == 1:
        return []
    columns = tiling.cols_per_crossbar // context.tile.columns_per_weight
    n_bytes: dict[tuple[int, int], int] = defaultdict(int)
    for stack in range(a.replicas * tiling.col_blocks):
        replica, column = divmod(stack, tiling.col_blocks)
        tiles = {context.tile_of(a, replica, row, column) for row in range(tiling.row_blocks)}
        end = context.tile_of(a, replica, tiling.row_blocks - 1, column)
        for tile in tiles - {end}:  # sums of the row blocks inside one tile are added there first
            n_bytes[(tile, end)] += columns * 2 * context.word_bytes
    return [Flow(src, (dst,), n) for (src, dst), n in sorted(n_bytes.items())]


def collect(context: Context, operator: Operator, firings: Firings, actor: int, moved: list[Flow]) -> int:
    """Actors that move partial sums and add them up; returns the second."""
    one_by_one = Schedule.affine(1, 1, firings.n)
    last = context.builder.actor(f"{operator.name} sums", firings.n, layer=operator.name)
    sums = transfer(context, f"{operator.name} partial sums", operator.name, firings.n, moved)
    if sums is None:
        context.builder.channel(actor, last, 4, one_by_one)
        return last
    context.builder.channel(actor, sums, 4, one_by_one, bytes_per_token=sum(f.n_bytes for f in moved))
    context.builder.channel(sums, last, 4, one_by_one)
    return last


def finish(
    context: Context, actor: int, operator: Operator, a: InBlocks, held: Shares, *, with_sums: bool
) -> int:
    """Visits that add partial sums, apply fused functions and write the outputs. Returns the latency."""
    latency = 0
    work = [(f, unit, 1) for f, unit in zip(operator.fused, a.fused, strict=True)]
    if with_sums and a.adder is not None:
        work.insert(0, ("add", a.adder, a.tiling.row_blocks - 1))
    for function, unit, per_element in work:
        latency += on_tiles(context, actor, Step(function, unit, per_element, 1, ALIKE), held)[0]
    if context.tile.sum_register is not None:
        n_bytes = sum(s.size for s in held) * context.word_bytes
        context.spend(actor, "sum register", "write", n_bytes, context.tile.sum_register.energy_per_byte_j)
    return latency + write_outputs(context, actor, held)


def write_outputs(context: Context, actor: int, held: Shares, growth: Growth = ALIKE) -> int:
    """Visits of bus and buffer that write a firing's output where it is held. Returns the latency.

    `held` is that of a firing whose tokens all look back furthest.
    """
    tiles = tiles_of(held)
    n_bytes, total = busiest(held) * context.word_bytes, sum(s.size for s in held) * context.word_bytes
    latency = 0
    for part, port in (("bus", context.tile.bus), ("buffer", context.tile.buffer)):
        if port is None:
            continue
        latency += port_visit(context, actor, (part, "write"), port, tiles, (n_bytes, total), growth)
    return latency


def port_visit(
    context: Context,
    actor: int,
    what: tuple[str, str],
    port: Bus,
    tiles: tuple[int, ...],
    n_bytes: tuple[int, int],
    growth: Growth,
) -> int:
    """A visit of buffer or bus in some tiles; `n_bytes` in the busiest of them, and in all together.

    `what` is the part and its action. Returns the latency of the longest firing.
    """
    part, action = what
    hold = growth.each(lambda reach: port.hold_fs(max(1, port.beats(growth.part(reach, n_bytes[0])))))
    latency = growth.each(lambda reach: port.latency_fs(max(1, port.beats(growth.part(reach, n_bytes[0])))))
    context.builder.visit(actor, context.ports(tiles, part), hold, latency, spread=True)
    total = growth.each(lambda reach: growth.part(reach, n_bytes[1]))
    context.spend(actor, part, action, total, port.energy_per_byte_j, port.power_w, hold, len(tiles))
    return port.latency_fs(max(1, port.beats(n_bytes[0])))
