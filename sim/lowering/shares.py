"""Which part of a firing's tokens is where: rectangles of tokens x elements on tiles.

Replicas work on different tokens of a group, column blocks make different elements of a token. Two streams
that are cut the same way need no transfer at all; otherwise only the overlaps that lie on different tiles
move.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

ALL = 1 << 40
"""More tokens than any group has: every token."""


@dataclass(frozen=True)
class Share:
    """A rectangle of a group: tokens from ``tokens[0]``, elements from ``elements[0]``, ends excluded.

    Held shares lie on one tile; wanted shares may be wanted on several (multicast).
    """

    tokens: tuple[int, int]
    elements: tuple[int, int]
    tiles: tuple[int, ...]

    @property
    def size(self) -> int:
        return (self.tokens[1] - self.tokens[0]) * (self.elements[1] - self.elements[0])


Shares = tuple[Share, ...]


def merged(parts: Iterable[tuple[int, int, int, int]]) -> Shares:
    """Held shares from (tile, token, first element, end element), neighbours on one tile put together."""
    elements_of: dict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    for tile, token, begin, end in parts:
        elements_of[(tile, token)].add((begin, end))
    tokens_of: dict[tuple[int, tuple[int, int]], list[int]] = defaultdict(list)
    for (tile, token), intervals in elements_of.items():
        for interval in _joined(intervals):
            tokens_of[(tile, interval)].append(token)
    return tuple(
        Share(tokens, elements, (tile,))
        for (tile, elements), found in sorted(tokens_of.items())
        for tokens in _joined({(t, t + 1) for t in found})
    )


def _joined(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Union of intervals as disjoint ones, ascending."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(intervals):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def even(n_tokens: int, elements: int, tiles: tuple[int, ...]) -> Shares:
    """Elements of every token spread evenly over tiles, in order."""
    n = max(1, min(len(tiles), elements))
    cuts = [elements * i // n for i in range(n + 1)]
    return tuple(Share((0, n_tokens), (cuts[i], cuts[i + 1]), (tiles[i],)) for i in range(n))


def rescaled(shares: Shares, n_tokens: tuple[int, int], elements: tuple[int, int]) -> Shares:
    """The same cuts for a stream of other size: both arguments are (old, new).

    Tokens are cut alike if both groups have as many tokens; otherwise every share's elements are cut for
    all tokens.
    """
    if n_tokens[0] != n_tokens[1]:
        tiles = tuple(sorted({t for s in shares for t in s.tiles}))
        return even(n_tokens[1], elements[1], tiles)
    old, new = elements
    scaled = [
        Share(s.tokens, (s.elements[0] * new // old, s.elements[1] * new // old), s.tiles) for s in shares
    ]
    return tuple(s for s in scaled if s.size) or even(n_tokens[1], new, shares[0].tiles)


def busiest(shares: Shares) -> int:
    """Elements on the tile that has most of them."""
    load: dict[int, int] = defaultdict(int)
    for share in shares:
        for tile in share.tiles:
            load[tile] += share.size
    return max(load.values())


def tiles_of(shares: Shares) -> tuple[int, ...]:
    """All tiles that have a share."""
    return tuple(sorted({t for s in shares for t in s.tiles}))


@dataclass(frozen=True)
class Flow:
    """Bytes of one firing from a tile to one or more others."""

    src: int
    dsts: tuple[int, ...]
    n_bytes: int


def flows(held: Shares, wanted: Shares, word_bytes: int) -> list[Flow]:
    """Who sends what to whom.

    What is held on a tile is cut wherever a wanted share begins or ends; each piece goes, once, to all other
    tiles that want it.
    """
    n_bytes: dict[tuple[int, tuple[int, ...]], int] = defaultdict(int)
    for have in held:
        src = have.tiles[0]
        wants = [w for w in wanted if _meet(have.tokens, w.tokens) and _meet(have.elements, w.elements)]
        for tokens in _pieces(have.tokens, [w.tokens for w in wants]):
            for elements in _pieces(have.elements, [w.elements for w in wants]):
                here = [w for w in wants if _meet(tokens, w.tokens) and _meet(elements, w.elements)]
                tiles = {t for w in here for t in w.tiles} - {src}
                if tiles:
                    size = (tokens[1] - tokens[0]) * (elements[1] - elements[0])
                    n_bytes[(src, tuple(sorted(tiles)))] += size * word_bytes
    return [Flow(src, dsts, n) for (src, dsts), n in sorted(n_bytes.items())]


def unicasts(moved: list[Flow]) -> list[Flow]:
    """The same, sent once to each of the tiles: one flow for every pair."""
    n_bytes: dict[tuple[int, int], int] = defaultdict(int)
    for flow in moved:
        for dst in flow.dsts:
            n_bytes[(flow.src, dst)] += flow.n_bytes
    return [Flow(src, (dst,), n) for (src, dst), n in sorted(n_bytes.items())]


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _pieces(whole: tuple[int, int], parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """An interval cut at every end of the others inside it."""
    inside = {x for part in parts for x in part if whole[0] < x < whole[1]}
    return list(pairwise(sorted({*whole, *inside})))
