"""Which crossbars every layer gets, and how many replicas: all at once, in turns, or dealt out over chips."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from ...arch.chip import Chip, Tile
from ...workloads.graph import Network, Operator
from ..errors import SimulationError
from ..interconnect import n_gateways
from . import partition, segments
from .allocate import Need, allocate, check_fit
from .assignment import Choice, Deal, OnChipUnits, OnHost
from .attention import written
from .loads import home_layers, joins, loads
from .mapping import Swap
from .options import MappingOptions
from .packing import FILLED, Room, pack
from .places import work_of
from .problem import Problem, fits
from .replicate import Replicable, replicate, replicate_in_turn
from .stripes import run_free
from .tiling import Tiling
from .timing import MvmTiming, bytes_fs, ceil_div, host_fs, total_tiles, unit_beats
from .writing import check_writable

Apart = Literal["none", "crowded", "all"]


@dataclass(frozen=True)
class Pace:
    """What is asked of copies that fire by themselves.

    Attributes
    ----------
    interval_fs : int
        Time per inference that need not be beaten.
    apart : {"none", "crowded", "all"}
        Joins are with the layer that ends last; or those have tiles of their own whose layer has too few for
        the tokens that wait for them; or all have.
    least_filled : float
        Share of a buffer that is counted on at least.
    """

    interval_fs: int = 0
    apart: Apart = "none"
    least_filled: float = 0.0


@dataclass(frozen=True)
class Plan:
    """Replicas and first crossbar of every layer, by name.

    Parameters
    ----------
    dealt : dict of str to tuple of Deal
        Where the column blocks lie, of layers that are dealt out over chips.
    swap : Swap or None
        The segments, where layers take turns.
    copies_at : dict of str to tuple of int
        The first crossbar of every replica, of layers whose replicas do not lie one after the other; of an
        operator of `apart` the first one of the tile of each stripe.
    apart : frozenset of str
        Operators on tile units that have tiles of their own.
    interval_fs : int
        Time per inference that the tiles allow, where copies fire by themselves; else 0.
    filled : float
        Share of a buffer that an estimate of what waits there takes at most.
    """

    replicas: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    dealt: dict[str, tuple[Deal, ...]] = field(default_factory=dict)
    swap: Swap | None = None
    copies_at: dict[str, tuple[int, ...]] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    interval_fs: int = 0
    filled: float = 0.0


def plan(problem: Problem, pace: Pace | None = None) -> Plan:
    """Crossbars for all layers.

    Parameters
    ----------
    pace : Pace
        Where copies fire by themselves: how fast at most, and which operators have tiles of their own.

    Raises
    ------
    SimulationError
        They do not fit, or are to take turns on a chip that does not say what writing costs.
    """
    network, chip, options, tilings = problem.network, problem.chip, problem.options, problem.tilings
    if options.partition == "auto":
        raise SimulationError(
            "partition: 'auto' takes two simulations (simulate), expected pipeline or tensor"
        )
    if options.swap_group != 1 and not options.swap:
        raise SimulationError(
            f"`swap_group: {options.swap_group}`: nothing is swapped, expected it with `swap`"
        )
    layers = [o for o in network.operators if o.name in tilings]
    if chip.tile is None or not layers:
        if options.partition == "tensor" and chip.n_chips > 1:
            raise SimulationError(
                "`partition: tensor`: no layer is on crossbars, so there is nothing to deal out"
            )
        return Plan()
    if options.swap and not fits(tilings, chip):
        if options.partition == "tensor":
            raise SimulationError("`swap`: layers take turns in a pipeline, expected `partition: pipeline`")
        return _in_turns(chip, options, layers, tilings)
    if options.partition == "tensor" and chip.n_chips > 1:
        floor_fs = _slowest_elsewhere_fs(network, problem.choices)
        replicas, dealt = partition.deal(chip, layers, tilings, options.replicate, floor_fs)
        return Plan(replicas, {name: deals[0].first for name, deals in dealt.items()}, dealt)
    return _together(problem, chip.tile, layers, pace or Pace())


def _together(problem: Problem, tile: Tile, layers: list[Operator], pace: Pace) -> Plan:
    """All layers at once, each with crossbars of its own."""
    network, chip, tilings = problem.network, problem.chip, problem.tilings
    per_tile, tiles = tile.crossbar.count, total_tiles(chip)
    # Operands that are written at run time have as many copies as there are sequences.
    replicas = {o.name: 1 if o.matrix else written(o, network).sequences for o in layers}
    needed = [Need(o.name, tilings[o.name].crossbars * replicas[o.name], 1) for o in layers]
    check_fit(needed, per_tile, tiles, chip.n_chips)
    floor_fs = _slowest_elsewhere_fs(network, problem.choices)
    if run_free(chip, network):
        least_fs = max(floor_fs, input_fs(network, chip), pace.interval_fs)
        capacity = tile.buffer.capacity_bytes if problem.options.buffers == "sized" else 0
        found = _packed(problem, Room(per_tile, capacity, tiles), replace(pace, interval_fs=least_fs))
        if found is not None:
            return found
    layers = [o for o in layers if o.matrix is not None]
    if problem.options.replicate and layers:
        spare = per_tile * tiles - sum(need.crossbars for need in needed)
        found_layers = [replicable(chip, o, tilings[o.name]) for o in layers]
        if chip.schedule == "layer_serial":
            counts = replicate_in_turn(found_layers, spare)
        else:
            floor_fs = max(floor_fs, sum(layer.floor_fs for layer in found_layers))
            counts = replicate(found_layers, spare, floor_fs)
        replicas |= {o.name: n for o, n in zip(layers, counts, strict=True)}
    needs = [Need(name, tiling.crossbars, replicas[name]) for name, tiling in tilings.items()]
    return Plan(replicas, dict(zip(tilings, allocate(needs, per_tile, tiles), strict=True)))


def replicable(chip: Chip, o: Operator, tiling: Tiling) -> Replicable:
    """A layer as replication sees it."""
    assert o.matrix is not None
    product_fs = MvmTiming.of(chip.tile_of(o.name, o.op), tiling, 1).crossbar_hold_fs
    return Replicable(
        crossbars=tiling.crossbars,
        interval_fs=product_fs * o.matrix.applications,
        grid=o.output.grid,
        recurrent=o.matrix.recurrent_k > 0,
        floor_fs=ports_fs(chip, o, tiling, product_fs),
    )


def ports_fs(chip: Chip, o: Operator, tiling: Tiling, product_fs: int) -> int:
    """Least time per inference that a layer keeps the ports of all chips, however its crossbars lie."""
    assert o.matrix is not None
    vectors = o.output.grid.n_tokens * o.matrix.applications * tiling.crossbars
    each = [(p.busy_fs(product_fs), p.of_chip(chip.n_crossbars) * chip.n_chips) for p in chip.ports]
    return max((vectors * busy_fs // n for busy_fs, n in each), default=0)


def _in_turns(
    chip: Chip, options: MappingOptions, layers: list[Operator], tilings: dict[str, Tiling]
) -> Plan:
    """Segments, each from the first crossbar of its half on."""
    check_writable(chip)
    assert chip.tile is not None
    per_tile = chip.tile.crossbar.count
    swap, replicas = segments.cut(
        chip, layers, tilings, options.swap_overlap, options.replicate, options.swap_group
    )
    room = segments.rooms(chip, options.swap_overlap)
    first: dict[str, int] = {}
    for segment in swap.segments:
        needs = [Need(name, tilings[name].crossbars, replicas[name]) for name in segment.layers]
        begins = allocate(needs, per_tile, room.crossbars // per_tile) if room.crossbars >= per_tile else [0]
        first |= {n.name: room.first[segment.half] + b for n, b in zip(needs, begins, strict=True)}
    return Plan(replicas, first, swap=swap)


def _packed(problem: Problem, room: Room, pace: Pace) -> Plan | None:
    """Copies in tiles that have the crossbars, the time and the bytes; None if they do not fit like that.

    What is counted on of a buffer is raised until all fits: it is an estimate.
    """
    homes, every = (
        home_layers(problem.network, problem.choices),
        joins(problem.network, problem.choices),
    )
    together = loads(problem, frozenset())
    free = pack(together, replace(room, n_bytes=0), pace.interval_fs)
    if free is None:
        return None
    for share in [x for x in FILLED if x >= pace.least_filled] if room.n_bytes else FILLED[:1]:
        here = replace(room, n_bytes=int(share * room.n_bytes))
        crowded = {x.name for x in together if x.copies(free[1], here) > len(free[0][x.name])}
        apart = {
            "none": frozenset[str](),
            "crowded": frozenset(j for j in every if homes[j] in crowded),
            "all": every,
        }[pace.apart]
        packed = pack(loads(problem, apart), here, pace.interval_fs)
        if packed is not None:
            at, interval_fs = packed
            replicas = {name: len(copies) for name, copies in at.items() if name not in apart}
            first = {name: at[name][0] for name in replicas}
            return Plan(replicas, first, copies_at=at, apart=apart, interval_fs=interval_fs, filled=share)
    return None


def input_fs(network: Network, chip: Chip) -> int:
    """Time in which the inputs and outputs of an inference pass the link to the host."""
    word = ceil_div(chip.activation_bits, 8)
    came = sum(o.output.size for o in network.operators if o.kind == "input") * word
    left = sum(o.output.size for o in network.operators if o.name in network.outputs) * word
    found = 0
    for n_bytes in (came, left):
        if chip.host is not None and n_bytes:
            found = max(found, bytes_fs(n_bytes, chip.host.bandwidth_bytes_per_s))
        if chip.noc is not None and n_bytes:
            of_one = ceil_div(n_bytes, n_gateways(chip))
            found = max(found, ceil_div(8 * of_one, chip.noc.flit_bits) * chip.noc.cycle_fs)
    return found


def _slowest_elsewhere_fs(network: Network, choices: dict[str, Choice]) -> int:
    """Time per inference of the busiest resource that replication cannot relieve: host or chip unit."""
    busy: dict[str, int] = {}  # chip units
    on_host_fs = 0
    for o in network.operators:
        choice, n_tokens = choices[o.name], o.output.grid.n_tokens
        if isinstance(choice, OnHost):
            on_host_fs += sum(host_fs(choice.host, work * n_tokens) for _, work in work_of(o) if work)
        elif isinstance(choice, OnChipUnits) and choice.own:
            for (function, work), unit in zip(work_of(o), choice.own, strict=True):
                if work:
                    fs = unit.hold_fs(unit_beats(unit, work * n_tokens, function, 1))
                    busy[unit.name] = busy.get(unit.name, 0) + fs
    return max([on_host_fs, *busy.values()])
