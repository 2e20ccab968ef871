"""Folds of a product that reaches further from token to token, on a systolic array.

Blocks of the stationary operand that no query reaches are left out, and a block is streamed through only by
the queries that reach it. For queries that all reach alike these are the folds of `Folds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as pairs

from ...arch.digital import MacArray
from ...workloads.graph import Product
from .growth import Along


@dataclass(frozen=True)
class Fold:
    """One block of the stationary operand: cycles, and vectors that take part."""

    cycles: int
    vectors: int


def fold_cycles(array: MacArray, p: Product, along: Along, reach: Sequence[int]) -> list[int]:
    """Cycles of the folds of `product_folds`."""
    return [fold.cycles for fold in product_folds(array, p, along, reach)]


def product_folds(array: MacArray, p: Product, along: Along, reach: Sequence[int]) -> list[Fold]:
    """The folds of one stationary matrix.

    Parameters
    ----------
    array : MacArray
    p : Product
        Of the token that reaches furthest.
    along : {"none", "n", "k"}
        Dimension that counts positions.
    reach : sequence of int
        Positions of each token; the `shared_by` heads of a token are vectors beside each other.

    Returns
    -------
    list of Fold
        Each ``2 * rows + cols + streamed - 2`` cycles long (Samajdar et al., ISPASS 2020); never empty.
    """
    vectors = [r for r in reach for _ in range(p.shared_by)]
    axes = {
        "weight_stationary": ("k", "n", "v"),
        "output_stationary": ("v", "n", "k"),
        "input_stationary": ("k", "v", "n"),
    }[array.dataflow]
    sizes = {"k": p.k, "n": p.n, "v": len(vectors)}
    if along != "none":
        sizes[along] = max(vectors)
    blocks = [range(0, sizes[axis], step) for axis, step in zip(axes, (array.rows, array.cols), strict=False)]
    folds = []
    for first in pairs(*blocks):
        start = dict(zip(axes, first, strict=False))
        stop = {axis: start[axis] + step for axis, step in zip(start, (array.rows, array.cols), strict=True)}
        mine = vectors[start.get("v", 0) : stop.get("v", len(vectors))]
        if along in start:  # only vectors that reach into the block take part
            mine = [r for r in mine if r > start[along]]
        if not mine:
            continue
        streamed = {"v": len(mine), along: max(mine)}.get(axes[2], sizes[axes[2]])
        folds.append(Fold(2 * array.rows + array.cols + streamed - 2, len(mine)))
    return folds
