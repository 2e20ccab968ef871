"""The ends of a stream: who makes its tokens, who takes them, and what a taker needs of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from ...workloads.graph import Window
from .. import compiled
from ..kernels.arguments import Bools
from ..mapping.assignment import InBlocks, OnTileUnits
from ..mapping.reach import Reach, needs_all
from ..program import I64, Schedule
from .connect import wanted_of
from .context import Context
from .grouping import Firings
from .shares import ALL, Shares, rescaled
from .stage import Stage


@dataclass(frozen=True, eq=False)
class Maker:
    """Who makes a stream, in which order.

    Attributes
    ----------
    last : tuple of int
        The actor that makes the tokens of each stripe.
    held : tuple of Shares
        Of a firing of each.
    in_flight : tuple of int
        Firings of each under way at once.
    stripe_of, index_of : I64, shape (tokens,)
        The stripe of every token, and its firing.
    """

    last: tuple[int, ...]
    held: tuple[Shares, ...]
    in_flight: tuple[int, ...]
    stripe_of: I64
    index_of: I64


@dataclass(frozen=True, eq=False)
class Taker:
    """A stripe that takes a stream.

    Attributes
    ----------
    first : int
        Its actor.
    stage : Stage
    tokens, firing_of : I64, shape (n,)
        The output tokens that it makes, and the firing of each.
    window : Window
        What one of them needs.
    wanted : Shares
        Elements of a token of the stream by tile, of tokens of a firing where several are made at once.
    everything : bool
        Every firing needs all tokens.
    """

    first: int
    stage: Stage
    tokens: I64
    firing_of: I64
    window: Window
    wanted: Shares
    everything: bool


@dataclass(frozen=True, eq=False)
class TokenStream:
    """What one producer sends to consumers that are served together.

    Attributes
    ----------
    src : Stage
    maker : Maker
    takers : list of Taker
    reaches : list of (Reach or None)
        Of the windows of each; None where every firing needs all tokens.
    asked : Bools, shape (takers, tokens)
        The tokens that each needs.
    multicast : bool
        A token is sent to all who want it at once.
    lazy : bool
        Tokens wait with their producer until they are wanted.
    """

    src: Stage
    maker: Maker
    takers: list[Taker]
    reaches: list[Reach | None]
    asked: Bools
    multicast: bool
    lazy: bool


def takers_of(src: Stage, dst: Stage, window: Window) -> list[Taker]:
    """The stripes of a consumer, or its one actor."""
    if dst.parts:
        return [
            Taker(
                part.first,
                dst,
                part.tokens,
                np.arange(len(part.tokens)),
                window,
                part.wanted or _as_held(part.held, dst.elements, src.elements),
                needs_all(window, src.firings.grid, dst.firings.grid),
            )
            for part in dst.parts
        ]
    taking = dst.taken or dst.firings
    everything = taking.barrier > 0 or needs_all(window, src.firings.grid, taking.grid)
    wanted = wanted_of(src, dst)
    if src.parts or src.firings.group.n_tokens == 1:
        wanted = tuple(replace(s, tokens=(0, ALL)) for s in wanted)
    tokens = np.arange(taking.grid.n_tokens)
    return [Taker(dst.first, dst, tokens, _firing_of(taking), window, wanted, everything)]


def _as_held(held: Shares, elements: int, of_input: int) -> Shares:
    """The elements of an input token that go into those of an output token that are held, as they are cut."""
    n = (1, 1)
    return tuple(replace(s, tokens=(0, ALL)) for s in rescaled(held, n, (elements, of_input)))


def _firing_of(firings: Firings) -> I64:
    """The firing after which each token of a stream is there."""
    grid, group = firings.grid, firings.group
    if firings.barrier:
        return np.full(grid.n_tokens, firings.barrier - 1)
    rows, cols = np.divmod(np.arange(grid.n_tokens), grid.cols)
    if firings.folds:
        last: I64 = (rows + 1) * firings.folds - 1
        return last
    found: I64 = rows // group.rows * firings.cols + cols // group.cols
    return found


def maker_of(stage: Stage) -> Maker:
    if stage.parts:
        stripe_of = np.zeros(stage.firings.grid.n_tokens, np.int64)
        index_of = np.zeros_like(stripe_of)
        for i, part in enumerate(stage.parts):
            stripe_of[part.tokens] = i
            index_of[part.tokens] = np.arange(len(part.tokens))
        return Maker(
            tuple(part.last for part in stage.parts),
            tuple(part.held for part in stage.parts),
            tuple(part.in_flight for part in stage.parts),
            stripe_of,
            index_of,
        )
    index_of = _firing_of(stage.firings)
    return Maker((stage.last,), (stage.held,), (stage.in_flight,), np.zeros_like(index_of), index_of)


def sent_together(src: Stage, taker: Taker, takers: list[Taker]) -> tuple[str, ...]:
    """The operators at the ends of a stream that is sent together with others."""
    alone = all(t.stage is taker.stage for t in takers)
    return () if alone else (src.operator, taker.stage.operator)


def schedules(
    context: Context, taker: Taker, reach: Reach | None, queue_of: I64, index_of: I64, length: I64
) -> tuple[list[Schedule], list[Schedule]]:
    """What a consumer needs of some queues, and lets go, firing by firing."""
    if reach is None:
        ends = [Schedule.constant(int(n)) for n in length]
        return ends, [Schedule.constant(0)] * len(ends)
    need, free = compiled.need_and_free(
        taker.tokens,
        taker.firing_of,
        context.builder.n_firings(taker.first),
        reach.out_cols,
        reach.rows,
        reach.cols,
        reach.in_cols,
        queue_of,
        index_of,
        length,
    )
    return [Schedule((0,), row) for row in need], [Schedule((0,), row) for row in free]


def places_of(context: Context, stage: Stage, shares: Shares, n_tokens: int) -> tuple[tuple[int, int], ...]:
    """Bytes by tile of a firing of which so much is wanted, or made, by a stage that works in tiles."""
    a = context.mapping.by_name.get(stage.operator)
    if not isinstance(a, InBlocks | OnTileUnits):
        return ()
    word = context.word_bytes
    found: dict[int, int] = defaultdict(int)
    for s in shares:
        for tile in s.tiles:
            tokens = min(s.tokens[1], n_tokens) - s.tokens[0]
            found[tile] += max(0, tokens) * (s.elements[1] - s.elements[0]) * word
    return tuple(sorted(found.items()))


def token_bytes(context: Context, src: Stage, held: Shares) -> int:
    return ceil(sum(share.size for share in held) * context.word_bytes * src.mean_share)


def stream_name(src: Stage, takers: list[Taker]) -> str:
    return f"{src.operator} -> {' + '.join(dict.fromkeys(t.stage.operator for t in takers))}"
