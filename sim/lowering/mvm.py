"""The product of one firing on the crossbars of a layer: rows driven, arrays read, columns converted.

Without data every firing makes all reads, at the energies of the chip file. With the operands of real data,
energies are split into what is always spent and what goes with the data, and a chip that leaves out reads of
zeros takes the time of those that are left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from ...arch.component import Costed
from ...arch.operands import DataEnergies
from ...arch.reads import crossbars_per_adc
from ...workloads.graph import Matrix
from ..mapping.assignment import InBlocks
from ..mapping.timing import MvmTiming, ceil_div
from ..operands.layer_operands import LayerOperands
from ..program import I64, Schedule
from . import ports
from .context import Context
from .growth import schedule, spread_evenly
from .links import ARBITRATION
from .ports import Behind

Each = int | Schedule
"""A count or a time of each firing."""


@dataclass(frozen=True)
class MvmProduct:
    """One layer's products, and what their firings do.

    Parameters
    ----------
    firing_reads : tuple of float
        Reads of the crossbar with most of them, one value if all firings are alike. A mean over several
        samples may be no whole number; times are rounded up to whole femtoseconds.
    reads, rows, columns : int or Schedule
        Of all crossbars and replicas together: reads of an array, rows in them, and columns converted.
    scale : float
        Firings x replicas over tokens: replicas at the edge of a grid that have no token work all the same.
    """

    actor: int
    matrix: Matrix
    assignment: InBlocks
    time: MvmTiming
    operands: LayerOperands | None
    firing_reads: tuple[float, ...]
    reads: Each
    rows: Each
    columns: Each
    scale: float
    n_firings: int

    @staticmethod
    def of(
        context: Context, actor: int, m: Matrix, a: InBlocks, n_tokens: int, tokens: I64 | None = None
    ) -> MvmProduct:
        """The products of a layer that makes `n_tokens` tokens; only `tokens` of them, of one stripe."""
        operands, n = context.operands.get(a.operator), context.builder.n_firings(actor)
        time = MvmTiming.of(context.tile, a.tiling, a.replicas)
        scale = n * a.replicas / n_tokens
        if operands is not None and context.tile.dac.zero_skipping:
            of_data = (operands.reads, operands.rows, operands.columns)
            reads, rows, columns = (spread_evenly(round(total * scale), n) for total in of_data)
            each = operands.firing_reads
            if tokens is not None and len(each) > 1:
                each = tuple(each[t] for t in tokens)
            return MvmProduct(actor, m, a, time, operands, each, reads, rows, columns, scale, n)
        all_reads = time.reads * m.applications
        per_crossbar = all_reads * a.replicas
        # A read drives the rows of one active group only, so all groups together drive every row once.
        in_groups = per_crossbar // time.row_groups
        return MvmProduct(
            actor=actor,
            matrix=m,
            assignment=a,
            time=time,
            operands=operands,
            firing_reads=(float(all_reads),),
            reads=per_crossbar * a.tiling.crossbars,
            rows=in_groups * a.tiling.rows * max(1, a.tiling.col_blocks // m.groups),
            columns=per_crossbar * a.tiling.cols * a.tiling.row_blocks,
            scale=scale,
            n_firings=n,
        )

    def times(self, per_read_fs: int, more_fs: int = 0) -> Each:
        """Time of each firing's reads one after the other, and `more_fs`."""
        # A thousandth of a femtosecond is the rounding of a mean, not time.
        return schedule(
            [
                max(1, (int(r) * per_read_fs if r.is_integer() else ceil(r * per_read_fs - 1e-3)) + more_fs)
                for r in self.firing_reads
            ]
        )

    def each(self, counts: Each, of: Callable[[int], int]) -> Each:
        """Another count of each firing."""
        if isinstance(counts, int):
            return of(counts)
        return schedule([of(count) for count in counts.values(self.n_firings).tolist()])

    def total(self, per_inference: float) -> Each:
        """Actions that an inference makes so many of, over the firings."""
        return spread_evenly(round(per_inference * self.scale), self.n_firings)


@dataclass(frozen=True)
class Copies:
    """The copies of a layer in one stripe, which take its tokens in turn: each is a server.

    Attributes
    ----------
    name : str
    count : int
    tokens : I64
        What the stripe makes.
    """

    name: str
    count: int
    tokens: I64


def multiply(
    context: Context, actor: int, m: Matrix, a: InBlocks, n_tokens: int, copies: Copies | None = None
) -> tuple[int, int]:
    """Visits of crossbars, converters and shift-and-add. Returns latency and interval of the products.

    Both are those of a firing that leaves out no read, the interval of the shortest. Without `copies` all
    replicas of `a` work at once; with them, `a` has one replica, and every firing takes one of the copies.
    """
    tokens = None if copies is None else copies.tokens
    product = MvmProduct.of(context, actor, m, a, n_tokens, tokens)
    time = product.time
    name, servers = (a.operator, 1) if copies is None else (copies.name, copies.count)
    units = servers * a.replicas * a.tiling.crossbars
    arrays = context.resource(f"{name} crossbars", "crossbar", servers=servers, units=units)
    adcs = _adcs(context, a) if copies is None else _own_adcs(context, a, copies)
    behind = ports.ports_of(context, a)
    streamed, stream_fs = ports.stream(context, actor, behind, m.applications)
    hold, latency = _read(context, product, arrays, adcs, behind)
    _spend(context, product, product.times(time.period_fs))
    ports.spend(context, actor, behind, m.applications, time.crossbar_hold_fs)
    if product.operands is not None:
        _spend_on_data(context, product, product.operands)
    interval = max(stream_fs, hold if isinstance(hold, int) else int(hold.cols.min()))
    return streamed + latency + _shift_add(context, product, name, servers), ceil_div(interval, servers)


def _read(
    context: Context, product: MvmProduct, arrays: int, adcs: tuple[int, ...], behind: tuple[Behind, ...]
) -> tuple[Each, int]:
    """Visits of crossbars and converters, and of ports that the product keeps. Returns hold and latency."""
    adc, time, actor, builder = context.tile.adc, product.time, product.actor, context.builder
    applications = product.matrix.applications
    n, own_fs = ports.turns(behind), ports.own_fs(behind, applications)
    hold = product.times(n * time.period_fs, own_fs)
    latency = n * time.crossbar_hold_fs * applications + own_fs
    banks = {kind: ports.held_by(behind, kind) for kind in ("dac", "adc", "controller")}
    every = tuple(r for bank in banks.values() for r in bank)
    # What is not served in the order of requests is taken from its own grant on, not all at one instant.
    apart = any(b.port.arbitration not in (None, "fcfs") for b in behind if b.port.in_turn)
    if not time.convert_fs:
        group = (arrays, *adcs) if adc.law.converts else (arrays,)
        builder.visit(actor, (*group, *every), hold, spread=apart)
        return hold, latency
    drain_fs = time.read_fs + time.convert_fs - time.period_fs
    if banks["controller"]:
        whole = product.times(n * time.period_fs, own_fs + drain_fs)
        builder.visit(actor, (arrays, *adcs, *every), whole, spread=apart)
    else:
        adc_hold = product.times(n * time.period_fs, time.convert_fs - time.period_fs)
        builder.visit(actor, (arrays, *banks["dac"]), hold, own_fs + time.read_fs, spread=apart)
        in_turn = adc.arbitration is not None and len(adcs) > 1  # each converter from its own grant on
        builder.visit(actor, (*adcs, *banks["adc"]), adc_hold, adc_hold, spread=apart or in_turn)
    return hold, latency + drain_fs


def _own_adcs(context: Context, a: InBlocks, copies: Copies) -> tuple[int, ...]:
    """The converters of the copies of one stripe, where no crossbar shares any."""
    units = copies.count * a.tiling.crossbars * (context.tile.adc.count // context.tile.crossbar.count)
    return (context.resource(f"{copies.name} adcs", "adc", servers=copies.count, units=units),)


def _adcs(context: Context, a: InBlocks) -> tuple[int, ...]:
    """The converters of a layer: its own, and those that it shares with a layer on crossbars beside it."""
    tile, n = context.tile, a.replicas * a.tiling.crossbars
    group = crossbars_per_adc(tile)
    if group == 1:
        units = n * (tile.adc.count // tile.crossbar.count)
        return (context.resource(f"{a.operator} adcs", "adc", units=units),)
    ends: set[int] = set()
    inner = 0
    for deal in a.deals():
        last = deal.first + a.replicas * a.tiling.row_blocks * (deal.end - deal.begin) - 1
        ends |= {deal.first // group, last // group}
        inner += max(0, last // group - deal.first // group - 1)
    how = ARBITRATION[tile.adc.arbitration or "fcfs"]
    shared = tuple(context.resource(f"adc {i}", "adc", arbitration=how) for i in sorted(ends))
    return shared if inner < 1 else (*shared, context.resource(f"{a.operator} adcs", "adc", units=inner))


def _spend(context: Context, product: MvmProduct, hold: Each) -> None:
    """Energy of driving rows, reading arrays and converting columns; only those that hold weights count.

    With operands only the part that does not go with the data.
    """
    a, tile = product.assignment, context.tile
    crossbars = a.replicas * a.tiling.crossbars
    split = DataEnergies.of(tile) if product.operands is not None else None

    def spend(
        part: Costed, name: str, action: str, count: Each, energy_j: float | None, per_crossbar: float
    ) -> None:
        instances = max(1, round(crossbars * per_crossbar))
        context.spend(product.actor, name, action, count, energy_j, part.power_w, hold, instances)

    read_j = split.read_j if split else tile.crossbar.energy_j
    drive_j = split.drive_j if split else tile.dac.energy_j
    convert_j = split.convert_j if split else tile.adc.energy_j
    per_dac, per_adc = tile.dac.count / tile.crossbar.count, tile.adc.count / tile.crossbar.count
    spend(tile.crossbar, "crossbar", "read", product.reads, read_j, 1.0)
    spend(tile.dac, "dac", "drive row", product.rows, drive_j, per_dac)
    if tile.input_register is not None:
        n_bytes = product.each(product.rows, lambda rows: ceil_div(rows * tile.dac.slice_bits, 8))
        held = tile.input_register
        spend(
            held, "input register", "read", n_bytes, held.energy_per_byte_j, held.count / tile.crossbar.count
        )
    if tile.adc.law.converts:
        spend(tile.adc, "adc", "convert", product.columns, convert_j, per_adc)
    if tile.sample_hold is not None:
        hold_j, per_crossbar = tile.sample_hold.energy_j, tile.sample_hold.count / tile.crossbar.count
        spend(tile.sample_hold, "sample-hold", "sample", product.columns, hold_j, per_crossbar)


def _spend_on_data(context: Context, product: MvmProduct, data: LayerOperands) -> None:
    """The part of the energies that goes with the data."""
    split = DataEnergies.of(context.tile)
    rows = (
        ("crossbar", "row drive", data.drive, data.input_steps, split.row_j),
        ("crossbar", "cell current", data.cell_drive, data.cell_steps, split.cell_j),
        ("dac", "row drive", data.drive, data.input_steps, split.input_j),
        ("adc", "code", data.codes, data.code_steps, split.code_j),
    )
    for component, action, shares, steps, energy_j in rows:
        if energy_j > 0:
            count = product.total(shares * steps)
            context.spend(product.actor, component, action, count, energy_j / steps)


def _shift_add(context: Context, product: MvmProduct, name: str, servers: int) -> int:
    """Visit of the shift-and-add units, which keep up with the converters. Returns the latency.

    Copies that fire by themselves share the units of all of them.
    """
    tile, a, actor = context.tile, product.assignment, product.actor
    if tile.shift_add is None:
        return 0
    unit = tile.shift_add
    of_all = ceil_div(
        servers * a.replicas * a.tiling.crossbars * unit.count * unit.lanes, tile.crossbar.count
    )
    servers = min(servers, of_all)
    lanes = of_all // servers
    beats = ceil_div(a.replicas * a.tiling.cols * a.tiling.row_blocks, lanes)
    hold = product.times(unit.hold_fs(beats))
    units = max(servers, of_all // unit.lanes)
    resource = context.resource(f"{name} shift-add", "shift-add", servers=servers, units=units)
    context.builder.visit(actor, resource, hold, unit.latency_fs(beats))
    context.spend(actor, "shift-add", "add", product.columns, unit.energy_j, unit.power_w, hold, lanes)
    if tile.output_register is not None:  # every read adds to the sums of the outputs, which lie there
        per_output = tile.columns_per_weight
        n_bytes = product.each(product.columns, lambda columns: columns // per_output * context.word_bytes)
        register = tile.output_register
        instances = max(
            1, round(servers * a.replicas * a.tiling.crossbars * register.count / tile.crossbar.count)
        )
        per_byte_j = register.energy_per_byte_j
        context.spend(
            actor, "output register", "update", n_bytes, per_byte_j, register.power_w, hold, instances
        )
    return unit.latency_fs(beats)
