"""Says who waits for whom when nothing more can happen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..program import I64, Program


def explain(
    program: Program,
    iterations: int,
    now_fs: int,
    issued: I64,
    produced: I64,
    freed: I64,
) -> str:
    """The message of a `DeadlockError`: the cycle of waiting actors, or what is missing if there is none.

    Parameters
    ----------
    issued : I64, shape (A,)
        Firings issued so far.
    produced, freed : I64, shape (C,)
        Cumulative tokens that arrived in, and were let go from, each channel.
    """
    import networkx as nx  # costs 0.2 s, for the one run in a thousand that ends here

    graph = nx.DiGraph()
    reasons: dict[tuple[int, int], str] = {}

    def wait(actor: int, other: int, reason: str) -> None:
        graph.add_edge(actor, other)
        reasons.setdefault((actor, other), reason)

    for a in range(program.n_actors):
        k = int(issued[a])
        if k >= iterations * program.actor_firings[a]:
            continue
        for c in program.in_channel[program.in_start[a] : program.in_start[a + 1]]:
            need = _needed(program, int(c), k)
            if produced[c] < need:
                wait(a, int(program.channel_src[c]), f"token {need} (has {produced[c]}) from")
        for c in program.out_channel[program.out_start[a] : program.out_start[a + 1]]:
            if k + 1 - freed[c] > program.channel_capacity[c]:
                wait(a, int(program.channel_dst[c]), f"room (capacity {program.channel_capacity[c]}) towards")
    unissued = np.flatnonzero(issued < iterations * program.actor_firings)
    head = f"deadlock at {now_fs} fs: {len(unissued)} of {program.n_actors} actors cannot go on"
    try:
        cycle = [edge[0] for edge in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        names = program.actor_name
        lines = [f"{names[a]} waits for {reason} {names[b]}" for (a, b), reason in reasons.items()]
        return f"{head}; " + "; ".join(lines[:4])
    first = cycle.index(min(cycle))
    cycle = [*cycle[first:], *cycle[:first], min(cycle)]
    steps = [
        f"{program.actor_name[a]} waits for {reasons[(a, b)]} {program.actor_name[b]}"
        for a, b in pairwise(cycle)
    ]
    return f"{head}; " + ", ".join(steps)


def _needed(program: Program, c: int, k: int) -> int:
    """Cumulative tokens that firing k of the consumer of channel c needs."""
    dst, src = int(program.channel_dst[c]), int(program.channel_src[c])
    i, j = divmod(k, int(program.actor_firings[dst]))
    return i * int(program.actor_firings[src]) + program.schedule_value(int(program.channel_need[c]), j)
