"""Weight swapping: layers that do not fit take turns on the crossbars, segment by segment.

A segment is a run of layers in the order of the network that fits on the crossbars at once; its weights are
written before it computes. With overlap the tiles are two halves: one computes while the other is written,
so a segment has half of them. Where the segments end is chosen by estimated time: for every run of layers
that fits, the time to write it and the time of its slowest layer with the replicas that then have room, one
after the other or (overlapped) whichever is longer; the sum over the segments is least.

A half that has only one segment is written once, before time begins, as without swapping. A layer that is
larger than the room of a segment is cut (`parts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from ...arch.chip import Chip
from ...workloads.graph import Network, Operator
from ...workloads.role import Role
from ..errors import SimulationError
from .mapping import Segment, Swap
from .replicate import Replicable, replicate
from .tiling import Tiling
from .timing import FS_PER_S, MvmTiming, ceil_div, total_tiles
from .writing import source_bytes_per_s, weight_bytes


@dataclass(frozen=True)
class Rooms:
    """Crossbars that segments take turns on: how many at once, and the first of each half."""

    crossbars: int
    first: tuple[int, ...]


def rooms(chip: Chip, overlap: bool) -> Rooms:
    """The halves of all crossbars, or all of them.

    Raises
    ------
    SimulationError
        There is only one crossbar, which cannot be written while it computes.
    """
    assert chip.tile is not None
    per_tile, tiles = chip.tile.crossbar.count, total_tiles(chip)
    if not overlap:
        return Rooms(per_tile * tiles, (0,))
    half = tiles // 2 * per_tile if tiles > 1 else per_tile // 2
    if half == 0:
        raise SimulationError(
            f"`swap`: chip {chip.name!r} has one crossbar, which cannot be written while it computes\n"
            "use `swap_overlap: false`, or more crossbars"
        )
    return Rooms(half, (0, half))


@dataclass(frozen=True)
class _TurnLayer:
    """What the search for segments needs of a layer."""

    name: str
    tiling: Tiling
    replicable: Replicable
    product_fs: int
    n_bytes: int


def cut(
    chip: Chip,
    layers: list[Operator],
    tilings: dict[str, Tiling],
    overlap: bool,
    copied: bool,
    group: int = 1,
) -> tuple[Swap, dict[str, int]]:
    """Segments of layers that all fit into a half (or the whole) each, and replicas of the layers.

    Parameters
    ----------
    copied : bool
        Whether layers may have replicas.
    group : int
        Inferences that each segment computes for at a time.
    """
    if group < 1:
        raise SimulationError(f"`swap_group`: found {group}, expected at least 1 inference")
    assert chip.tile is not None
    room = rooms(chip, overlap)
    come_per_s = source_bytes_per_s(chip)
    found = [_layer(chip, o, tilings[o.name]) for o in layers]

    @cache
    def planned(begin: int, end: int) -> tuple[int, tuple[int, ...]] | None:
        return _planned(chip, found[begin:end], room.crossbars, come_per_s, overlap, copied, group)

    best: list[tuple[int, int, int]] = [
        (0, 0, 0)
    ]  # time and segments of the layers up to here, and their cut
    for end in range(1, len(found) + 1):
        choices = []
        for begin in range(end - 1, -1, -1):
            plan = planned(begin, end)
            if plan is None:
                break
            choices.append((best[begin][0] + plan[0], best[begin][1] + 1, begin))
        best.append(min(choices))
    cuts = [len(found)]
    while cuts[0] > 0:
        cuts.insert(0, best[cuts[0]][2])
    spans = list(pairwise(cuts))
    halves = [i % len(room.first) for i in range(len(spans))]
    replicas: dict[str, int] = {}
    segments = []
    for (begin, end), half in zip(spans, halves, strict=True):
        plan = planned(begin, end)
        assert plan is not None
        names = tuple(layer.name for layer in found[begin:end])
        replicas.update(zip(names, plan[1], strict=True))
        segments.append(Segment(names, half, resident=halves.count(half) == 1))
    return Swap(tuple(segments), overlap, group), replicas


def in_groups(network: Network, group: int) -> Network:
    """The network with every operator working on a group of inferences, one after the other."""

    def several(o: Operator) -> Operator:
        return replace(o, role=Role("forward", o.name, "forward", samples=group))

    return replace(network, operators=tuple(map(several, network.operators)), _by_tensor={})


def _layer(chip: Chip, o: Operator, tiling: Tiling) -> _TurnLayer:
    assert chip.tile is not None
    assert o.matrix is not None
    product_fs = MvmTiming.of(chip.tile, tiling, 1).crossbar_hold_fs * o.matrix.applications
    copied = Replicable(tiling.crossbars, product_fs, o.output.grid, o.matrix.recurrent_k > 0)
    return _TurnLayer(o.name, tiling, copied, product_fs, weight_bytes(chip.tile, o.matrix))


def _planned(
    chip: Chip,
    layers: list[_TurnLayer],
    room: int,
    come_per_s: float,
    overlap: bool,
    copied: bool,
    group: int,
) -> tuple[int, tuple[int, ...]] | None:
    """Estimated time and replicas of a segment; None if it does not fit."""
    assert chip.tile is not None
    spare = room - sum(layer.tiling.crossbars for layer in layers)
    if spare < 0:
        return None
    write_fs = _write_fs(chip, layers, come_per_s)
    counts = [1] * len(layers)
    if copied:
        hidden_fs = (
            write_fs // group if overlap else 0
        )  # being faster than the writing beside it is of no use
        counts = replicate([layer.replicable for layer in layers], spare, hidden_fs)
    slowest = max(
        group * layer.product_fs * ceil_div(layer.replicable.grid.n_tokens, n)
        for layer, n in zip(layers, counts, strict=True)
    )
    compute_fs = max(slowest, sum(layer.product_fs for layer in layers))
    return max(write_fs, compute_fs) if overlap else write_fs + compute_fs, tuple(counts)


def _write_fs(chip: Chip, layers: list[_TurnLayer], come_per_s: float) -> int:
    """Time to write one replica of some layers, spread over the tiles that they fill."""
    assert chip.tile is not None
    assert chip.tile.crossbar.write_time_fs is not None
    per_tile, drivers = chip.tile.crossbar.count, chip.tile.write_parallel or chip.tile.count
    crossbars = sum(layer.tiling.crossbars for layer in layers)
    rows = sum(layer.tiling.crossbars * layer.tiling.rows_per_crossbar for layer in layers)
    tiles = ceil_div(crossbars, per_tile)
    at_once = min(tiles * max(1, drivers // chip.tile.count), drivers * chip.n_chips)
    come_fs = sum(layer.n_bytes for layer in layers) * FS_PER_S // int(come_per_s)
    return max(ceil_div(rows, at_once) * chip.tile.crossbar.write_time_fs, come_fs)
