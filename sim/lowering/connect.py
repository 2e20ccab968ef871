"""Channels between stages, through the interconnect wherever a stream changes its place."""

from __future__ import annotations

from collections import Counter

from ..program import Schedule
from .capacity import Edge, required_capacity
from .context import Context
from .grouping import need_and_free
from .stage import Stage
from .shares import ALL, Flow, Shares, even, flows, rescaled, tiles_of
from .transfers import transfer


def connect(context: Context, stages: dict[str, Stage], outputs: dict[str, str]) -> None:
    """Add every channel and transfer of the network.

    Parameters
    ----------
    stages : dict of operator (or output) name to Stage
    outputs : dict of output stage to the operator it takes
    """
    network = context.mapping.network
    pairs: list[tuple[str, str]] = []
    edges: list[Edge] = []
    for operator in network.operators:
        taking = stages[operator.name].taken or stages[operator.name].firings
        for port in dict.fromkeys(operator.inputs):
            src = network.producer(port.tensor).name
            need, free = need_and_free(port.window, stages[src].firings, taking)
            pairs.append((src, operator.name))
            edges.append(Edge(src, operator.name, need, free))
    for sink, src in outputs.items():
        n = stages[src].firings.n
        pairs.append((src, sink))
        edges.append(Edge(src, sink, Schedule.affine(1, 1, n), Schedule.affine(1, 1, n)))
    firings = {name: context.builder.n_firings(stage.first) for name, stage in stages.items()}
    rooms = required_capacity(edges, firings)
    inputs = Counter(t for _, dst in pairs for t in _tiles(context, dst))
    for (src, dst), edge, room in zip(pairs, edges, rooms, strict=True):
        _join(context, stages[src], stages[dst], edge, max(room, _buffered(context, stages[src], dst, inputs)))
    for stage in stages.values():
        if stage.feedback:
            _feed_back(context, stage, stages)


def _tiles(context: Context, name: str) -> tuple[int, ...]:
    index = context.mapping.by_name
    return index[name].tiles if name in index else ()


def _buffered(context: Context, src: Stage, dst: str, inputs: Counter[int]) -> int:
    """Firings of the producer that fit into the consumer's share of its tile buffers, at most one whole stream."""
    tiles = _tiles(context, dst)
    whole = src.firings.n
    if not tiles or context.chip.tile is None:
        return whole
    share = context.chip.tile.buffer.capacity_bytes // max(inputs[t] for t in tiles)
    return max(1, min(whole, share // max(1, _bytes(context, src))))


def _bytes(context: Context, src: Stage) -> int:
    """Bytes that one firing makes."""
    if src.firings.barrier:
        return src.elements * src.firings.grid.n_tokens * context.word_bytes // src.firings.barrier
    return sum(share.size for share in src.held) * context.word_bytes


def _join(context: Context, src: Stage, dst: Stage, edge: Edge, room: int) -> None:
    """One stream: a channel, or two with a transfer between them."""
    n, n_bytes = src.firings.n, _bytes(context, src)
    name = f"{src.operator} -> {dst.operator}"
    moved = transfer(context, name, dst.operator, n, _per_firing(src, flows(src.held, _wanted(src, dst), context.word_bytes)))
    if moved is None:
        context.builder.channel(
            src.last, dst.first, room + src.in_flight, edge.need, edge.free, bytes_per_token=n_bytes
        )
        return
    one_by_one = Schedule.affine(1, 1, n)
    context.builder.channel(src.last, moved, 2 + src.in_flight, one_by_one, bytes_per_token=n_bytes)
    context.builder.channel(moved, dst.first, room + 4, edge.need, edge.free, bytes_per_token=n_bytes)


def _per_firing(src: Stage, moved: list[Flow]) -> list[Flow]:
    """Flows of one group of tokens, spread over the folds of a MAC array where those are what fires."""
    if not src.firings.barrier:
        return moved
    groups = src.firings.rows * src.firings.cols
    return [Flow(f.src, f.dsts, -(-f.n_bytes * groups // src.firings.barrier)) for f in moved]


def _wanted(src: Stage, dst: Stage) -> Shares:
    """What the consumer wants of one firing of the producer: its own tokens only if both are grouped alike."""
    alike = src.firings.grid == dst.firings.grid and src.firings.group == dst.firings.group and dst.taken is None
    if dst.wanted is not None and dst.wanted_all is not None:
        return dst.wanted if alike else dst.wanted_all
    n = src.firings.group.n_tokens
    if alike:
        return rescaled(dst.held, (n, n), (dst.elements, src.elements))
    return even(ALL, src.elements, tiles_of(dst.held))


def _feed_back(context: Context, stage: Stage, stages: dict[str, Stage]) -> None:
    """The last output of a recurrence back to its matrix: firing k needs the k outputs before it."""
    update = stages.get(f"{stage.operator}.state", stage)
    n = stage.firings.n
    before = Schedule.affine(0, 1, n)
    name = f"{stage.operator} feedback"
    moved = transfer(context, name, stage.operator, n, flows(update.held, stage.wanted_all or (), context.word_bytes))
    if moved is None:
        context.builder.channel(update.last, stage.first, 2, before, bytes_per_token=_bytes(context, update))
        return
    context.builder.channel(update.last, moved, 2, Schedule.affine(1, 1, n), bytes_per_token=_bytes(context, update))
    context.builder.channel(moved, stage.first, 2, before, bytes_per_token=_bytes(context, update))
