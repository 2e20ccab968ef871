"""Operators on digital units and on the host: element-wise functions, reductions, normalisation, products, data movement.

A unit of a tile reads its share of the input from the tile's buffer, computes, and writes its share of the output back; all the tiles
where the stream lies do so in lock step. A unit of the chip sits at one tile. The host gets and returns everything over its link.
"""

from __future__ import annotations

from ...workloads.graph import Operator
from ..mapping.mapping import Assignment
from ..mapping.places import find_unit, work_of
from ..mapping.timing import FS_PER_S, ceil_div, host_fs, unit_beats
from .context import Context
from .crossbars import write_outputs
from .grouping import Firings, Group, following_group
from .stage import Stage
from .transfers import HOST, Share, even_shares


def lower(context: Context, operator: Operator, a: Assignment, source: Firings | None) -> Stage:
    """The stage of an operator on a unit of the tiles or of the chip, on a buffer, in memory, or on the host.

    Parameters
    ----------
    source : Firings or None
        How the first input is made; its grouping is taken over where the grid allows.
    """
    grid = operator.output.grid
    firings = Firings(grid, following_group(grid, source)) if source else Firings(grid, _input_group(operator))
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    if a.unit == "input":
        latency = interval = _arrive(context, actor)
    elif a.place == "host":
        latency = interval = _on_host(context, actor, operator, firings.group.n_tokens)
    elif a.unit == "memory":
        latency, interval = _in_memory(context, actor, operator, firings.group.n_tokens)
    else:
        latency, interval = _on_units(context, actor, operator, a, firings.group.n_tokens)
    elements = max((context.mapping.network.producer(p.tensor).output.elements for p in operator.inputs), default=1)
    return Stage(
        operator=operator.name,
        first=actor,
        last=actor,
        firings=firings,
        wanted=tuple(even_shares(elements, a.sources)),
        held=tuple(even_shares(operator.output.elements, a.sources)),
        latency_fs=latency,
        interval_fs=interval,
    )


def _input_group(operator: Operator) -> Group:
    """Network inputs arrive row by row (a line of an image), or token by token where there is one row."""
    grid = operator.output.grid
    return Group(1, grid.cols) if grid.rows > 1 else Group()


def _arrive(context: Context, actor: int) -> int:
    """Inputs lie ready in the host's memory; one firing per cycle of the network starts them on their way."""
    cycle = context.chip.noc.cycle_fs if context.chip.noc else 1_000_000
    context.builder.visit(actor, (), cycle)
    return cycle


def _on_host(context: Context, actor: int, operator: Operator, n_tokens: int) -> int:
    """One visit of the host. Data movement costs it one operation per element."""
    host = context.chip.host
    assert host is not None
    operations = sum(work for _, work in work_of(operator)) or operator.output.elements
    operations += len(operator.fused) * operator.output.elements
    fs = host_fs(host, operations * n_tokens)
    context.builder.visit(actor, context.resource("host", "host"), fs)
    context.spend(actor, "host", "operation", operations * n_tokens, host.energy_j)
    return fs


def _in_memory(context: Context, actor: int, operator: Operator, n_tokens: int) -> tuple[int, int]:
    """A look-up in the memory behind the chip: the bytes of the output are read."""
    memory = context.chip.memory
    assert memory is not None
    n_bytes = operator.output.elements * n_tokens * context.word_bytes
    hold = max(1, ceil_div(n_bytes * FS_PER_S, int(memory.bandwidth_bytes_per_s)))
    resource = context.resource("memory", "memory", servers=memory.channels)
    context.builder.visit(actor, resource, hold, hold + memory.latency_fs)
    context.spend(actor, "memory", "byte", n_bytes, memory.energy_per_byte_j)
    return hold + memory.latency_fs, hold


def _on_units(context: Context, actor: int, operator: Operator, a: Assignment, n_tokens: int) -> tuple[int, int]:
    """Visits of buffer, units and buffer again. Returns the latency and the longest hold."""
    of_tile = a.place == "tile_unit"
    latency, interval = _read(context, actor, operator, a, n_tokens)
    work = [*work_of(operator), *((f, operator.output.elements) for f in operator.fused)]
    for function, amount in work:
        found = find_unit(context.chip, function, "tile_unit" if of_tile else "chip_unit")
        if found is None or not amount:
            continue
        unit = found[1]
        beats = unit_beats(unit, amount * n_tokens, function, len(a.sources))
        hold = unit.hold_fs(beats)
        context.builder.visit(actor, context.units(unit, a.sources, of_tile=of_tile), hold, unit.latency_fs(beats))
        component = f"tile.{unit.name}" if of_tile else unit.name
        lane_cycles = amount * n_tokens * unit.functions[function]
        context.spend(
            actor, component, function, lane_cycles, unit.energy_j, unit.power_w, hold, unit.count * len(a.sources)
        )
        latency, interval = latency + unit.latency_fs(beats), max(interval, hold)
    if context.chip.tile is not None:
        latency += write_outputs(context, actor, operator.output.elements * n_tokens, a.sources)
    elif context.chip.mac_array is not None:
        latency += array_buffer(context, actor, operator.output.elements * n_tokens * context.word_bytes, a, "write")
    return latency, interval


def _read(context: Context, actor: int, operator: Operator, a: Assignment, n_tokens: int) -> tuple[int, int]:
    """The visit that reads the operands of one firing: as many new elements as the firing uses on average."""
    network = context.mapping.network
    tokens = operator.output.grid.n_tokens
    per_token = sum(ceil_div(network.producer(p.tensor).output.size, tokens) for p in operator.inputs)
    n_bytes = max(1, per_token * n_tokens * context.word_bytes)
    if context.chip.tile is None:
        latency = array_buffer(context, actor, n_bytes, a, "read")
        return latency, latency
    port = context.tile.buffer
    beats = max(1, port.beats(ceil_div(n_bytes, len(a.sources))))
    context.builder.visit(actor, context.ports(a.sources, "buffer"), port.hold_fs(beats), port.latency_fs(beats))
    context.spend(
        actor, "buffer", "read", n_bytes, port.energy_per_byte_j, port.power_w, port.hold_fs(beats), len(a.sources)
    )
    return port.latency_fs(beats), port.hold_fs(beats)


def array_buffer(context: Context, actor: int, n_bytes: int, a: Assignment, action: str) -> int:
    """A visit of the buffer beside the MAC arrays of a chip. Returns its latency."""
    array = context.chip.mac_array
    assert array is not None
    port = array.buffer
    beats = max(1, port.beats(n_bytes))
    chips = tuple(context.resource(f"chip {c} buffer", "buffer", servers=array.count) for c in sorted(set(a.sources)))
    context.builder.visit(actor, chips, port.hold_fs(beats), port.latency_fs(beats))
    context.spend(actor, "buffer", action, n_bytes, port.energy_per_byte_j, port.power_w, port.hold_fs(beats), len(chips))
    return port.latency_fs(beats)


def output(context: Context, name: str, producer: Stage) -> Stage:
    """The host takes a network output, firing by firing."""
    actor = context.builder.actor(name, producer.firings.n, layer=name)
    latency = _arrive(context, actor)
    elements = max(share.end for share in producer.held)
    share = (Share(0, elements, (HOST,)),)
    return Stage(name, actor, actor, producer.firings, share, share, latency, latency)
