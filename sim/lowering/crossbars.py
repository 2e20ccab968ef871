"""A layer on crossbars: read the inputs, drive the arrays, convert, add up, apply what is fused, write the outputs.

All crossbars of a layer, and all its replicas, work in lock step: they start when the last of their inputs is there (a static
schedule, as on ISAAC), which makes one actor of them, exactly. Every firing reads the whole im2col vector of its tokens from the
tile buffers. Where row blocks lie in different tiles, partial sums travel to the tile of the last row block with twice the
width of an activation (assumption) and are added there by a second actor.
"""

from __future__ import annotations

from collections import defaultdict

from ...arch.component import Costed
from ...workloads.graph import Matrix, Operator
from ..mapping.mapping import Assignment
from ..mapping.places import find_unit
from ..mapping.timing import MvmTiming, ceil_div, unit_beats
from .context import Context
from .grouping import Firings, replica_group
from .stage import Stage
from .transfers import Flow, Share, even_shares, transfer


def lower(context: Context, operator: Operator, assignment: Assignment) -> Stage:
    """The stage of one operator with static weights on crossbars."""
    assert operator.matrix is not None
    assert assignment.tiling is not None
    firings = Firings(operator.output.grid, replica_group(operator.output.grid, assignment.replicas))
    blocks = _blocks(context, assignment)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    read = _read_inputs(context, actor, operator.matrix, assignment, blocks)
    multiply, interval = _multiply(context, actor, operator.matrix, assignment)
    moved = _partial_sums(context, operator, assignment, blocks)
    last, latency = actor, read + multiply
    if moved:
        last = _collect(context, operator, assignment, firings, actor, moved)
    latency += _finish(context, last, operator, assignment, with_sums=bool(moved), n_tokens=firings.group.n_tokens)
    return Stage(
        operator=operator.name,
        first=actor,
        last=last,
        firings=firings,
        wanted=tuple(_wanted(context, operator, assignment, blocks)),
        held=tuple(even_shares(operator.output.elements, assignment.sources)),
        latency_fs=latency,
        interval_fs=interval,
        feedback=operator.matrix.recurrent_k > 0,
    )


Blocks = dict[int, set[tuple[int, int]]]
"""By tile: the (replica, row block) pairs that it holds in any column block."""


def _blocks(context: Context, a: Assignment) -> Blocks:
    assert a.tiling is not None
    per_tile, order, rows = context.tile.crossbar.count, context.mapping.tile_order, a.tiling.row_blocks
    found: Blocks = defaultdict(set)
    for crossbar in range(a.tiling.crossbars * a.replicas):
        replica, within = divmod(crossbar, a.tiling.crossbars)
        found[order[(a.first_crossbar + crossbar) // per_tile]].add((replica, within % rows))
    return found


def _wanted(context: Context, operator: Operator, a: Assignment, blocks: Blocks) -> list[Share]:
    """Elements of an input token by the tiles that need them.

    A linear layer's row block needs its own elements only; a convolution with a kernel needs whole tokens (every row block
    holds some kernel positions of most channels), unless its groups lie in different tiles.
    """
    m = operator.matrix
    assert m is not None
    taken = m.k - m.recurrent_k
    by_need: dict[tuple[int, int], list[int]] = defaultdict(list)
    for tile, pairs in blocks.items():
        rows = [row for _, row in pairs]
        begin, end = min(rows) * context.tile.crossbar.rows, min((max(rows) + 1) * context.tile.crossbar.rows, m.k)
        linear = m.groups == 1 and operator.inputs and operator.inputs[0].window.kind == "same"
        by_need[(min(begin, taken - 1), min(end, taken)) if linear else (0, taken)].append(tile)
    return [Share(b, max(e, b + 1), tuple(sorted(tiles))) for (b, e), tiles in sorted(by_need.items())]


def _read_inputs(context: Context, actor: int, m: Matrix, a: Assignment, blocks: Blocks) -> int:
    """Visits of buffer and bus: every tile reads the rows of its row blocks, once per application. Returns the latency."""
    tile, rows = context.tile, min(context.tile.crossbar.rows, m.k * m.groups)
    in_tile = [len(pairs) * rows * m.applications * context.word_bytes for pairs in blocks.values()]
    total = sum(in_tile)
    latency = 0
    tiles = tuple(sorted(blocks))
    for part, port in (("buffer", tile.buffer), ("bus", tile.bus)):
        if port is None:
            continue
        beats = max(1, port.beats(max(in_tile)))
        context.builder.visit(actor, context.ports(tiles, part), port.hold_fs(beats), port.latency_fs(beats))
        context.spend(
            actor, part, "read", total, port.energy_per_byte_j, port.power_w, port.hold_fs(beats), len(tiles)
        )
        latency += port.latency_fs(beats)
    if tile.input_register is not None:
        register = tile.input_register
        context.spend(actor, "input register", "byte", 2 * total, register.energy_per_byte_j)
    return latency


def _multiply(context: Context, actor: int, m: Matrix, a: Assignment) -> tuple[int, int]:
    """Visits of crossbars, converters, and shift-and-add. Returns the latency, and the interval between products."""
    assert a.tiling is not None
    tile, tiling = context.tile, a.tiling
    time = MvmTiming.of(tile, tiling)
    n = a.replicas * tiling.crossbars
    name = a.operator
    arrays = context.resource(f"{name} crossbars", "crossbar", units=n)
    adcs = context.resource(f"{name} adcs", "adc", units=max(1, ceil_div(n * tile.adc.count, tile.crossbar.count)))
    hold = time.crossbar_hold_fs * m.applications
    if time.convert_fs:
        adc_hold = hold - time.period_fs + time.convert_fs
        context.builder.visit(actor, arrays, hold, time.read_fs)
        context.builder.visit(actor, adcs, adc_hold, adc_hold)
        latency = time.read_fs + adc_hold
    else:
        group = (arrays,) if tile.adc.kind == "none" else (arrays, adcs)
        context.builder.visit(actor, group, hold)
        latency = hold
    _spend_product(context, actor, m, a, time)
    return latency + _shift_add(context, actor, m, a, time), hold


def _spend_product(context: Context, actor: int, m: Matrix, a: Assignment, time: MvmTiming) -> None:
    """Energy of driving rows, reading arrays, and converting columns; only rows and columns that hold weights count."""
    assert a.tiling is not None
    tile = context.tile
    reads = time.reads * m.applications * a.replicas
    rows = reads * a.tiling.rows * max(1, a.tiling.col_blocks // m.groups)
    columns = reads * a.tiling.cols * a.tiling.row_blocks
    arrays = reads * a.tiling.crossbars
    hold = time.crossbar_hold_fs * m.applications
    crossbars = a.replicas * a.tiling.crossbars

    def spend(part: Costed, name: str, action: str, count: int, per_crossbar: float) -> None:
        instances = max(1, round(crossbars * per_crossbar))
        context.spend(actor, name, action, count, getattr(part, "energy_j", None), part.power_w, hold, instances)

    spend(tile.crossbar, "crossbar", "read", arrays, 1.0)
    spend(tile.dac, "dac", "drive row", rows, tile.dac.count / tile.crossbar.count)
    if tile.adc.kind != "none":
        spend(tile.adc, "adc", "convert", columns, tile.adc.count / tile.crossbar.count)
    if tile.sample_hold is not None:
        spend(tile.sample_hold, "sample-hold", "sample", columns, tile.sample_hold.count / tile.crossbar.count)


def _shift_add(context: Context, actor: int, m: Matrix, a: Assignment, time: MvmTiming) -> int:
    """Visit of the shift-and-add units, which keep up with the converters read by read. Returns the latency."""
    tile = context.tile
    if tile.shift_add is None:
        return 0
    assert a.tiling is not None
    unit = tile.shift_add
    n = a.replicas * a.tiling.crossbars
    lanes = max(1, ceil_div(n * unit.count * unit.lanes, tile.crossbar.count))
    per_read = a.replicas * a.tiling.cols * a.tiling.row_blocks
    beats = ceil_div(per_read, lanes)
    reads = time.reads * m.applications
    resource = context.resource(f"{a.operator} shift-add", "shift-add", units=max(1, lanes // unit.lanes))
    context.builder.visit(actor, resource, unit.hold_fs(beats * reads), unit.latency_fs(beats))
    context.spend(actor, "shift-add", "add", per_read * reads, unit.energy_j, unit.power_w, unit.hold_fs(beats * reads), lanes)
    if tile.output_register is not None:
        per_byte = tile.output_register.energy_per_byte_j
        context.spend(actor, "output register", "byte", 2 * per_read * reads * context.word_bytes, per_byte)
    return unit.latency_fs(beats)


def _partial_sums(context: Context, operator: Operator, a: Assignment, blocks: Blocks) -> list[Flow]:
    """Flows of partial sums to the tile of the last row block of their columns, one per (tile, destination)."""
    assert a.tiling is not None
    tiling, per_tile, order = a.tiling, context.tile.crossbar.count, context.mapping.tile_order
    if tiling.row_blocks == 1:
        return []
    columns = tiling.cols_per_crossbar // context.tile.columns_per_weight
    n_bytes: dict[tuple[int, int], int] = defaultdict(int)
    for stack in range(a.replicas * tiling.col_blocks):
        first = a.first_crossbar + stack * tiling.row_blocks
        tiles = {order[(first + row) // per_tile] for row in range(tiling.row_blocks)}
        end = order[(first + tiling.row_blocks - 1) // per_tile]
        for tile in tiles - {end}:  # sums of the row blocks inside one tile are added there first
            n_bytes[(tile, end)] += columns * 2 * context.word_bytes
    return [Flow(src, (dst,), n) for (src, dst), n in sorted(n_bytes.items())]


def _collect(
    context: Context, operator: Operator, a: Assignment, firings: Firings, actor: int, moved: list[Flow]
) -> int:
    """Actors that move partial sums and add them up; returns the second."""
    from ..program import Schedule

    one_by_one = Schedule.affine(1, 1, firings.n)
    last = context.builder.actor(f"{operator.name} sums", firings.n, layer=operator.name)
    sums = transfer(context, f"{operator.name} partial sums", operator.name, firings.n, moved)
    if sums is None:
        context.builder.channel(actor, last, 4, one_by_one)
        return last
    context.builder.channel(actor, sums, 4, one_by_one, bytes_per_token=sum(f.n_bytes for f in moved))
    context.builder.channel(sums, last, 4, one_by_one)
    return last


def _finish(
    context: Context, actor: int, operator: Operator, a: Assignment, *, with_sums: bool, n_tokens: int
) -> int:
    """Visits that add partial sums, apply fused functions and write the outputs. Returns the latency."""
    assert a.tiling is not None
    elements = operator.output.elements * n_tokens
    latency = 0
    work = [(f, elements) for f in operator.fused]
    if with_sums and find_unit(context.chip, "add", "tile_unit"):
        work.insert(0, ("add", elements * (a.tiling.row_blocks - 1)))
    for function, amount in work:
        found = find_unit(context.chip, function, "tile_unit")
        assert found is not None
        unit = found[1]
        beats = unit_beats(unit, amount, function, len(a.sources))
        context.builder.visit(
            actor, context.units(unit, a.sources, of_tile=True), unit.hold_fs(beats), unit.latency_fs(beats)
        )
        context.spend(
            actor,
            f"tile.{unit.name}",
            function,
            amount * unit.functions[function],
            unit.energy_j,
            unit.power_w,
            unit.hold_fs(beats),
            unit.count * len(a.sources),
        )
        latency += unit.latency_fs(beats)
    return latency + write_outputs(context, actor, elements, a.sources)


def write_outputs(context: Context, actor: int, elements: int, tiles: tuple[int, ...]) -> int:
    """Visits of bus and buffer that write a firing's output, spread over tiles. Returns the latency."""
    n_bytes = ceil_div(elements * context.word_bytes, len(tiles))
    latency = 0
    for part, port in (("bus", context.tile.bus), ("buffer", context.tile.buffer)):
        if port is None:
            continue
        beats = max(1, port.beats(n_bytes))
        context.builder.visit(actor, context.ports(tiles, part), port.hold_fs(beats), port.latency_fs(beats))
        context.spend(
            actor, part, "write", elements * context.word_bytes, port.energy_per_byte_j, port.power_w, port.hold_fs(beats), len(tiles)
        )
        latency += port.latency_fs(beats)
    return latency
