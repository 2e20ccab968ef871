"""Channels between stages of stripes: every stripe gets its own columns of its inputs, and their halo.

A producer's tokens are sorted by who wants them: those that go to the same stripes are a *run*, moved by one
actor, each token once, by one multicast. What a stripe has in its own tile it takes from there. A producer
that makes several tokens per firing (a line of the network's input) sends each consumer its part of all of
them at once.
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil

import numpy as np

from ...workloads.graph import Window
from .. import compiled
from ..kernels.arguments import Bools
from ..mapping.assignment import HOST
from ..mapping.reach import Reach
from ..program import Schedule
from .apart import Apart, settled
from .connect import feed_back, firing_bytes, handed_on_by, per_firing
from .context import Context
from .ends import (
    Taker,
    TokenStream,
    maker_of,
    places_of,
    schedules,
    sent_together,
    stream_name,
    takers_of,
)
from .queues import TokenQueue
from .rooms import add_channels
from .runs import in_runs
from .shares import Share, Shares, flows, tiles_of, unicasts
from .stage import Stage
from .transfers import UNDER_WAY, transfer


def connect(context: Context, stages: dict[str, Stage], outputs: dict[str, str], *, multicast: bool) -> None:
    """Add every channel and transfer of the network.

    Parameters
    ----------
    stages : dict of operator (or output) name to Stage
    outputs : dict of output stage to the operator it takes
    multicast : bool
        Send a token to all who want it at once, along a tree; else to each tile by itself.
    """
    takers: dict[str, list[Taker]] = defaultdict(list)
    network = context.mapping.network
    for operator in network.operators:
        for port in dict.fromkeys(operator.inputs):
            src = handed_on_by(network, operator, network.producer(port.tensor)).name
            takers[src] += takers_of(stages[src], stages[operator.name], port.window)
    for sink, src in outputs.items():
        takers[src] += takers_of(stages[src], stages[sink], Window())
    add_channels(context, settled(context, lambda apart: _queues(context, stages, takers, apart, multicast)))
    for stage in stages.values():
        if stage.feedback:
            feed_back(context, stage, stages, multicast)


def _queues(
    context: Context,
    stages: dict[str, Stage],
    takers: dict[str, list[Taker]],
    apart: Apart,
    multicast: bool,
) -> list[TokenQueue]:
    """All queues, with the transfers between them; streams of `apart` are sent by themselves, when wanted.

    Those of operators in the same tiles are one.
    """
    queues: list[TokenQueue] = []
    for name, stage in stages.items():
        groups: dict[str | tuple[int, ...], list[Taker]] = defaultdict(list)
        for taker in takers.get(name, []):
            operator = taker.stage.operator
            alone = (name, operator) in apart
            tiles = context.mapping.of(operator).tiles if alone else ()
            groups[operator if not multicast else tiles].append(taker)
        for key, group in groups.items():
            lazy = HOST in tiles_of(stage.held) or (isinstance(key, tuple) and key != ())
            queues += _distribute(context, stage, group, multicast, lazy)
    return queues


def _distribute(
    context: Context, src: Stage, takers: list[Taker], multicast: bool, lazy: bool
) -> list[TokenQueue]:
    """Queues from one producer to all its consumers, and the transfers in between."""
    if src.in_place:
        return [_whole(src, taker) for taker in takers]
    made = src.firings.grid
    seen = {(t.window, t.stage.firings.grid) for t in takers if not t.everything}
    found = {(window, used): Reach.of(window, made, used) for window, used in seen}
    reaches = [None if t.everything else found[t.window, t.stage.firings.grid] for t in takers]
    asked = np.zeros((len(takers), src.firings.grid.n_tokens), np.bool_)
    for i, (taker, reach) in enumerate(zip(takers, reaches, strict=True)):
        if reach is None:
            asked[i] = True
        else:
            compiled.mark(taker.tokens, reach.out_cols, reach.rows, reach.cols, reach.in_cols, asked[i])
    stream = TokenStream(src, maker_of(src), takers, reaches, asked, multicast, lazy)
    if not src.parts and (src.firings.barrier or src.firings.folds or src.firings.group.n_tokens > 1):
        return _at_once(context, stream)
    return in_runs(context, stream)


def _whole(src: Stage, taker: Taker) -> TokenQueue:
    """An output that lies where it is used."""
    n = src.firings.n
    return TokenQueue(src.last, taker.first, Schedule.constant(n), Schedule.constant(0), 0, 0, whole=True)


def _at_once(context: Context, stream: TokenStream) -> list[TokenQueue]:
    """From a producer of several tokens per firing, by one actor."""
    src, maker, takers, lazy = stream.src, stream.maker, stream.takers, stream.lazy
    word = context.word_bytes
    wanted = [_of_firing(src, taker, asked) for taker, asked in zip(takers, stream.asked, strict=True)]
    away = [bool(flows(src.held, w, word)) for w in wanted]
    n_bytes = firing_bytes(context, src)
    moved = None
    queues: list[TokenQueue] = []
    if any(away):
        together = tuple(s for w, goes in zip(wanted, away, strict=True) if goes for s in w)
        sent = per_firing(src, flows(src.held, together, word))
        name = stream_name(src, [t for t, goes in zip(takers, away, strict=True) if goes])
        layer = next(t.stage.operator for t, goes in zip(takers, away, strict=True) if goes)
        sent = sent if stream.multicast else unicasts(sent)
        moved = transfer(context, name, layer, src.firings.n, sent, stream=src.operator)
    if moved is not None:
        every = Schedule.affine(1, 1, src.firings.n)
        queues.append(
            TokenQueue(src.last, moved, every, every, src.in_flight, n_bytes, relayed=True, lazy=lazy)
        )
    for taker, reach, goes, shares in zip(takers, stream.reaches, away, wanted, strict=True):
        actor = moved if goes and moved is not None else src.last
        needs, frees = schedules(
            context, taker, reach, maker.stripe_of, maker.index_of, np.array([src.firings.n], np.int64)
        )
        under_way = src.in_flight if actor == src.last else UNDER_WAY
        places = places_of(context, taker.stage, shares, src.firings.group.n_tokens)
        if src.firings.barrier:  # a firing is a fold of all tokens
            places = tuple((tile, ceil(n / src.firings.barrier)) for tile, n in places)
        queues.append(
            TokenQueue(
                actor,
                taker.first,
                needs[0],
                frees[0],
                under_way,
                n_bytes,
                places,
                stream=sent_together(src, taker, takers) if actor == moved else (),
                lazy=lazy and actor == moved,
            )
        )
    return queues


def _of_firing(src: Stage, taker: Taker, asked: Bools) -> Shares:
    """What a consumer wants of a firing: of the positions in it that it asks for in any of them."""
    if not taker.stage.parts or src.firings.barrier or src.firings.folds:
        return taker.wanted
    grid, group = src.firings.grid, src.firings.group
    rows, cols = np.divmod(np.flatnonzero(asked), grid.cols)
    at = np.flatnonzero(np.bincount(rows % group.rows * group.cols + cols % group.cols))
    cuts = np.flatnonzero(np.diff(at) > 1)
    begins = at[np.concatenate([[0], cuts + 1])].tolist()
    ends = (at[np.concatenate([cuts, [len(at) - 1]])] + 1).tolist()
    return tuple(
        Share((begin, end), s.elements, s.tiles)
        for begin, end in zip(begins, ends, strict=True)
        for s in taker.wanted
    )
