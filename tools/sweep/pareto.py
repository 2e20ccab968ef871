"""Which points no other point beats in everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Direction = Literal["minimize", "maximize"]
"""Which way an objective is better."""


def front(values: Sequence[Sequence[float]], directions: Sequence[Direction]) -> list[int]:
    """Indices of the points of the Pareto front, the best in the first objective first.

    A point is on it if no other is at least as good in every objective and better in one. Of points with
    equal values only the first is listed.

    Parameters
    ----------
    values : sequence of sequences of float
        For every point one value per objective.
    directions : sequence of {"minimize", "maximize"}

    Examples
    --------
    >>> front([(1, 9), (2, 8), (3, 8), (9, 1)], ["minimize", "minimize"])
    [0, 1, 3]
    >>> front([(1, 9), (2, 8), (3, 8), (9, 1)], ["maximize", "minimize"])
    [3]
    """
    signs = [1 if direction == "minimize" else -1 for direction in directions]
    costs = [tuple(sign * value for sign, value in zip(signs, point, strict=True)) for point in values]
    # In this order a point can only be beaten by one before it.
    order = sorted(range(len(costs)), key=lambda i: (costs[i], i))
    kept: list[int] = []
    for i in order:
        if not any(all(a <= b for a, b in zip(costs[k], costs[i], strict=True)) for k in kept):
            kept.append(i)
    return kept
