"""How many of the chips of a system take part: more only where the simulation confirms that they help.

A network may be faster on two chips than on sixteen, where links between chips are slower than those on them.
So the mapping on all chips is held against those on half of them, a quarter, and so on, each in its place on
the whole system: from the fewest chips that hold the network upwards, the larger is taken if neither one
inference nor the interval between inferences takes longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import SimulationError
from .mapping import Mapping, MappingOptions, map_network
from .mapping.timing import total_tiles

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network

N_CONFIRMING = 8
"""Inferences simulated to confirm a mapping; the interval is the mean over the later half of them."""

Times = tuple[int, int]
"""Of one inference, and between inferences; femtoseconds."""


def mapped(network: Network, chip: Chip, options: MappingOptions) -> Mapping:
    """The mapping on as many of the chips as help.

    Parameters
    ----------
    network : Network
    chip : Chip
    options : MappingOptions
        With a partition that is settled.

    Raises
    ------
    SimulationError
        The network does not fit on all chips either.
    """
    counts = _counts(chip, options)
    candidates: list[Mapping] = []
    for n in counts[:-1]:
        try:
            fewer = map_network(network, _with_chips(chip, n), options)
        except SimulationError:
            continue  # it takes more
        candidates.append(_on_all(fewer, chip, n))
    try:
        candidates.append(map_network(network, chip, options))
    except SimulationError:
        if not candidates:
            raise
    if len(candidates) == 1:
        return candidates[0]
    return _best(candidates, lambda mapping: _times(mapping, chip, options))


def _counts(chip: Chip, options: MappingOptions) -> list[int]:
    """Numbers of chips to try, ascending, the last that of all."""
    alike = chip.chips is not None and chip.chips.links is None  # else links of their own decide who is near
    n = chip.n_chips
    if chip.tile is None or not alike or options.swap or options.partition != "pipeline":
        return [n]
    found = [n]
    while found[0] > 1:
        found.insert(0, found[0] // 2)
    return found


def _with_chips(chip: Chip, n: int) -> Chip:
    assert chip.chips is not None
    return chip.model_copy(update={"chips": chip.chips.model_copy(update={"count": n})})


def _on_all(mapping: Mapping, chip: Chip, n: int) -> Mapping:
    """A mapping on the first n chips, as one of the whole system."""
    tiles = total_tiles(chip)
    per_tile = chip.tile.crossbar.count if chip.tile else 0
    return replace(
        mapping,
        tile_order=(*mapping.tile_order, *range(len(mapping.tile_order), tiles)),
        n_chips=chip.n_chips,
        tiles_total=tiles,
        crossbars_total=per_tile * tiles,
        remarks=(f"uses {n} of {chip.n_chips} chips: more would not be faster", *mapping.remarks),
    )


def _best(candidates: list[Mapping], times: Callable[[Mapping], Times]) -> Mapping:
    kept, best = candidates[0], times(candidates[0])
    for other in candidates[1:]:
        found = times(other)
        if found[0] <= best[0] and found[1] <= best[1]:
            kept, best = other, found
    return kept


def _times(mapping: Mapping, chip: Chip, options: MappingOptions) -> Times:
    """One inference alone, and the interval of a few of them, at packet detail."""
    from .engines import compiled
    from .lowering import lower

    program = lower(mapping, chip, multicast=options.multicast, detail="packet")
    alone = compiled.run(program, 1, n_bins=1, keep_path=False)
    few = compiled.run(program, N_CONFIRMING, n_bins=1, keep_path=False)
    half = N_CONFIRMING // 2
    ends = few.iteration_end_fs
    return int(alone.makespan_fs), int(ends[-1] - ends[half - 1]) // (N_CONFIRMING - half)


__all__ = ["mapped"]
