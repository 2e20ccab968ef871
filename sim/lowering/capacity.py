"""Room that channels need so that no join starves.

Where a stream forks and its branches meet again (a residual addition), one branch holds tokens while the
other still works its way through windows. The join's demand, traced back along every path, says how many
firings each ancestor must have made; what a consumer has not let go by then must fit into its channel. With
that much room the network cannot deadlock.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from ..program import I64, Schedule


@dataclass(frozen=True)
class Edge:
    """A stream between two stages: firings of the consumer need and let go of firings of the producer."""

    src: str
    dst: str
    need: Schedule
    free: Schedule


def required_capacity(edges: list[Edge], firings: dict[str, int]) -> list[int]:
    """Least tokens of room for each edge, for itself and for every join behind it.

    Parameters
    ----------
    edges : list of Edge
        Of an acyclic graph of stages (recurrences left out).
    firings : dict of stage to firings per iteration
    """
    needs = [np.maximum.accumulate(e.need.values(firings[e.dst])) for e in edges]
    frees = [e.free.values(firings[e.dst]) for e in edges]
    held_before = [np.concatenate([[0], free[:-1]]) for free in frees]
    room = [max(1, int((need - held).max())) for need, held in zip(needs, held_before, strict=True)]
    incoming: dict[str, list[int]] = defaultdict(list)
    for i, edge in enumerate(edges):
        incoming[edge.dst].append(i)
    rank = _rank(edges)
    dominators = _dominators(edges, rank)
    for join, ins in list(incoming.items()):
        if len({edges[i].src for i in ins}) > 1:
            _raise_to_join(
                join, dominators.get(join), edges, needs, held_before, incoming, firings, rank, room
            )
    return room


def _rank(edges: list[Edge]) -> dict[str, int]:
    """Place of every stage in an order in which producers come first."""
    before: dict[str, set[str]] = {}
    for edge in edges:
        before.setdefault(edge.src, set())
        before.setdefault(edge.dst, set()).add(edge.src)
    return {stage: i for i, stage in enumerate(TopologicalSorter(before).static_order())}


def _dominators(edges: list[Edge], rank: dict[str, int]) -> dict[str, str | None]:
    """The stage that every path from the inputs to a stage goes through last, where there is one.

    On a graph without circles it is the nearest stage that dominates all producers (Cooper, Harvey and
    Kennedy, 2001), found in one pass; None stands for a root before all inputs.
    """
    producers: dict[str, list[str]] = {stage: [] for stage in rank}
    for edge in edges:
        producers[edge.dst].append(edge.src)
    found: dict[str, str | None] = {}

    def common(a: str | None, b: str | None) -> str | None:
        while a != b:
            if a is None or b is None:
                return None
            if rank[a] > rank[b]:
                a = found[a]
            else:
                b = found[b]
        return a

    for stage in rank:
        nearest: str | None = next(iter(producers[stage]), None)
        for producer in producers[stage]:
            nearest = common(nearest, producer)
        found[stage] = nearest
    return found


def _raise_to_join(
    join: str,
    stop: str | None,
    edges: list[Edge],
    needs: list[I64],
    held_before: list[I64],
    incoming: dict[str, list[int]],
    firings: dict[str, int],
    rank: dict[str, int],
    room: list[int],
) -> None:
    """Raise the room of the edges between a join and its dominator to what the join demands of them."""
    demand: dict[str, I64] = {join: np.arange(1, firings[join] + 1)}
    cone: list[int] = []
    pending = {join}
    while pending:  # consumers before producers, so that a demand is complete when it is passed on
        node = max(pending, key=rank.__getitem__)
        pending.discard(node)
        if node == stop:
            continue
        for i in incoming.get(node, ()):
            src = edges[i].src
            asked = needs[i][np.maximum(demand[node], 1) - 1] * (demand[node] > 0)
            demand[src] = np.maximum(demand[src], asked) if src in demand else asked
            cone.append(i)
            pending.add(src)
    for i in cone:
        made, used = demand[edges[i].src], demand[edges[i].dst]
        held = held_before[i][np.maximum(used, 1) - 1] * (used > 0)
        room[i] = max(room[i], int((made - held).max()))
