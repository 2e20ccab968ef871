"""Streams of one token per firing: an actor for every run of tokens that go to the same places."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil

import numpy as np

from ..kernels.arguments import Bools
from ..program import I64, Schedule
from .context import Context
from .ends import TokenStream, places_of, schedules, sent_together, stream_name, token_bytes
from .queues import TokenQueue
from .shares import Flow, flows, unicasts
from .transfers import UNDER_WAY, transfer

Run = tuple[int, tuple[int, ...], I64]
"""A stripe, the takers that its tokens go to, and these tokens."""


@dataclass(frozen=True, eq=False)
class _Moved:
    """The runs of a producer's tokens, and who moves them.

    Attributes
    ----------
    sent : Bools, shape (takers, tokens)
        What has to be brought to each taker.
    runs : list of (stripe, takers, tokens)
    run_of, in_run : I64, shape (tokens,)
        Run and place in it of every token; -1 for none.
    actors : list of int
        Who moves each run; -1 where nothing has to move.
    """

    sent: Bools
    runs: list[Run]
    run_of: I64
    in_run: I64
    actors: list[int]


def in_runs(context: Context, stream: TokenStream) -> list[TokenQueue]:
    """Queues from a producer of one token per firing: an actor for tokens that go to the same places."""
    src, maker, takers = stream.src, stream.maker, stream.takers
    sent = stream.asked & _away(context, stream)[:, maker.stripe_of]
    run_of, in_run, runs = _runs(maker.stripe_of, maker.index_of, sent)
    moved = _Moved(sent, runs, run_of, in_run, [])
    queues: list[TokenQueue] = []
    names = _numbered([stream_name(src, [takers[i] for i in members]) for _, members, _ in runs])
    for name, run in zip(names, runs, strict=True):
        queue = _moving(context, stream, name, run)
        moved.actors.append(-1 if queue is None else queue.dst)
        if queue is not None:
            queues.append(queue)
    for i in range(len(takers)):
        queues += _taking(context, stream, i, moved)
    return queues


def _away(context: Context, stream: TokenStream) -> Bools:
    """Whether tokens of a stripe have to be brought to a taker, shape (takers, stripes)."""
    maker, takers = stream.maker, stream.takers
    pairs = np.zeros((len(takers), len(maker.last)), np.bool_)
    for i in range(len(takers)):
        pairs[i, maker.stripe_of[stream.asked[i]]] = True
    away = np.zeros_like(pairs)
    for i, stripe in np.argwhere(pairs).tolist():
        away[i, stripe] = bool(flows(maker.held[stripe], takers[i].wanted, context.word_bytes))
    return away


def _moving(context: Context, stream: TokenStream, name: str, run: Run) -> TokenQueue | None:
    """From a stripe to the actor that moves a run of its tokens; None where nothing has to move."""
    src, maker, (stripe, members, tokens) = stream.src, stream.maker, run
    those = [stream.takers[i] for i in members]
    held = maker.held[stripe]
    moved = flows(held, tuple(s for t in those for s in t.wanted), context.word_bytes)
    moved = [Flow(f.src, f.dsts, ceil(f.n_bytes * src.mean_share)) for f in moved]
    layer = those[0].stage.operator
    moved = moved if stream.multicast else unicasts(moved)
    actor = transfer(context, name, layer, len(tokens), moved, stream=src.operator)
    if actor is None:
        return None
    ends, of_stripe = maker.index_of[tokens] + 1, int(np.sum(maker.stripe_of == stripe))
    return TokenQueue(
        maker.last[stripe],
        actor,
        Schedule((0,), ends),
        Schedule((0,), np.append(ends[1:] - 1, of_stripe)),
        maker.in_flight[stripe],
        token_bytes(context, src, held),
        places_of(context, src, held, 1),
        relayed=True,
        lazy=stream.lazy,
    )


def _taking(context: Context, stream: TokenStream, i: int, moved: _Moved) -> list[TokenQueue]:
    """To one taker: from stripes in its own tiles, and from the actors of runs."""
    src, maker, taker, reach = stream.src, stream.maker, stream.takers[i], stream.reaches[i]
    n_stripes, n_tokens = len(maker.last), stream.asked.shape[1]
    mine = np.flatnonzero(stream.asked[i])
    unsent = [r for r, actor in enumerate(moved.actors) if actor < 0]
    direct = ~moved.sent[i, mine] | np.isin(moved.run_of[mine], unsent)
    found, local = np.unique(
        np.where(direct, maker.stripe_of[mine], n_stripes + moved.run_of[mine]), return_inverse=True
    )
    queue_of, index_of = np.full(n_tokens, -1, np.int64), np.zeros(n_tokens, np.int64)
    queue_of[mine] = local
    index_of[mine] = np.where(direct, maker.index_of[mine], moved.in_run[mine])
    lengths = [
        *np.bincount(maker.stripe_of, minlength=n_stripes).tolist(),
        *(len(tokens) for _, _, tokens in moved.runs),
    ]
    length = np.array([lengths[q] for q in found.tolist()], np.int64)
    needs, frees = schedules(context, taker, reach, queue_of, index_of, length)
    places = places_of(context, taker.stage, taker.wanted, 1)
    queues = []
    for at, (q, need, free) in enumerate(zip(found.tolist(), needs, frees, strict=True)):
        of_run = q >= n_stripes
        stripe = moved.runs[q - n_stripes][0] if of_run else q
        kept = 1.0 if of_run else _kept(np.sort(maker.index_of[mine[direct & (local == at)]]), lengths[q])
        queues.append(
            TokenQueue(
                moved.actors[q - n_stripes] if of_run else maker.last[stripe],
                taker.first,
                need,
                free,
                UNDER_WAY if of_run else maker.in_flight[stripe],
                ceil(kept * token_bytes(context, src, maker.held[stripe])),
                tuple((tile, ceil(kept * n)) for tile, n in places),
                stream=sent_together(src, taker, stream.takers) if of_run else (),
                lazy=stream.lazy and of_run,
            )
        )
    return queues


def _kept(asked: I64, n: int) -> float:
    """The share of a stripe's n tokens that are kept for one who takes them where they are made.

    Who asks for the last k alone has no byte of the others: of the first ``n - k + j`` tokens, j are kept,
    which is at most their ``k / n``.
    """
    return len(asked) / n if asked[0] == n - len(asked) else 1.0


def _runs(stripe_of: I64, index_of: I64, sent: Bools) -> tuple[I64, I64, list[Run]]:
    """Tokens of one stripe that go to the same consumers: run and place in it of each token, and the runs.

    A run is its stripe, its consumers, and its tokens in order; tokens that go nowhere are in none (-1). The
    first token of a stripe goes with every run, so that a run which begins late holds nothing up: it lets go
    of all that is not its own.
    """
    n = len(stripe_of)
    keys = np.concatenate(
        [stripe_of[:, None].view(np.uint8).reshape(n, 8), np.packbits(sent, axis=0).T], axis=1
    )
    rows = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, first, group = np.unique(rows, return_index=True, return_inverse=True)
    run_of, in_run = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    runs: list[Run] = []
    order = np.argsort(group, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(group))])
    for g in np.argsort(first, kind="stable").tolist():
        members = tuple(np.flatnonzero(sent[:, first[g]]).tolist())
        if not members:
            continue
        tokens, stripe = order[bounds[g] : bounds[g + 1]], int(stripe_of[first[g]])
        tokens = tokens[np.argsort(index_of[tokens])]
        before = np.flatnonzero((stripe_of == stripe) & (index_of == 0))[:1]
        more = int(before[0] != tokens[0])
        run_of[tokens], in_run[tokens] = len(runs), np.arange(len(tokens)) + more
        runs.append((stripe, members, np.concatenate([before, tokens]) if more else tokens))
    return run_of, in_run, runs


def _numbered(names: list[str]) -> list[str]:
    """Names of runs, those that several have with a number, from 0.

    Examples
    --------
    >>> _numbered(["a -> b", "a -> c", "a -> b"])
    ['a -> b (0)', 'a -> c', 'a -> b (1)']
    """
    several, next_of = Counter(names), Counter[str]()
    numbered = []
    for name in names:
        numbered.append(f"{name} ({next_of[name]})" if several[name] > 1 else name)
        next_of[name] += 1
    return numbered
