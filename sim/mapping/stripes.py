"""Stripes: which copy of a layer makes which tokens of its output.

Of r copies, copy s works in row y of the grid on the columns from c(s, y) to c(s + 1, y),

    c(s, y) = floor((s W + (y W mod r)) / r),

so every copy has its own columns (and needs their halo only), cuts move by at most one column from row to
row, and any number of copies is balanced to within a token. A sequence, which has one row, is cut as an
image of rows of `ROW` tokens: its tokens come one after the other, and all copies are to have work.

Copies in the same tiles are one stripe: they read the same buffer, and take its tokens in turn as they
become free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arch.chip import Chip
from ...arch.reads import crossbars_per_adc
from ...workloads.graph import Grid, Network, Operator
from ..program import I64
from .assignment import Assignment, InBlocks, OnCrossbars, OnTileUnits

ROW = 16
"""Tokens of a row that a sequence is cut in."""


@dataclass(frozen=True)
class Cut:
    """How the tokens of a stream are dealt out.

    Attributes
    ----------
    copies : tuple of int
        Copies in each stripe.
    places : tuple of tuple of int
        Tiles of each stripe.
    """

    copies: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]

    def name(self, operator: str, stripe: int) -> str:
        """What a stripe of an operator is called."""
        return operator if len(self.copies) == 1 else f"{operator} stripe {stripe}"

    def owners(self, grid: Grid) -> I64:
        """The stripe that makes each token of a grid, row-major."""
        rows, cols = (grid.rows, grid.cols) if grid.rows > 1 else (-(-grid.cols // ROW), min(ROW, grid.cols))
        total = sum(self.copies)
        ends = np.cumsum([0, *self.copies])
        moved = np.arange(rows) * cols % total
        cuts = (ends[None, :] * cols + moved[:, None]) // total
        stripes = np.tile(np.arange(len(self.copies)), rows)
        found: I64 = np.repeat(stripes, np.diff(cuts, axis=1).ravel())[: grid.n_tokens].astype(np.int64)
        return found

    def tokens(self, grid: Grid) -> list[I64]:
        """The tokens of each stripe, in the order in which they are made."""
        owners = self.owners(grid)
        return [np.flatnonzero(owners == stripe) for stripe in range(len(self.copies))]


def run_free(chip: Chip, network: Network) -> bool:
    """Whether copies of layers fire by themselves.

    Not where the chip says `lock_step`, where crossbars take turns at converters or ports (in a fixed order),
    where layers work one after the other, nor in a training step or a group of inferences, whose samples
    follow each other on one schedule.
    """
    if chip.tile is None or chip.tile.replicas == "lock_step" or crossbars_per_adc(chip.tile) > 1:
        return False
    if chip.ports or chip.schedule == "layer_serial":
        return False
    return all(o.role is None and o.samples == 1 for o in network.operators)


def cut_of_layer(a: InBlocks, per_tile: int, order: tuple[int, ...]) -> Cut:
    """The stripes of a layer on crossbars: its copies, those in the same tiles together."""
    found = []
    for replica in range(a.replicas):
        first = a.crossbar(replica, 0, 0)
        last = first + a.tiling.crossbars - 1
        found.append(tuple(sorted({order[t] for t in range(first // per_tile, last // per_tile + 1)})))
    return _together(found)


def _together(tiles_of: list[tuple[int, ...]]) -> Cut:
    """Copies, given by their tiles, as stripes."""
    copies: list[int] = []
    places: list[tuple[int, ...]] = []
    for tiles in tiles_of:
        if places and places[-1] == tiles:
            copies[-1] += 1
        else:
            copies.append(1)
            places.append(tiles)
    return Cut(tuple(copies), tuple(places))


def cuts(
    network: Network, chip: Chip, assignments: dict[str, Assignment], order: tuple[int, ...]
) -> dict[str, Cut]:
    """The cut of every operator that works in stripes, by name.

    Parameters
    ----------
    order : tuple of int
        Place of the t-th tile that crossbars were taken from.
    """
    found: dict[str, Cut] = {}
    if chip.tile is None or not run_free(chip, network):
        return found
    for o in network.operators:
        a = assignments[o.name]
        if isinstance(a, OnCrossbars) and a.matrix.recurrent_k == 0 and not a.dealt:
            found[o.name] = cut_of_layer(a, chip.tile.crossbar.count, order)
        elif isinstance(a, OnTileUnits) and a.stripes:
            found[o.name] = _together([(t,) for t in a.stripes])
        elif isinstance(a, OnTileUnits) and streams_by(o):
            maker = followed(o, network, assignments)
            if maker is not None and maker in found:
                found[o.name] = found[maker]
    return found


def followed(o: Operator, network: Network, assignments: dict[str, Assignment]) -> str | None:
    """The maker of an input whose tiles an operator on tile units works in: the last one that is in tiles."""
    makers = {network.producer(p.tensor).name for p in o.inputs}
    inside = [m.name for m in network.operators if m.name in makers]
    here = assignments[o.name].sources
    return next((m for m in reversed(inside) if assignments[m].sources == here), None)


def streams_by(o: Operator) -> bool:
    """Whether an output token needs a part of the input only, and all of them need as much."""
    return (
        o.reach is None and o.product is None and all(p.window.kind in ("same", "window") for p in o.inputs)
    )
