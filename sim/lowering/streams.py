"""Channels between stages of stripes: every stripe gets its own columns of its inputs, and their halo.

A producer's tokens are sorted by who wants them: those that go to the same stripes are a *run*, moved by one
actor, each token once, by one multicast. What a stripe has in its own tile it takes from there. A producer
that makes several tokens per firing (a line of the network's input) sends each consumer its part of all of
them at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from ...workloads.graph import Grid, Window
from ..kernels import stripes as kernel
from ..kernels.stripes import Bools
from ..mapping.assignment import HOST, InBlocks, OnTileUnits
from ..program import I64, Schedule
from .apart import Apart, settled
from .connect import feed_back, firing_bytes, handed_on_by, per_firing, wanted_of
from .context import Context
from .grouping import Firings
from .queues import HostQueue
from .rooms import add_channels
from .shares import ALL, Flow, Share, Shares, flows, rescaled, tiles_of, unicasts
from .stage import Stage
from .transfers import transfer

UNDER_WAY = 4
"""Tokens of a transfer on their way at once."""


@dataclass(frozen=True, eq=False)
class _Maker:
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
class _Taker:
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


def connect(context: Context, stages: dict[str, Stage], outputs: dict[str, str], *, multicast: bool) -> None:
    """Add every channel and transfer of the network.

    Parameters
    ----------
    stages : dict of operator (or output) name to Stage
    outputs : dict of output stage to the operator it takes
    multicast : bool
        Send a token to all who want it at once, along a tree; else to each tile by itself.
    """
    takers: dict[str, list[_Taker]] = defaultdict(list)
    network = context.mapping.network
    for operator in network.operators:
        for port in dict.fromkeys(operator.inputs):
            src = handed_on_by(network, operator, network.producer(port.tensor)).name
            takers[src] += _takers(stages[src], stages[operator.name], port.window)
    for sink, src in outputs.items():
        takers[src] += _takers(stages[src], stages[sink], Window())
    add_channels(context, settled(context, lambda apart: _queues(context, stages, takers, apart, multicast)))
    for stage in stages.values():
        if stage.feedback:
            feed_back(context, stage, stages, multicast)


def _queues(
    context: Context,
    stages: dict[str, Stage],
    takers: dict[str, list[_Taker]],
    apart: Apart,
    multicast: bool,
) -> list[HostQueue]:
    """All queues, with the transfers between them; streams of `apart` are sent by themselves, when wanted.

    Those of operators in the same tiles are one.
    """
    queues: list[HostQueue] = []
    for name, stage in stages.items():
        groups: dict[str | tuple[int, ...], list[_Taker]] = defaultdict(list)
        for taker in takers.get(name, []):
            operator = taker.stage.operator
            alone = (name, operator) in apart
            tiles = context.mapping.of(operator).tiles if alone else ()
            groups[operator if not multicast else tiles].append(taker)
        for key, group in groups.items():
            lazy = HOST in tiles_of(stage.held) or (isinstance(key, tuple) and key != ())
            queues += _distribute(context, stage, group, multicast, lazy)
    return queues


def _takers(src: Stage, dst: Stage, window: Window) -> list[_Taker]:
    """The stripes of a consumer, or its one actor."""
    if dst.parts:
        return [
            _Taker(
                part.first,
                dst,
                part.tokens,
                np.arange(len(part.tokens)),
                window,
                part.wanted or _as_held(part.held, dst.elements, src.elements),
                _needs_all(window, src.firings.grid, dst.firings.grid),
            )
            for part in dst.parts
        ]
    taking = dst.taken or dst.firings
    everything = taking.barrier > 0 or _needs_all(window, src.firings.grid, taking.grid)
    wanted = wanted_of(src, dst)
    if src.parts or src.firings.group.n_tokens == 1:
        wanted = tuple(replace(s, tokens=(0, ALL)) for s in wanted)
    tokens = np.arange(taking.grid.n_tokens)
    return [_Taker(dst.first, dst, tokens, _firing_of(taking), window, wanted, everything)]


def _as_held(held: Shares, elements: int, of_input: int) -> Shares:
    """The elements of an input token that go into those of an output token that are held, as they are cut."""
    n = (1, 1)
    return tuple(replace(s, tokens=(0, ALL)) for s in rescaled(held, n, (elements, of_input)))


def _needs_all(window: Window, made: Grid, used: Grid) -> bool:
    """Whether every output token needs all input tokens."""
    if window.kind == "all":
        return True
    return window.kind in ("same", "prefix") and (made.n_tokens == 1 or made.n_tokens != used.n_tokens)


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


def _maker(stage: Stage) -> _Maker:
    if stage.parts:
        stripe_of = np.zeros(stage.firings.grid.n_tokens, np.int64)
        index_of = np.zeros_like(stripe_of)
        for i, part in enumerate(stage.parts):
            stripe_of[part.tokens] = i
            index_of[part.tokens] = np.arange(len(part.tokens))
        return _Maker(
            tuple(part.last for part in stage.parts),
            tuple(part.held for part in stage.parts),
            tuple(part.in_flight for part in stage.parts),
            stripe_of,
            index_of,
        )
    index_of = _firing_of(stage.firings)
    return _Maker((stage.last,), (stage.held,), (stage.in_flight,), np.zeros_like(index_of), index_of)


@dataclass(frozen=True, eq=False)
class _Reach:
    """Which rows and columns of the input the windows of each row and column of the output cover."""

    in_cols: int
    out_cols: int
    rows: I64
    cols: I64

    @staticmethod
    def of(window: Window, made: Grid, used: Grid) -> _Reach:
        if window.kind in ("same", "prefix", "routed") and not (window.kind == "same" and made == used):
            n = np.arange(used.n_tokens)
            last = n
            first = np.zeros_like(n) if window.kind == "prefix" else n
            if window.kind == "routed":
                ends = np.minimum(np.array(window.ends, np.int64), made.n_tokens)
                first, last = np.concatenate([[0], ends[:-1]]), ends - 1
            return _Reach(made.n_tokens, used.n_tokens, np.zeros((2, 1), np.int64), np.array([first, last]))
        if window.kind == "same":
            window = Window("window")
        sizes = (made.rows, made.cols)
        spans = [
            window.spans(axis, np.arange(n), sizes[axis]) for axis, n in enumerate((used.rows, used.cols))
        ]
        return _Reach(made.cols, used.cols, spans[0], spans[1])


def _distribute(
    context: Context, src: Stage, takers: list[_Taker], multicast: bool, lazy: bool
) -> list[HostQueue]:
    """Queues from one producer to all its consumers, and the transfers in between."""
    if src.in_place:
        return [_whole(src, taker) for taker in takers]
    made = src.firings.grid
    seen = {(t.window, t.stage.firings.grid) for t in takers if not t.everything}
    found = {(window, used): _Reach.of(window, made, used) for window, used in seen}
    reaches = [None if t.everything else found[t.window, t.stage.firings.grid] for t in takers]
    asked = np.zeros((len(takers), src.firings.grid.n_tokens), np.bool_)
    for i, (taker, reach) in enumerate(zip(takers, reaches, strict=True)):
        if reach is None:
            asked[i] = True
        else:
            kernel.mark(taker.tokens, reach.out_cols, reach.rows, reach.cols, reach.in_cols, asked[i])
    if not src.parts and (src.firings.barrier or src.firings.folds or src.firings.group.n_tokens > 1):
        return _at_once(context, src, takers, reaches, asked, multicast, lazy)
    return _in_runs(context, src, takers, reaches, asked, multicast, lazy)


def _whole(src: Stage, taker: _Taker) -> HostQueue:
    """An output that lies where it is used."""
    n = src.firings.n
    return HostQueue(src.last, taker.first, Schedule.constant(n), Schedule.constant(0), 0, 0, whole=True)


def _at_once(
    context: Context,
    src: Stage,
    takers: list[_Taker],
    reaches: list[_Reach | None],
    asked: Bools,
    multicast: bool,
    lazy: bool,
) -> list[HostQueue]:
    """From a producer of several tokens per firing, by one actor."""
    maker = _maker(src)
    word = context.word_bytes
    wanted = [_of_firing(src, taker, asked[i]) for i, taker in enumerate(takers)]
    away = [bool(flows(src.held, w, word)) for w in wanted]
    n_bytes = firing_bytes(context, src)
    moved = None
    queues: list[HostQueue] = []
    if any(away):
        together = tuple(s for w, goes in zip(wanted, away, strict=True) if goes for s in w)
        sent = per_firing(src, flows(src.held, together, word))
        name = _name(src, [t for t, goes in zip(takers, away, strict=True) if goes])
        layer = next(t.stage.operator for t, goes in zip(takers, away, strict=True) if goes)
        sent = sent if multicast else unicasts(sent)
        moved = transfer(context, name, layer, src.firings.n, sent, stream=src.operator)
    if moved is not None:
        every = Schedule.affine(1, 1, src.firings.n)
        queues.append(
            HostQueue(src.last, moved, every, every, src.in_flight, n_bytes, relayed=True, lazy=lazy)
        )
    for taker, reach, goes, shares in zip(takers, reaches, away, wanted, strict=True):
        actor = moved if goes and moved is not None else src.last
        needs, frees = _schedules(
            context, taker, reach, maker.stripe_of, maker.index_of, np.array([src.firings.n], np.int64)
        )
        under_way = src.in_flight if actor == src.last else UNDER_WAY
        places = _places(context, taker.stage, shares, src.firings.group.n_tokens)
        if src.firings.barrier:  # a firing is a fold of all tokens
            places = tuple((tile, ceil(n / src.firings.barrier)) for tile, n in places)
        stream = _stream(src, taker, takers) if actor == moved else ()
        queues.append(
            HostQueue(
                actor,
                taker.first,
                needs[0],
                frees[0],
                under_way,
                n_bytes,
                places,
                stream=stream,
                lazy=lazy and actor == moved,
            )
        )
    return queues


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


def _of_firing(src: Stage, taker: _Taker, asked: Bools) -> Shares:
    """What a consumer wants of a firing: of the positions in it that it asks for in any of them."""
    if not taker.stage.parts or src.firings.barrier or src.firings.folds:
        return taker.wanted
    grid, group = src.firings.grid, src.firings.group
    rows, cols = np.divmod(np.flatnonzero(asked), grid.cols)
    at = np.unique(rows % group.rows * group.cols + cols % group.cols)
    cuts = np.flatnonzero(np.diff(at) > 1)
    begins = at[np.concatenate([[0], cuts + 1])].tolist()
    ends = (at[np.concatenate([cuts, [len(at) - 1]])] + 1).tolist()
    return tuple(
        Share((begin, end), s.elements, s.tiles)
        for begin, end in zip(begins, ends, strict=True)
        for s in taker.wanted
    )


def _in_runs(
    context: Context,
    src: Stage,
    takers: list[_Taker],
    reaches: list[_Reach | None],
    asked: Bools,
    multicast: bool,
    lazy: bool,
) -> list[HostQueue]:
    """From a producer of one token per firing: an actor for tokens that go to the same places."""
    maker, word = _maker(src), context.word_bytes
    n_stripes = len(maker.last)
    pairs = np.zeros((len(takers), n_stripes), np.bool_)
    for i in range(len(takers)):
        pairs[i, maker.stripe_of[asked[i]]] = True
    away = np.zeros_like(pairs)
    for i, stripe in np.argwhere(pairs).tolist():
        away[i, stripe] = bool(flows(maker.held[stripe], takers[i].wanted, word))
    sent = asked & away[:, maker.stripe_of]
    run_of, in_run, runs = _runs(maker.stripe_of, maker.index_of, sent)
    lengths = np.bincount(maker.stripe_of, minlength=n_stripes)
    queues: list[HostQueue] = []
    actors: list[int] = []
    names = _numbered([_name(src, [takers[i] for i in members]) for _, members, _ in runs])
    for name, (stripe, members, tokens) in zip(names, runs, strict=True):
        held = maker.held[stripe]
        those = [takers[i] for i in members]
        moved = flows(held, tuple(s for t in those for s in t.wanted), word)
        moved = [Flow(f.src, f.dsts, ceil(f.n_bytes * src.mean_share)) for f in moved]
        layer = those[0].stage.operator
        moved = moved if multicast else unicasts(moved)
        actor = transfer(context, name, layer, len(tokens), moved, stream=src.operator)
        if actor is None:
            actors.append(-1)
            continue
        actors.append(actor)
        ends = maker.index_of[tokens] + 1
        n_bytes = _token_bytes(context, src, held)
        need = Schedule((0,), ends)
        free = Schedule((0,), np.append(ends[1:] - 1, lengths[stripe]))
        places = _places(context, src, held, 1)
        queues.append(
            HostQueue(
                maker.last[stripe],
                actor,
                need,
                free,
                maker.in_flight[stripe],
                n_bytes,
                places,
                relayed=True,
                lazy=lazy,
            )
        )
    unsent = {r for r, actor in enumerate(actors) if actor < 0}
    run_lengths = np.array([len(tokens) for _, _, tokens in runs], np.int64)
    for i, (taker, reach) in enumerate(zip(takers, reaches, strict=True)):
        mine = np.flatnonzero(asked[i])
        direct = ~sent[i, mine]
        if unsent:
            direct |= np.isin(run_of[mine], list(unsent))
        queue = np.where(direct, maker.stripe_of[mine], n_stripes + run_of[mine])
        found, local = np.unique(queue, return_inverse=True)
        queue_of = np.full(asked.shape[1], -1, np.int64)
        queue_of[mine] = local
        index_of = np.zeros(asked.shape[1], np.int64)
        index_of[mine] = np.where(direct, maker.index_of[mine], in_run[mine])
        length = np.array(
            [lengths[q] if q < n_stripes else run_lengths[q - n_stripes] for q in found.tolist()], np.int64
        )
        needs, frees = _schedules(context, taker, reach, queue_of, index_of, length)
        places = _places(context, taker.stage, taker.wanted, 1)
        for j, q in enumerate(found.tolist()):
            stripe = q if q < n_stripes else runs[q - n_stripes][0]
            actor = maker.last[stripe] if q < n_stripes else actors[q - n_stripes]
            under_way = maker.in_flight[stripe] if q < n_stripes else UNDER_WAY
            n_bytes = _token_bytes(context, src, maker.held[stripe])
            queues.append(
                HostQueue(
                    actor,
                    taker.first,
                    needs[j],
                    frees[j],
                    under_way,
                    n_bytes,
                    places,
                    stream=() if q < n_stripes else _stream(src, taker, takers),
                    lazy=lazy and q >= n_stripes,
                )
            )
    return queues


def _stream(src: Stage, taker: _Taker, takers: list[_Taker]) -> tuple[str, ...]:
    """The operators at the ends of a stream that is sent together with others."""
    alone = all(t.stage is taker.stage for t in takers)
    return () if alone else (src.operator, taker.stage.operator)


def _runs(
    stripe_of: I64, index_of: I64, sent: Bools
) -> tuple[I64, I64, list[tuple[int, tuple[int, ...], I64]]]:
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
    runs: list[tuple[int, tuple[int, ...], I64]] = []
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


def _schedules(
    context: Context, taker: _Taker, reach: _Reach | None, queue_of: I64, index_of: I64, length: I64
) -> tuple[list[Schedule], list[Schedule]]:
    """What a consumer needs of some queues, and lets go, firing by firing."""
    if reach is None:
        ends = [Schedule.constant(int(n)) for n in length]
        return ends, [Schedule.constant(0)] * len(ends)
    need, free = kernel.need_and_free(
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


def _places(context: Context, stage: Stage, shares: Shares, n_tokens: int) -> tuple[tuple[int, int], ...]:
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


def _token_bytes(context: Context, src: Stage, held: Shares) -> int:
    return ceil(sum(share.size for share in held) * context.word_bytes * src.mean_share)


def _name(src: Stage, takers: list[_Taker]) -> str:
    return f"{src.operator} -> {' + '.join(dict.fromkeys(t.stage.operator for t in takers))}"
