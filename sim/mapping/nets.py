"""Bytes per inference from tile to tiles, as placement sees them: every stripe to those who want its columns.

Stripes are taken as shares of the width, with the halo that a window adds: what moves from row to row is
left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from ...arch.chip import Chip
from ...workloads.graph import Grid, Network, Operator, Port
from .assignment import Assignment
from .placement import WIDEST_NET, Net
from .stripes import Cut, cuts
from .timing import ceil_div, total_tiles


@dataclass(frozen=True)
class _Piece:
    """A share of the width of a stream, from `begin` to `end` of 1, and the tiles that make or want it."""

    begin: float
    end: float
    tiles: tuple[int, ...]


def nets(network: Network, chip: Chip, logical: dict[str, Assignment]) -> list[Net]:
    """All streams between tiles; tiles are numbered in the order they were taken."""
    word = ceil_div(chip.activation_bits, 8)
    cut = cuts(network, chip, logical, tuple(range(total_tiles(chip))))
    users: dict[str, list[_Piece]] = defaultdict(list)
    for o in network.operators:
        for port in o.inputs:
            maker = network.producer(port.tensor)
            users[maker.name] += _wanted(o, port, maker.output.grid, logical[o.name], cut.get(o.name))
    n_bytes: dict[tuple[int, tuple[int, ...]], float] = defaultdict(float)
    for o in network.operators:
        for made in _made(logical[o.name], cut.get(o.name)):
            total = o.output.size * word / len(made.tiles)
            inside = {x for u in users[o.name] for x in (u.begin, u.end) if made.begin < x < made.end}
            for begin, end in pairwise(sorted({made.begin, made.end, *inside})):
                wants = [u for u in users[o.name] if u.begin < end and begin < u.end]
                dsts = {t for u in wants for t in u.tiles}
                for src in made.tiles:
                    n_bytes[src, tuple(sorted(dsts - {src}))] += total * (end - begin)
    return [
        Net(src, dsts, round(n))
        for (src, dsts), n in n_bytes.items()
        if 0 < len(dsts) <= WIDEST_NET and n >= 1
    ]


def _made(a: Assignment, cut: Cut | None) -> list[_Piece]:
    """The shares of an operator's output by where they come into being."""
    if cut is None:
        return [_Piece(0.0, 1.0, a.sources)]
    return _shares(cut)


def _shares(cut: Cut) -> list[_Piece]:
    total, done, found = sum(cut.copies), 0, []
    for copies, tiles in zip(cut.copies, cut.places, strict=True):
        found.append(_Piece(done / total, (done + copies) / total, tiles))
        done += copies
    return found


def _wanted(o: Operator, port: Port, made: Grid, a: Assignment, cut: Cut | None) -> list[_Piece]:
    """The shares of an input by who wants them."""
    window, used = port.window, o.output.grid
    if cut is None:
        return [_Piece(0.0, 1.0, a.tiles or a.sources)]
    if window.kind != "window":
        whole = window.kind != "same" or made.n_tokens != used.n_tokens
        return [_Piece(0.0, 1.0, p.tiles) if whole else p for p in _shares(cut)]
    step, up = window.stride[1], window.up[1]
    more = (window.kernel[1] - 1) * window.dilation[1] - window.pad[1]
    return [
        _Piece(
            max(0.0, (p.begin * used.cols * step - window.pad[1]) / up / made.cols),
            min(1.0, ((p.end * used.cols - 1) * step + more + 1) / up / made.cols),
            p.tiles,
        )
        for p in _shares(cut)
    ]
