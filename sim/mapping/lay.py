"""Places of tiles: what flows between the tiles of a mapping decides where on the chips they lie."""

from __future__ import annotations

from dataclasses import replace

from .assignment import HOST, Assignment, InCache, InMemory, OnArray, OnChipUnits, OnTileUnits
from .nets import nets
from .placement import TRIES, Placement, place
from .problem import Problem
from .timing import total_tiles

AT_MIDDLE = OnArray | OnChipUnits | InMemory | InCache
"""What all tiles of a chip share."""


def lay(
    problem: Problem,
    logical: dict[str, Assignment],
    middle: int,
    order: tuple[int, ...] | None = None,
    tries: int = TRIES,
) -> Placement:
    """Place of every tile and the cost of the placement.

    Parameters
    ----------
    logical : dict of str to Assignment
        With tiles numbered in the order in which crossbars were taken from them.
    middle : int
        The one where what all tiles share is.
    order : tuple of int, optional
        Places that tiles have already.
    tries : int
        Swaps that are tried for every tile of a chip.
    """
    chip = problem.chip
    if chip.tile is None:
        return Placement(tuple(range(total_tiles(chip))), 0, 0, (0, 0))
    shared = any(
        isinstance(a, AT_MIDDLE) or (isinstance(a, OnTileUnits) and a.at_middle) for a in logical.values()
    )
    return place(
        problem.ground,
        nets(problem.network, chip, logical),
        problem.options.placement,
        problem.options.seed,
        order,
        pinned=middle if shared else -1,
        tries=tries,
    )


def moved(a: Assignment, order: tuple[int, ...]) -> Assignment:
    """The same assignment, with tiles numbered by their place on the chips."""
    if HOST in a.sources:
        return a
    if isinstance(a, OnTileUnits):
        a = replace(a, stripes=tuple(order[t] for t in a.stripes))
    return replace(
        a, sources=tuple(sorted(order[t] for t in a.sources)), tiles=tuple(sorted(order[t] for t in a.tiles))
    )
