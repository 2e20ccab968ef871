"""The critical path from the nodes of the compiled engine, through the periods that were skipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError
from ..program import I64
from .compiled_loop.state import NODE, Records
from .result import PATH_DTYPE

MOST_PIECES = 5 * 10**7
"""Of a critical path: 2 GB, and twice that while it is put together."""


@dataclass(frozen=True, eq=False)
class Skipped:
    """m periods that were skipped, as the forest of nodes at the end of the one before them.

    What the future may name as parents are the *roots* of the forest. Those at the end of a period correspond
    to those at its start, so a way back through a period starts at a root and ends at one, which stands for
    the corresponding root one period earlier.

    Attributes
    ----------
    nodes : Records
        At the end of the period before; those from `n_old` on are of that period, the others say which root
        they were at its start.
    roots : I64
        Node of each root, -1 for none.
    period : int
        In fs; `firings`: firings per period of each visit's actor, shape (V,).
    """

    nodes: Records
    n_old: int
    roots: I64
    m: int
    period: int
    firings: I64

    @cached_property
    def parents(self) -> list[int]:
        """Parent of each node."""
        parents: list[int] = self.nodes["parent"].tolist()
        return parents

    def standing_in(self) -> tuple[Records, I64]:
        """One node for each that is a root, m periods later, with parent -2 - root; and where each went."""
        unique, first = np.unique(self.roots, return_index=True)
        some = unique >= 0
        unique, first = unique[some], first[some]
        nodes = self.nodes[unique]
        nodes["begin"] += self.m * self.period
        nodes["firing"] += self.m * self.firings[nodes["visit"]]
        nodes["parent"] = -2 - first
        moved = np.full(len(self.nodes), -1, np.int64)
        moved[unique] = np.arange(len(unique))
        return nodes, moved

    def way_back(self, root: int) -> list[Records]:
        """The nodes from a root back, m periods later, in pieces from the last to the first.

        Sooner or later a root leads to itself over one or a few periods; from there on the way repeats.
        """
        pieces: list[Records] = []
        seen: dict[int, int] = {}
        q = self.m
        while q > 0 and root not in seen:
            seen[root] = len(pieces)
            piece, root = self._one_period(root)
            pieces.append(self._later(piece, np.full(len(piece), q)))
            q -= 1
            if root < 0:
                return pieces
        if q > 0:
            cycle = pieces[seen[root] :]
            check_length(q // len(cycle) * sum(map(len, cycle)))
            pieces.append(self._repeated(cycle, q // len(cycle)))
            q %= len(cycle)
        while q > 0:
            piece, root = self._one_period(root)
            pieces.append(self._later(piece, np.full(len(piece), q)))
            q -= 1
        pieces.append(self.nodes[chain(self.parents, int(self.roots[root]))[0]])
        return pieces

    def _later(self, nodes: Records, periods: I64) -> Records:
        """The nodes that many periods later."""
        nodes = nodes.copy()
        nodes["begin"] += periods * self.period
        nodes["firing"] += periods * self.firings[nodes["visit"]]
        return nodes

    def _repeated(self, cycle: list[Records], n: int) -> Records:
        """A cycle of pieces, one for each period, another n times before."""
        once: Records = np.concatenate(cycle)
        before = np.repeat(np.arange(1, n + 1), len(once)) * len(cycle)
        return self._later(np.tile(once, n), -before)

    def _one_period(self, root: int) -> tuple[Records, int]:
        """The nodes of the period from a root back, and the root at its start that they lead to, or -1."""
        piece, node = chain(self.parents, int(self.roots[root]), self.n_old)
        if node < 0:
            return self.nodes[piece], -1
        return self.nodes[piece], int(self.nodes["root"][node])


def check_length(n: int) -> None:
    """Refuse a critical path that is too long to be kept."""
    if n > MOST_PIECES:
        raise SimulationError(
            f"the critical path has over {n} pieces, more than the {MOST_PIECES} that are kept; "
            "run fewer iterations"
        )


def chain(parents: list[int], node: int, first: int = 0) -> tuple[I64, int]:
    """From a node back to the last that is not before `first`, and what comes before it (negative: none)."""
    indices = []
    while node >= first:
        indices.append(node)
        node = parents[node]
    return np.array(indices, np.int64), node


def critical_path(
    nodes: Records, last: int, visit_actor: NDArray[np.int32], skipped: Skipped | None
) -> NDArray[np.void]:
    """From node `last` back through the parents, in the order of time."""
    piece, before = chain(nodes["parent"].tolist(), last)
    pieces = [nodes[piece]]
    if before < -1:
        assert skipped is not None
        # The last node stands in for a root of the skipped periods; their way back begins with that.
        pieces = [nodes[piece[:-1]], *skipped.way_back(-2 - before)]
    back: Records = np.concatenate(pieces) if pieces else np.zeros(0, NODE)
    path = np.empty(len(back), PATH_DTYPE)
    path["actor"] = visit_actor[back["visit"]]
    path["begin_fs"] = back["begin"]
    for name in ("firing", "visit", "cause"):
        path[name] = back[name]
    path = path[::-1]
    if path["begin_fs"][0] == 0:
        return np.ascontiguousarray(path)
    return np.concatenate([np.array([(-1, -1, -1, path["cause"][0], 0)], PATH_DTYPE), path])
