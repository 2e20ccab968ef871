"""Weight swapping: actors that bring and write the weights of a segment, and who waits for whom.

A segment that takes turns has three actors. A request, made when the segment before it on the same crossbars
has done its last product, takes the latency of the memory (or of the link to the host). The weights follow in
up to 16 bursts: from the memory at its bandwidth, or where there is none from the host, over its link and
the network to the tiles, once for all replicas. While the next burst is on its way, the rows of the last one
are written (`mapping/writing.py`). The layers of the segment begin when all rows are written. The first
segment of an inference is requested when the one before has left its crossbars (at time 0 for the first),
whether or not its input is there.

What the layers of one segment make for those of a later one waits whole, in buffers or in memory
(`mapping/waiting.py`). Weights from a memory go straight to the write drivers, and what waits in memory goes
to and from the tiles that use it: neither network nor buffers carry that, as with MAC arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ...arch.chip import Chip
from ..errors import SimulationError
from ..mapping.assignment import HOST
from ..mapping.mapping import Mapping, Segment, Swap
from ..mapping.timing import bytes_fs, ceil_div
from ..mapping.writing import Copy, bytes_by_tiles, rows_by_tile, rows_in_turn
from ..program import Schedule
from .capacity import Edge
from .context import Context
from .links import head_fs, on_chip
from .memory import memory_fs, move
from .shares import Flow
from .stage import Stage
from .transfers import transfer

BURSTS = 16
"""Pieces at most in which the weights of a segment come and are written."""


def layer_of(number: int) -> str:
    """What reports attribute the actors of a segment to."""
    return f"segment {number} (weights)"


def lower_swap(context: Context, stages: dict[str, Stage]) -> None:
    """Add the actors and channels of all segments that take turns."""
    swap = context.mapping.swap
    if swap is None:
        return
    if context.flit is not None:
        raise SimulationError(
            "`swap`: the weights of a segment are millions of flits, expected packet or ideal detail (`noc`)"
        )
    turns = [
        _Turn.of(context, number, segment)
        for number, segment in enumerate(swap.segments)
        if not segment.resident
    ]
    written = [_write(context, turn) for turn in turns]
    for turn, (request, write) in zip(turns, written, strict=True):
        for name in turn.segment.layers:
            ready = turn.n_bursts
            context.builder.channel(write, stages[name].first, ready, ready, 0)
        _wait(context, stages, swap, turn, request)


@dataclass(frozen=True)
class _Turn:
    """One segment as it is written.

    Attributes
    ----------
    rows : int
        That are written one after the other.
    cells : int
    bytes_to : dict
        Bytes of weights by the tiles that want them.
    """

    number: int
    segment: Segment
    rows: int
    cells: int
    bytes_to: dict[tuple[int, ...], int]

    @staticmethod
    def of(context: Context, number: int, segment: Segment) -> _Turn:
        copies = [copy_of(context.mapping, context.chip, name) for name in segment.layers]
        return _Turn(
            number,
            segment,
            rows_in_turn(context.chip, rows_by_tile(copies)),
            sum(copy.replicas * copy.tiling.cells_used for copy in copies),
            bytes_by_tiles(context.tile, copies),
        )

    @property
    def rows_per_burst(self) -> int:
        return ceil_div(self.rows, BURSTS)

    @property
    def n_bursts(self) -> int:
        return ceil_div(self.rows, self.rows_per_burst)


def copy_of(mapping: Mapping, chip: Chip, name: str) -> Copy:
    """The weights of a layer, as they are written."""
    assert chip.tile is not None
    a, per_tile = mapping.blocks_of(name), chip.tile.crossbar.count
    return Copy(
        a.matrix,
        a.tiling,
        a.replicas,
        lambda i, r, c: mapping.tile_order[a.crossbar(i, r, c) // per_tile],
    )


def _write(context: Context, turn: _Turn) -> tuple[int, int]:
    """Request, bursts and writing of a segment; returns the first and the last of these actors."""
    layer, bursts = layer_of(turn.number), turn.n_bursts
    request = context.builder.actor(f"{layer} request", 1, layer=layer)
    context.builder.visit(request, (), _request_fs(context.chip))
    come, on_the_way = _bring(context, turn, layer)
    context.builder.channel(request, come, 1, 1, 0)
    write = context.builder.actor(f"{layer} write", bursts, layer=layer)
    crossbar = context.tile.crossbar
    assert crossbar.write_time_fs is not None
    left = turn.rows - (bursts - 1) * turn.rows_per_burst
    holds = [turn.rows_per_burst * crossbar.write_time_fs] * (bursts - 1) + [left * crossbar.write_time_fs]
    context.builder.visit(
        write, _drivers(context, turn), Schedule((0,), tuple(holds)) if bursts > 1 else holds[0]
    )
    ends = [turn.cells * i // bursts for i in range(bursts + 1)]
    cells = tuple(end - begin for begin, end in pairwise(ends))
    count = Schedule((0,), cells) if bursts > 1 else cells[0]
    context.spend(write, "crossbar", "write", count, crossbar.write_energy_j)
    # One burst is written, one waits, and those that the length of the way has room for are on it.
    context.builder.channel(come, write, 2 + on_the_way, Schedule.affine(1, 1, bursts))
    return request, write


def _request_fs(chip: Chip) -> int:
    """Time until the first byte sets out: latency of the memory, or of the way to the host."""
    latency_fs = chip.memory.latency_fs if chip.memory else chip.host.latency_fs if chip.host else 0
    return max(1, latency_fs)


def _bring(context: Context, turn: _Turn, layer: str) -> tuple[int, int]:
    """The actor whose firings bring the bursts, and how many can be on their way at once."""
    name, bursts = f"{layer} bursts", turn.n_bursts
    if context.chip.memory is None:
        moved = [Flow(HOST, tiles, ceil_div(n, bursts)) for tiles, n in sorted(turn.bytes_to.items())]
        come = transfer(context, name, layer, bursts, moved)
        assert come is not None  # the host is no tile
        return come, _on_the_way(context, moved)
    memory, per_chip = context.chip.memory, context.tile.count
    n_bytes: dict[int, int] = {}
    for tiles, n in turn.bytes_to.items():
        for chip in sorted({tile // per_chip for tile in tiles}):
            resource = context.memory(memory, chip * per_chip)
            n_bytes[resource] = n_bytes.get(resource, 0) + n
    holds = {r: memory_fs(memory, ceil_div(n, bursts)) for r, n in sorted(n_bytes.items())}
    come = context.builder.actor(name, bursts, layer=layer)
    context.builder.visit(come, tuple(holds), max(holds.values()), spread=True, holds_fs=holds)
    total = sum(ceil_div(n, bursts) for n in n_bytes.values())
    context.spend(come, "memory", "byte", total, memory.energy_per_byte_j)
    return come, 0


def _on_the_way(context: Context, moved: list[Flow]) -> int:
    """Bursts that have left the host and not arrived, when its link is never idle."""
    host = context.chip.host
    assert host is not None
    link_fs = bytes_fs(sum(flow.n_bytes for flow in moved), host.bandwidth_bytes_per_s)
    routes = [context.route(HOST, tile) for flow in moved for tile in flow.dsts]
    links = [[context.link(i) for i in route] for route in routes]
    with_noc = context.chip.noc is not None
    heads_fs = max(sum(head_fs(context, k) for k in way if with_noc or not on_chip(k)) for way in links)
    return ceil_div(heads_fs + link_fs, link_fs)


def _drivers(context: Context, turn: _Turn) -> int:
    """The write drivers of a half; those of all where the chip has fewer than tiles."""
    tile = context.tile
    few = tile.write_parallel is not None and tile.write_parallel < tile.count
    units = (tile.write_parallel or tile.count) * context.chip.n_chips
    return context.resource(
        "write drivers" if few else f"write drivers {turn.segment.half}", "write", units=units
    )


def _wait(context: Context, stages: dict[str, Stage], swap: Swap, turn: _Turn, request: int) -> None:
    """Let a request wait for the segment before on the same crossbars, of this or of the last inference."""
    same = [i for i, s in enumerate(swap.segments) if s.half == turn.segment.half]
    place = same.index(turn.number)
    for name in swap.segments[same[place - 1]].layers:
        n = context.builder.n_firings(stages[name].first)
        context.builder.channel(stages[name].first, request, n, n if place > 0 else 0, 0)


def through_memory(context: Context, src: int, edge: Edge, dst: Stage, n_bytes: int) -> int:
    """Actors that put a stream into memory and get it back, firing by firing; returns the second."""
    memory = context.chip.memory
    assert memory is not None
    n, name = context.builder.n_firings(src), f"{edge.src} -> {edge.dst}"
    every = Schedule.affine(1, 1, n)
    for what, room in (("store", 2), ("load", n)):
        actor = context.builder.actor(f"{name} {what}", n, layer=edge.dst)
        move(context, actor, memory, dst.held[0].tiles[0], [n_bytes])
        context.builder.channel(src, actor, room, every, bytes_per_token=n_bytes)
        src = actor
    return src
