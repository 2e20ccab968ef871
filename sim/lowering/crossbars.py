"""A layer on crossbars: inputs are read, products made, converted and added up, outputs written.

Copies of a layer that fire by themselves are stripes (`sim/mapping/stripes.py`): every stripe is an actor of
its own, which makes a token per firing on whichever of its copies is free first. On a chip in lock step
all crossbars of a layer, and all its replicas, start when the last of their inputs is there (a static
schedule), which makes one actor of them, exactly. Every firing reads the whole im2col vector of its tokens
from the tile buffers. Where row blocks lie in different tiles, partial sums travel to the tile of the last
row block with twice the width of an activation (assumption) and are added there by a second actor.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from ...arch.digital import Bus
from ...workloads.graph import Matrix, Operator
from ..mapping.assignment import InBlocks
from ..mapping.stripes import Cut
from ..program import Schedule
from .context import Context
from .driven import Blocks, blocks_of, rows_in, wanted_by
from .grouping import Firings, Group, replica_group
from .growth import ALIKE, Growth
from .mvm import Copies, multiply
from .part import LayerPart
from .shares import Flow, Shares, busiest, merged, tiles_of
from .stage import Stage
from .transfers import transfer
from .unit_visits import Step, on_tiles


def lower(context: Context, operator: Operator, assignment: InBlocks) -> Stage:
    """The stage of one operator with static weights on crossbars."""
    if operator.name in context.cuts:
        return _in_stripes(context, operator, assignment, context.cuts[operator.name])
    group = replica_group(operator.output.grid, assignment.replicas)
    firings = Firings(operator.output.grid, group, samples=operator.samples)
    blocks = blocks_of(context, assignment)
    held = _held(context, operator, assignment)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    read = _read_inputs(context, actor, assignment.matrix, blocks)
    n_tokens = operator.output.grid.n_tokens * operator.samples
    product, interval = multiply(context, actor, assignment.matrix, assignment, n_tokens)
    moved = _partial_sums(context, assignment)
    last = actor if not moved else collect(context, operator.name, operator.name, firings.n, actor, moved)
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


def _in_stripes(context: Context, operator: Operator, a: InBlocks, cut: Cut) -> Stage:
    """A stage of stripes: one part for all the copies in the same tiles."""
    tokens_of = cut.tokens(operator.output.grid)
    parts: list[LayerPart] = []
    copy = 0
    for stripe, n_copies in enumerate(cut.copies):
        tokens = tokens_of[stripe]
        one = replace(a, replicas=1, first_crossbar=a.crossbar(copy, 0, 0), copies_at=())
        copy += n_copies
        if len(tokens):
            name = cut.name(operator.name, stripe)
            part = _stripe(context, operator, one, Copies(name, n_copies, tokens))
            context.stripe_held[operator.name, stripe] = part.held
            parts.append(part)
    return Stage(
        operator=operator.name,
        first=parts[0].first,
        last=parts[-1].last,
        firings=Firings(operator.output.grid, Group()),
        held=tuple(share for part in parts for share in part.held),
        latency_fs=max(part.latency_fs for part in parts),
        interval_fs=min(part.interval_fs for part in parts),
        parts=tuple(parts),
    )


def _stripe(context: Context, operator: Operator, one: InBlocks, copies: Copies) -> LayerPart:
    """The actors of a stripe; `one` is the first of its copies, alone."""
    m, n = one.matrix, len(copies.tokens)
    blocks = blocks_of(context, one)
    held = _held(context, operator, one)
    actor = context.builder.actor(copies.name, n, layer=operator.name)
    latency = _read_inputs(context, actor, m, blocks)
    reading = max(rows_in(pairs) for pairs in blocks.values()) * m.applications * context.word_bytes
    product, interval = multiply(context, actor, m, one, operator.output.grid.n_tokens, copies)
    moved = _partial_sums(context, one)
    last = actor if not moved else collect(context, copies.name, operator.name, n, actor, moved)
    latency += product + finish(context, last, operator, one, held, with_sums=bool(moved))
    port = context.tile.buffer
    return LayerPart(
        first=actor,
        last=last,
        tokens=copies.tokens,
        held=held,
        latency_fs=latency,
        interval_fs=max(interval, port.hold_fs(max(1, port.beats(reading)))),
        wanted=wanted_by(context, operator, m, Firings(operator.output.grid), blocks)[1],
    )


def _held(context: Context, operator: Operator, a: InBlocks) -> Shares:
    """Outputs come into being in the tile of the last row block of their columns; replica i makes token i."""
    rows, cols, n = a.tiling.row_blocks, a.tiling.col_blocks, operator.output.elements
    return merged(
        (context.tile_of(a, i, rows - 1, c), i, n * c // cols, n * (c + 1) // cols)
        for i in range(a.replicas)
        for c in range(cols)
    )


def _read_inputs(context: Context, actor: int, m: Matrix, blocks: Blocks) -> int:
    """Visits of buffer and bus: every tile reads the rows of its row blocks, once per application.

    Returns the latency.
    """
    tile = context.tile
    in_tile = [rows_in(pairs) * m.applications * context.word_bytes for pairs in blocks.values()]
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


def collect(context: Context, name: str, layer: str, n_firings: int, actor: int, moved: list[Flow]) -> int:
    """Actors that move partial sums and add them up; returns the second."""
    one_by_one = Schedule.affine(1, 1, n_firings)
    last = context.builder.actor(f"{name} sums", n_firings, layer=layer)
    sums = transfer(context, f"{name} partial sums", layer, n_firings, moved)
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
        register, port = (
            context.tile.sum_register,
            context.tile.buffer,
        )  # as busy as the port that it goes out by
        hold = port.hold_fs(max(1, port.beats(busiest(held) * context.word_bytes)))
        per_byte_j, instances = register.energy_per_byte_j, register.count * len(tiles_of(held))
        context.spend(actor, "sum register", "write", n_bytes, per_byte_j, register.power_w, hold, instances)
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
