"""Bytes per inference from tile to tiles, as placement sees them: every token to the stripes that want it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ...arch.chip import Chip
from ...workloads.graph import Grid, Network, Operator, Window
from .. import compiled
from ..kernels.arguments import Bools
from ..program import I64
from .assignment import Assignment
from .placement import WIDEST_NET, Net
from .reach import Reach, needs_all
from .stripes import Cut, cuts
from .timing import ceil_div, total_tiles


@dataclass(frozen=True, eq=False)
class _Taken:
    """Tokens of a stream that some tiles want.

    Attributes
    ----------
    asked : Bools, shape (tokens,), or None
        None for all.
    tiles : tuple of int
    """

    asked: Bools | None
    tiles: tuple[int, ...]


def nets(network: Network, chip: Chip, logical: dict[str, Assignment]) -> list[Net]:
    """All streams between tiles, in whole flits; tiles are numbered in the order they were taken."""
    word, flit_bits = ceil_div(chip.activation_bits, 8), chip.noc.flit_bits if chip.noc else 8
    cut = cuts(network, chip, logical, tuple(range(total_tiles(chip))))
    marks = _Marks(cut)
    takers: dict[str, list[_Taken]] = defaultdict(list)
    for o in network.operators:
        for port in dict.fromkeys(o.inputs):
            maker = network.producer(port.tensor)
            takers[maker.name] += marks.taken(o, port.window, maker, logical[o.name])
    found: dict[tuple[int, tuple[int, ...]], int] = defaultdict(int)
    for o in network.operators:
        made = cut.get(o.name, Cut((1,), (logical[o.name].sources,)))
        for stripe, n_tokens, dsts in _sent(made.owners(o.output.grid), takers[o.name]):
            tiles = made.places[stripe]
            flits = ceil_div(8 * ceil_div(o.output.elements * word, len(tiles)), flit_bits)
            for src in tiles:
                found[src, tuple(sorted(dsts - {src}))] += n_tokens * flits
    return [
        Net(src, dsts, ceil_div(n * flit_bits, 8))
        for (src, dsts), n in found.items()
        if 0 < len(dsts) <= WIDEST_NET
    ]


def _sent(owners: I64, takers: list[_Taken]) -> list[tuple[int, int, set[int]]]:
    """Stripe, number and destinations of the tokens that go the same way."""
    all_want = {t for taker in takers if taker.asked is None for t in taker.tiles}
    some = [taker for taker in takers if taker.asked is not None]
    masks = np.array([taker.asked for taker in some], np.bool_).reshape(len(some), len(owners))
    keys = np.concatenate([owners[:, None].view(np.uint8), np.packbits(masks, axis=0).T], axis=1)
    ways = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, firsts, counts = np.unique(ways, return_index=True, return_counts=True)
    return [
        (
            int(owners[first]),
            n,
            all_want.union(*(some[i].tiles for i in np.flatnonzero(masks[:, first]).tolist())),
        )
        for first, n in zip(firsts.tolist(), counts.tolist(), strict=True)
    ]


class _Marks:
    """The tokens that stripes want; those of operators that are cut alike are found once."""

    def __init__(self, cut: dict[str, Cut]) -> None:
        self._cut = cut
        self._seen: dict[tuple[tuple[int, ...], Window, Grid, Grid], list[Bools]] = {}

    def taken(self, o: Operator, window: Window, maker: Operator, a: Assignment) -> list[_Taken]:
        """What an operator takes of a stream."""
        cut, made, used = self._cut.get(o.name), maker.output.grid, o.output.grid
        if cut is None:
            return [_Taken(None, a.tiles or a.sources)]
        if needs_all(window, made, used):
            return [_Taken(None, tiles) for tiles in cut.places]
        key = (cut.copies, window, made, used)
        if key not in self._seen:
            self._seen[key] = self._marked(cut, window, made, used)
        return [_Taken(asked, tiles) for asked, tiles in zip(self._seen[key], cut.places, strict=True)]

    def _marked(self, cut: Cut, window: Window, made: Grid, used: Grid) -> list[Bools]:
        reach = Reach.of(window, made, used)
        asked = np.zeros((len(cut.copies), made.n_tokens), np.bool_)
        for tokens, row in zip(cut.tokens(used), asked, strict=True):
            compiled.mark(tokens, reach.out_cols, reach.rows, reach.cols, reach.in_cols, row)
        return list(asked)


__all__ = ["nets"]
