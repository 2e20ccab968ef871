"""Matrices and products on systolic MAC arrays, fold after fold.

The stationary operand is cut into blocks of the array's size; a fold loads one block and streams all
vectors through it (SCALE-Sim's model). Folds go to whichever array is free. Static weights come from memory
through a prefetching actor with room for two folds per array; the other operand and the results pass
through the buffer. Nothing of the output is there before the last fold.
"""

from __future__ import annotations

from ...workloads.graph import Operator
from ..mapping.mapping import Assignment
from ..mapping.places import find_unit
from ..mapping.timing import FS_PER_S, Folds, ceil_div, unit_beats
from ..program import Schedule
from .context import Context
from .grouping import Firings, Group
from .shares import even
from .stage import Stage


def lower(context: Context, operator: Operator, a: Assignment) -> Stage:
    """The stage of a matrix or a product on the MAC arrays of a chip."""
    array = context.chip.mac_array
    assert array is not None
    folds, copies = _folds(context, operator)
    n = folds.n_folds * copies
    grid = operator.output.grid
    actor = context.builder.actor(operator.name, n, layer=operator.name)
    # Each array has its own slice of the buffer; an array streams while the next one already starts.
    context.builder.visit(actor, (), array.cycle_fs)
    hold = folds.cycles * array.cycle_fs
    arrays = context.resource(f"chip {a.home} mac arrays", "mac_array", servers=array.count)
    context.builder.visit(actor, arrays, hold, hold)
    macs = operator.macs + operator.product_macs
    context.spend(actor, "mac array", "mac", ceil_div(macs, n), array.energy_j, array.power_w, hold)
    _spend_buffer(context, actor, operator, n, folds, hold)
    _fetch_weights(context, actor, operator, n)
    last = _finish(context, actor, operator, a, n)
    return Stage(
        operator=operator.name,
        first=actor,
        last=last,
        firings=Firings(grid, Group(1, grid.cols), barrier=n if last == actor else 0),
        held=even(grid.cols, operator.output.elements, (a.home,)),
        latency_fs=hold,
        interval_fs=max(1, hold // array.count),
        taken=Firings(grid, barrier=n),
    )


def _folds(context: Context, operator: Operator) -> tuple[Folds, int]:
    """Folds of one group or head, and how many of those there are."""
    array = context.chip.mac_array
    assert array is not None
    tokens = operator.output.grid.n_tokens
    if operator.matrix is not None:
        m = operator.matrix
        return Folds.of(array, m.k, m.n, tokens * m.applications), m.groups
    p = operator.product
    assert p is not None
    return Folds.of(array, p.k, p.n, tokens), p.heads


def _spend_buffer(context: Context, actor: int, operator: Operator, n: int, folds: Folds, hold: int) -> None:
    """Bytes through the buffer: a fold streams `rows` inputs and `cols` outputs for every vector."""
    array = context.chip.mac_array
    assert array is not None
    m, p = operator.matrix, operator.product
    k, wide = (m.k, m.n) if m else (p.k, p.n) if p else (1, 1)
    streamed = folds.vectors * (min(k, array.rows) + min(wide, array.cols)) * context.word_bytes
    port = array.buffer
    context.spend(actor, "buffer", "stream", streamed, port.energy_per_byte_j, port.power_w, hold)


def _fetch_weights(context: Context, actor: int, operator: Operator, n: int) -> None:
    """An actor that brings the block of the next fold from memory, two folds ahead per array."""
    memory, array, m = context.chip.memory, context.chip.mac_array, operator.matrix
    if memory is None or m is None or array is None:
        return
    weight_bytes = ceil_div(m.k * m.n * m.groups * array.weight_bits, 8)
    n_bytes = ceil_div(weight_bytes, n)
    fetch = context.builder.actor(f"{operator.name} weights", n, layer=operator.name)
    hold = max(1, ceil_div(n_bytes * FS_PER_S, int(memory.bandwidth_bytes_per_s)))
    resource = context.memory(context.mapping.of(operator.name).home)
    context.builder.visit(fetch, resource, hold, hold + memory.latency_fs)
    context.spend(fetch, "memory", "byte", n_bytes, memory.energy_per_byte_j)
    context.builder.channel(fetch, actor, 2 * array.count, Schedule.affine(1, 1, n), bytes_per_token=n_bytes)


def _finish(context: Context, actor: int, operator: Operator, a: Assignment, n: int) -> int:
    """An actor that applies fused functions row by row of the output, if there are any."""
    if not operator.fused:
        return actor
    grid = operator.output.grid
    last = context.builder.actor(
        f"{operator.name} {'+'.join(operator.fused)}", grid.rows, layer=operator.name
    )
    elements = operator.output.elements * grid.cols
    for function in operator.fused:
        found = find_unit(context.chip, function, "chip_unit")
        assert found is not None
        unit = found[1]
        beats = unit_beats(unit, elements, function, 1)
        hold = unit.hold_fs(beats)
        context.builder.visit(
            last, context.units(unit, (a.home,), of_tile=False), hold, unit.latency_fs(beats)
        )
        context.spend(
            last,
            unit.name,
            function,
            elements * unit.functions[function],
            unit.energy_j,
            unit.power_w,
            hold,
            unit.count,
        )
    context.builder.channel(actor, last, n, n, 0)
    return last
