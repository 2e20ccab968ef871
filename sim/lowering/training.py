"""Weights that change: rank-one updates by pulses, rows that are written, weights that a digital chip keeps.

Pulses update all crossbars of a layer at once, one token after the other, after the last use of the weights
by the sample; the next sample begins on the layer when its update is done. Every replica takes every token's
update, so replicas make no update shorter. Rows are written once per step, one row of every crossbar of the
layer at a time, all crossbars at the same time (assumption). Errors are driven on the columns and
activations on the rows for as many pulses as the train has, whatever their values; how many meet in a cell
is the chip's `activity`.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from ...arch.digital import MacArray
from ...workloads.graph import Grid, Matrix, Operator
from ..mapping.assignment import Assignment, InCells, InMemory, OnChipUnits, OnTileUnits
from ..mapping.timing import ceil_div
from ..mapping.training import samples_kept
from ..program import Schedule
from . import memory, transposed, units
from .context import Context
from .driven import blocks_of, rows_in, wanted_by
from .grouping import Firings, Group, replica_group
from .shares import ALL, Share, Shares, even
from .stage import Stage

NOTHING: tuple[Shares, Shares] = ((), ())
"""What is wanted of an operator that only has to be done."""


def lower(context: Context, operator: Operator, a: InCells) -> Stage:
    """The stage of an operator that reads a layer's cells from their columns, or changes them."""
    task = operator.role.task if operator.role else "write"
    if task == "columns":
        return transposed.lower(context, operator, a)
    return _pulses(context, operator, a) if task == "pulses" else _write(context, operator, a)


def order(context: Context, stages: dict[str, Stage]) -> None:
    """Channels that let the next sample onto a layer when the layer's update by pulses is done."""
    for operator in context.mapping.network.operators:
        if operator.role is None or operator.role.task != "pulses" or operator.samples == 1:
            continue
        update, layer = stages[operator.name], stages[operator.role.layer]
        done, waiting = (s.firings.n // operator.samples for s in (update, layer))
        before = Schedule(tuple(b * done for b in range(operator.samples)), (0,) * waiting)
        context.builder.channel(update.last, layer.first, 2 * done, before)


def kept_firings(context: Context, src: Stage) -> int | None:
    """Firings of an activation that can wait for the backward pass; None if it does not wait there."""
    role = next((o.role for o in context.mapping.network.operators if o.name == src.operator), None)
    if role is None or role.task != "store" or src.firings.barrier:
        return None
    samples = max(1, samples_kept(context.mapping.network, context.chip))
    return samples * src.firings.n // src.firings.samples


def _pulses(context: Context, operator: Operator, a: InCells) -> Stage:
    """Activations on the rows, errors on the columns, pulse trains on both."""
    m, update = a.matrix, context.tile.crossbar.update
    assert update is not None
    assert update.pulses is not None
    grid = operator.output.grid
    firings = Firings(grid, replica_group(grid, a.replicas), samples=operator.samples)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    blocks = blocks_of(context, a)
    of_rows = {t: rows_in(pairs) * m.applications * context.word_bytes for t, pairs in blocks.items()}
    latency = transposed.read_ports(context, actor, of_rows)
    latency += transposed.read_errors(context, actor, a, m.applications)
    trains = firings.group.n_tokens * m.applications
    cells = context.resource(f"{a.layer} crossbars", "crossbar", units=a.replicas * a.tiling.crossbars)
    context.builder.visit(actor, cells, trains * update.train_fs)
    pulses = trains * a.replicas * update.pulses
    met = ceil(pulses * a.tiling.cells_used * update.activity)
    context.spend(actor, "crossbar", "update pulse", met, update.energy_j)
    driven = pulses * update.polarities * _lines(m, a)
    context.spend(actor, "dac", "drive pulse", driven, update.line_energy_j)
    return Stage(
        operator=operator.name,
        first=actor,
        last=actor,
        firings=firings,
        held=even(firings.group.n_tokens, 1, a.tiles[:1]),
        latency_fs=latency + trains * update.train_fs,
        interval_fs=trains * update.train_fs,
        wanted_from={
            **dict.fromkeys(_makers(context, operator), NOTHING),
            _makers(context, operator)[0]: wanted_by(context, operator, m, firings, blocks),
            _makers(context, operator)[1]: transposed.wanted_errors(context, a, m.n * m.groups),
        },
    )


def _lines(m: Matrix, a: InCells) -> int:
    """Rows and columns of all crossbars of one replica that hold weights."""
    return a.tiling.rows * max(1, a.tiling.col_blocks // m.groups) + a.tiling.cols * a.tiling.row_blocks


def _makers(context: Context, operator: Operator) -> list[str]:
    """Operators that make the inputs, in order."""
    return [context.mapping.network.producer(p.tensor).name for p in operator.inputs]


def gradient(context: Context, operator: Operator, a: OnTileUnits, source: Stage | None) -> Stage:
    """On units of the layer's tiles: each makes some columns, of all activations and part of the error."""
    stage = units.lower(context, operator, a, source)
    activations = context.mapping.network.producer(operator.inputs[1].tensor)
    whole: Shares = (Share((0, ALL), (0, activations.output.elements), a.sources),)
    return replace(stage, wanted_from={activations.name: (whole, whole)})


def _write(context: Context, operator: Operator, a: InCells) -> Stage:
    """New weights into the cells, a row of every crossbar at a time."""
    crossbar = context.tile.crossbar
    assert crossbar.update is not None
    assert crossbar.write_time_fs is not None
    firings = Firings(Grid(), Group())
    actor = context.builder.actor(operator.name, 1, layer=operator.name)
    per_crossbar = a.tiling.rows_per_crossbar * (
        a.tiling.cols_per_crossbar // context.tile.columns_per_weight
    )
    in_tile = _crossbars_by_tile(context, a)
    read = {t: n * per_crossbar * context.word_bytes for t, n in in_tile.items()}
    latency = transposed.read_ports(context, actor, read)
    cells = context.resource(f"{a.layer} crossbars", "crossbar", units=a.replicas * a.tiling.crossbars)
    hold = a.tiling.rows_per_crossbar * crossbar.write_time_fs
    context.builder.visit(actor, cells, hold)
    written = ceil(a.replicas * a.tiling.cells_used * crossbar.update.activity)
    context.spend(actor, "crossbar", "write", written, crossbar.write_energy_j)
    makers = _makers(context, operator)
    elements = context.mapping.network.producer(operator.inputs[0].tensor).output.elements
    here = even(ALL, elements, a.tiles)
    return Stage(
        operator=operator.name,
        first=actor,
        last=actor,
        firings=firings,
        held=even(1, 1, a.tiles[:1]),
        latency_fs=latency + hold,
        interval_fs=hold,
        wanted_from={**dict.fromkeys(makers, NOTHING), makers[0]: (here, here)},
    )


def _crossbars_by_tile(context: Context, a: InCells) -> dict[int, int]:
    found: dict[int, int] = {}
    for replica in range(a.replicas):
        for column in range(a.tiling.col_blocks):
            for row in range(a.tiling.row_blocks):
                tile = context.tile_of(a, replica, row, column)
                found[tile] = found.get(tile, 0) + 1
    return found


def save(context: Context, operator: Operator, a: Assignment) -> Stage:
    """Weights back to the memory or the buffer from which the layer takes them."""
    assert operator.role is not None
    layer = next(o for o in context.mapping.network.operators if o.name == operator.role.layer)
    m, array = layer.matrix, context.chip.mac_array
    assert m is not None
    bits = array.weight_bits if array is not None else context.chip.activation_bits
    n_bytes = ceil_div(m.k * m.n * m.groups * bits, 8)
    actor = context.builder.actor(operator.name, 1, layer=operator.name)
    match a:
        case InMemory():
            latency, _ = memory.move(context, actor, a.memory, a.home, [n_bytes])
        case OnTileUnits():
            latency = transposed.read_ports(context, actor, {a.home: n_bytes})
        case OnChipUnits(array=MacArray() as buffered):
            latency = units.array_buffer(context, actor, buffered, a.sources, n_bytes, "write")
        case _:
            latency = 1  # where the layer is computed its weights are, too
            context.builder.visit(actor, (), latency)
    held = even(1, 1, a.sources[:1])
    makers = _makers(context, operator)
    elements = context.mapping.network.producer(operator.inputs[0].tensor).output.elements
    here = even(ALL, elements, a.sources)
    wanted = {**dict.fromkeys(makers, NOTHING), makers[0]: (here, here)}
    return Stage(operator.name, actor, actor, Firings(Grid()), held, latency, latency, wanted_from=wanted)
