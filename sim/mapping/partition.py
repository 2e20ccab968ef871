"""Tensor partition: the column blocks of every layer are dealt out over all chips.

Each chip holds some columns of every layer, of as even a number as there are blocks, and makes those outputs;
what the next layer needs of them goes over the links. The heads of an attention are columns of its
projections and are dealt out with them; its products, and whatever else runs on units of a chip, stay on the
chip of the stream's first tile. The chips with the fewest crossbars taken get one block more where the number
does not come out even. All parts of a layer, and its replicas, work in lock step.
"""

from __future__ import annotations

from ...arch.chip import Chip
from ...workloads.graph import Operator
from ..errors import SimulationError
from .allocate import Need, allocate
from .assignment import Deal
from .replicate import Replicable, replicate
from .tiling import Tiling
from .timing import MvmTiming, ceil_div


def deal(
    chip: Chip, layers: list[Operator], tilings: dict[str, Tiling], copied: bool, floor_fs: int
) -> tuple[dict[str, int], dict[str, tuple[Deal, ...]]]:
    """Replicas of every layer, and where its column blocks lie.

    Parameters
    ----------
    copied : bool
        Whether layers may have replicas.
    floor_fs : int
        As for `replicate`.

    Raises
    ------
    SimulationError
        A chip has too few crossbars for its share.
    """
    assert chip.tile is not None
    per_tile, tiles = chip.tile.crossbar.count, chip.tile.count
    widths = _widths(layers, tilings, chip.n_chips)
    taken = [sum(widths[o.name][c] * tilings[o.name].row_blocks for o in layers) for c in range(chip.n_chips)]
    if max(taken) > per_tile * tiles:
        raise SimulationError(
            f"dealt out over {chip.n_chips} chips (`partition: tensor`), the network needs "
            f"{ceil_div(max(taken), per_tile)} tiles on one of them, a chip has {tiles}: "
            f"{ceil_div(max(taken), per_tile) - tiles} tiles missing\n"
            "use more chips (`chips`) or `partition: pipeline`"
        )
    counts = [1] * len(layers)
    if copied:
        # A replica takes as many crossbars on every chip as on the one that has most of the layer.
        asked = [_asked(chip, o, tilings[o.name], max(widths[o.name])) for o in layers]
        spare = per_tile * tiles - sum(a.crossbars for a in asked)
        counts = replicate(asked, max(0, spare), floor_fs)
    replicas = {o.name: n for o, n in zip(layers, counts, strict=True)}
    return replicas, _lay(chip, layers, tilings, widths, replicas)


def _widths(layers: list[Operator], tilings: dict[str, Tiling], n_chips: int) -> dict[str, list[int]]:
    """Column blocks of every layer on each chip."""
    load = [0] * n_chips
    found: dict[str, list[int]] = {}
    for o in layers:
        blocks, rows = tilings[o.name].col_blocks, tilings[o.name].row_blocks
        share, rest = divmod(blocks, n_chips)
        emptiest = sorted(range(n_chips), key=lambda c: (load[c], c))
        widths = [share] * n_chips
        for c in emptiest[:rest]:
            widths[c] += 1
        load = [taken + width * rows for taken, width in zip(load, widths, strict=True)]
        found[o.name] = widths
    return found


def _asked(chip: Chip, o: Operator, tiling: Tiling, width: int) -> Replicable:
    assert o.matrix is not None
    hold_fs = MvmTiming.of(chip.tile_of(o.name, o.op), tiling, 1).crossbar_hold_fs * o.matrix.applications
    return Replicable(width * tiling.row_blocks, hold_fs, o.output.grid, o.matrix.recurrent_k > 0)


def _lay(
    chip: Chip,
    layers: list[Operator],
    tilings: dict[str, Tiling],
    widths: dict[str, list[int]],
    replicas: dict[str, int],
) -> dict[str, tuple[Deal, ...]]:
    """Consecutive crossbars for the blocks of every layer, chip by chip."""
    assert chip.tile is not None
    per_tile, tiles = chip.tile.crossbar.count, chip.tile.count
    dealt: dict[str, list[Deal]] = {o.name: [] for o in layers}
    begin = {o.name: 0 for o in layers}
    for c in range(chip.n_chips):
        here = [o.name for o in layers if widths[o.name][c]]
        needs = [Need(name, widths[name][c] * tilings[name].row_blocks, replicas[name]) for name in here]
        for name, first in zip(here, allocate(needs, per_tile, tiles), strict=True):
            end = begin[name] + widths[name][c]
            dealt[name].append(Deal(c * per_tile * tiles + first, begin[name], end))
            begin[name] = end
    return {name: tuple(deals) for name, deals in dealt.items()}
