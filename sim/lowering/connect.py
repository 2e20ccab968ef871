"""Channels between stages, through the interconnect wherever a stream changes its place."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import ceil

from ...workloads.graph import Network, Operator
from ..mapping.kv_cache import CACHE_APPEND
from ..program import Schedule
from .capacity import Edge, required_capacity
from .context import Context
from .grouping import need_and_free
from .shares import ALL, Flow, Shares, even, flows, rescaled, tiles_of, unicasts
from .stage import Stage
from .swap import through_memory
from .training import kept_firings
from .transfers import transfer


def connect(
    context: Context, stages: dict[str, Stage], outputs: dict[str, str], *, multicast: bool = True
) -> None:
    """Add every channel and transfer of the network.

    Parameters
    ----------
    stages : dict of operator (or output) name to Stage
    outputs : dict of output stage to the operator it takes
    multicast : bool
        Send a stream with several consumers once, along a tree; else every tile that wants it gets a copy of
        its own.
    """
    edges = _edges(context, stages, outputs)
    rooms = _kept_whole(context, stages, edges, _rooms(stages, edges))
    inputs = Counter(t for edge in edges for t in _tiles(context, edge.dst))
    streams: dict[str, list[_Stream]] = defaultdict(list)
    for edge, room in zip(edges, rooms, strict=True):
        src, dst = stages[edge.src], stages[edge.dst]
        wanted = wanted_of(src, dst)
        kept = src.firings.n if src.in_place else kept_firings(context, src)
        kept = kept or _buffered(context, src, edge.dst, wanted, inputs)
        stream = _Stream(dst, edge, max(room, kept), wanted)
        streams[edge.src if multicast else f"{edge.src} {edge.dst}"].append(stream)
    for together in streams.values():
        _distribute(context, stages[together[0].edge.src], together, multicast)
    for stage in stages.values():
        if stage.feedback:
            feed_back(context, stage, stages, multicast)


@dataclass(frozen=True)
class _Stream:
    """One edge of the network: the consumer, what it needs when, room for it, and what it wants where."""

    dst: Stage
    edge: Edge
    room: int
    wanted: Shares


def _edges(context: Context, stages: dict[str, Stage], outputs: dict[str, str]) -> list[Edge]:
    """Every stream from stage to stage, in the order of the network."""
    network = context.mapping.network
    edges: list[Edge] = []
    for operator in network.operators:
        taking = stages[operator.name].taken or stages[operator.name].firings
        for port in dict.fromkeys(operator.inputs):
            src = handed_on_by(network, operator, network.producer(port.tensor)).name
            need, free = need_and_free(port.window, stages[src].firings, taking)
            edges.append(Edge(src, operator.name, need, free))
    for sink, src in outputs.items():
        every = Schedule.affine(1, 1, stages[src].firings.n)
        edges.append(Edge(src, sink, every, every))
    return edges


def handed_on_by(network: Network, operator: Operator, maker: Operator) -> Operator:
    """Who a product gets the newest keys from: from whoever made them, not by way of the cache.

    They are on their way to the cache at the same time; only the tokens after wait for them to be there.
    """
    if operator.product is not None and operator.product.cached and maker.op == CACHE_APPEND:
        return network.producer(maker.inputs[0].tensor)
    return maker


def _rooms(stages: dict[str, Stage], edges: list[Edge]) -> list[int]:
    """Room that each stream needs so that no join starves.

    A stage whose inputs are taken by another actor than makes its output is two nodes here, the second
    waiting for all of the first.
    """
    firings: dict[str, int] = {}
    inner: list[Edge] = []
    for name, stage in stages.items():
        firings[name] = stage.firings.n
        if stage.taken is not None and stage.first != stage.last:
            firings[f"{name}/in"] = stage.taken.n
            inner.append(Edge(f"{name}/in", name, Schedule.constant(stage.taken.n), Schedule.constant(0)))
    outer = [Edge(e.src, f"{e.dst}/in" if f"{e.dst}/in" in firings else e.dst, e.need, e.free) for e in edges]
    return required_capacity(outer + inner, firings)[: len(edges)]


def _kept_whole(context: Context, stages: dict[str, Stage], edges: list[Edge], rooms: list[int]) -> list[int]:
    """Room for all that one segment of layers makes for a later one, where it waits in buffers."""
    if not context.in_segments or context.waiting.in_memory:
        return rooms
    return [
        max(room, stages[e.src].firings.n) if context.waiting.between(e.src, e.dst) else room
        for e, room in zip(edges, rooms, strict=True)
    ]


def _tiles(context: Context, name: str) -> tuple[int, ...]:
    index = context.mapping.by_name
    return index[name].tiles if name in index else ()


def _buffered(context: Context, src: Stage, dst: str, wanted: Shares, inputs: Counter[int]) -> int:
    """Firings of the producer that fit into the consumer's part of its tile buffers, at most all of them.

    Every stream that a tile takes in has an equal part of its buffer; the tile that wants most of a firing
    decides.
    """
    tiles = _tiles(context, dst)
    if not tiles or not wanted or context.chip.tile is None:
        return src.firings.n
    whole = (0, src.firings.group.n_tokens)
    n_bytes: Counter[int] = Counter()
    for share in wanted:
        tokens = min(share.tokens[1], whole[1]) - share.tokens[0]
        for tile in share.tiles:
            n_bytes[tile] += max(0, tokens) * (share.elements[1] - share.elements[0]) * context.word_bytes
    capacity = context.chip.tile.buffer.capacity_bytes
    return max(1, min(src.firings.n, *(capacity // inputs[t] // max(1, n) for t, n in n_bytes.items())))


def firing_bytes(context: Context, src: Stage) -> int:
    """Bytes that one firing makes."""
    if src.firings.barrier:
        whole = src.elements * src.firings.grid.n_tokens * src.firings.samples * context.word_bytes
        return int(whole * src.mean_share) // src.firings.barrier
    return ceil(sum(share.size for share in src.held) * context.word_bytes * src.mean_share)


def _distribute(context: Context, src: Stage, streams: list[_Stream], multicast: bool) -> None:
    """Channels from one producer to consumers in the same place, and by one multicast to all the others."""
    n, n_bytes = src.firings.n, firing_bytes(context, src)
    away = []
    for stream in streams:
        if not src.in_place and flows(src.held, stream.wanted, context.word_bytes):
            away.append(stream)
        else:
            _channel(context, src.last, stream, 0 if src.in_place else src.in_flight, n_bytes)
    if not away:
        return
    name = f"{src.operator} -> {' + '.join(dict.fromkeys(s.dst.operator for s in away))}"
    wanted = tuple(share for stream in away for share in stream.wanted)
    sent = per_firing(src, flows(src.held, wanted, context.word_bytes))
    moved = transfer(context, name, away[0].dst.operator, n, sent if multicast else unicasts(sent))
    if moved is not None:
        every = Schedule.affine(1, 1, n)
        context.builder.channel(src.last, moved, 2 + src.in_flight, every, bytes_per_token=n_bytes)
    for stream in away:
        slack = src.in_flight if moved is None else 4
        _channel(context, src.last if moved is None else moved, stream, slack, n_bytes)


def _channel(context: Context, src: int, stream: _Stream, slack: int, n_bytes: int) -> None:
    """The channel into a consumer, with its room and what is under way."""
    edge = stream.edge
    between = context.in_segments and context.waiting.between(edge.src, edge.dst)
    if between and context.waiting.in_memory:
        src = through_memory(context, src, edge, stream.dst, n_bytes)
    context.builder.channel(
        src, stream.dst.first, stream.room + slack, edge.need, edge.free, bytes_per_token=n_bytes
    )


def per_firing(src: Stage, moved: list[Flow]) -> list[Flow]:
    """Flows of one group of mean tokens, spread over the folds of a MAC array where those are what fires."""
    moved = [Flow(f.src, f.dsts, ceil(f.n_bytes * src.mean_share)) for f in moved]
    if not src.firings.barrier:
        return moved
    groups = src.firings.rows * src.firings.cols * src.firings.samples
    return [Flow(f.src, f.dsts, -(-f.n_bytes * groups // src.firings.barrier)) for f in moved]


def wanted_of(src: Stage, dst: Stage) -> Shares:
    """What the consumer wants of one firing of the producer: its own tokens if both are grouped alike."""
    alike = (
        src.firings.grid == dst.firings.grid and src.firings.group == dst.firings.group and dst.taken is None
    )
    if src.operator in dst.wanted_from:
        return dst.wanted_from[src.operator][0 if alike else 1]
    if dst.wanted is not None and dst.wanted_all is not None:
        return dst.wanted if alike else dst.wanted_all
    n = src.firings.group.n_tokens
    if alike:
        return rescaled(dst.held, (n, n), (dst.elements, src.elements))
    return even(ALL, src.elements, tiles_of(dst.held))


def feed_back(context: Context, stage: Stage, stages: dict[str, Stage], multicast: bool) -> None:
    """The last output of a recurrence back to its matrix: firing k needs the k outputs before it."""
    update = stages.get(f"{stage.operator}.state", stage)
    n = stage.firings.n
    before = Schedule.affine(0, 1, n)
    name = f"{stage.operator} feedback"
    sent = flows(update.held, stage.wanted_all or (), context.word_bytes)
    moved = transfer(context, name, stage.operator, n, sent if multicast else unicasts(sent))
    if moved is None:
        context.builder.channel(
            update.last, stage.first, 2, before, bytes_per_token=firing_bytes(context, update)
        )
        return
    context.builder.channel(
        update.last, moved, 2, Schedule.affine(1, 1, n), bytes_per_token=firing_bytes(context, update)
    )
    context.builder.channel(moved, stage.first, 2, before, bytes_per_token=firing_bytes(context, update))
