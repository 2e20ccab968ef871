"""Compiled functions that every run calls, as mapping and lowering see them: arrays in, arrays out.

What they do is in `sim/kernels`: `stripes` (windows walked token by token), `rooms` (how many tokens lie in
queues) and `placement` (tiles that swap their places).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from .kernels.arguments import I64, N_WORDS, NEVER, Bools, PlacementTraffic
from .kernels.sources import HERE, Sources
from .machine_code import FLOAT, INT, Argument, ArrayOf, MachineCode, TupleOf

_LIST, _TABLE = ArrayOf(np.int64), ArrayOf(np.int64, 2)
_REALS, _FLAGS = ArrayOf(np.float64), ArrayOf(np.bool_)
_TRAFFIC = TupleOf(
    PlacementTraffic, (*[_LIST] * 4, _REALS, _LIST, _LIST, _TABLE, *[_LIST] * 3, _REALS, _LIST, _LIST)
)


def _code(file: str, function: str, *arguments: Argument) -> MachineCode:
    """A function of `sim/kernels`."""

    def source() -> Any:
        return getattr(import_module(f"{__package__}.kernels.{file}"), function)

    paths = [HERE / f"{name}.py" for name in (file, "arguments", "twister")]
    return MachineCode(f"{file}-{function}", arguments, source, Sources(*paths))


_MARK = _code("stripes", "mark", _LIST, INT, _TABLE, _TABLE, INT, _FLAGS)
_NEED_AND_FREE = _code(
    "stripes",
    "need_and_free",
    *(_LIST, _LIST, INT, INT, _TABLE, _TABLE, INT, _LIST, _LIST, _LIST, _TABLE, _TABLE, _TABLE),
)
_LATEST = _code("rooms", "latest", *[_LIST] * 10)
_PEAKS = _code("rooms", "peaks", *[_LIST] * 7)
_IMPROVE = _code(
    "placement", "improve", _TRAFFIC, *[INT] * 4, FLOAT, *[_LIST] * 4, _REALS, _REALS, ArrayOf(np.uint64)
)


def _ints(values: I64) -> I64:
    return np.ascontiguousarray(values, np.int64)


def mark(tokens: I64, out_cols: int, rows: I64, cols: I64, in_cols: int, asked: Bools) -> None:
    """Mark the input tokens that some output tokens need.

    Parameters
    ----------
    tokens : I64, shape (n,)
        Output tokens, row-major.
    rows, cols : I64, shape (2, rows or columns of the output)
        First and last input row or column.
    asked : bool array, shape (input tokens,)
        Changed in place.
    """
    _MARK(_ints(tokens), out_cols, _ints(rows), _ints(cols), in_cols, asked)


def need_and_free(
    tokens: I64,
    firing_of: I64,
    n_firings: int,
    out_cols: int,
    rows: I64,
    cols: I64,
    in_cols: int,
    queue_of: I64,
    index_of: I64,
    length: I64,
) -> tuple[I64, I64]:
    """What each firing of a stripe needs of the queues that its input tokens come in, and lets go of them.

    Parameters
    ----------
    tokens, firing_of : I64, shape (n,)
        Output tokens and the firings that make them, in order.
    queue_of, index_of : I64, shape (input tokens,)
        The queue that a token comes in, -1 for none, and its place in it.
    length : I64, shape (queues,)
        Tokens of every queue.

    Returns
    -------
    need, free : I64, shape (queues, n_firings)
        Cumulative; what no later firing needs is let go.
    """
    need, first, free = np.zeros((3, len(length), n_firings), np.int64)
    _NEED_AND_FREE(
        *(_ints(tokens), _ints(firing_of), n_firings, out_cols, _ints(rows), _ints(cols), in_cols),
        *(_ints(queue_of), _ints(index_of), _ints(length), need, first, free),
    )
    return need, free


def latest(
    order: I64,
    start: I64,
    pace: I64,
    latency: I64,
    in_start: I64,
    in_wire: I64,
    src: I64,
    wire_start: I64,
    need: I64,
) -> I64:
    """Latest time of every firing, 0 for the last ones.

    Parameters
    ----------
    order : I64, shape (actors,)
        Consumers before producers.
    start : I64, shape (actors + 1,)
        First firing of every actor among all.
    pace, latency : I64, shape (actors,)
        Time between two firings, and from a firing to its token.
    in_start, in_wire : I64
        Wires into every actor (CSR).
    src, wire_start : I64
        Of every wire: the producer, and where its `need` begins, one value per firing of the consumer.
    """
    at = np.full(start[-1], NEVER, np.int64)
    _LATEST(order, start, pace, latency, in_start, in_wire, src, wire_start, need, at)
    return at


def peaks(at: I64, start: I64, src: I64, dst: I64, wire_start: I64, free: I64) -> I64:
    """Most tokens of every wire at once, from the issue of a token until it is let go; at least 1."""
    found = np.ones(len(src), np.int64)
    _PEAKS(at, start, src, dst, wire_start, free, found)
    return found


def improve(t: PlacementTraffic, movable: int, pinned: int, tries: int, seed: int, hot: float) -> I64:
    """Swap pairs of tiles, keeping the swaps that lower the cost (or, while hot, some that raise it).

    Every other tile that is moved is the end of a net on the busiest link. Three of four swaps bring one to
    a tile that it has to do with; the rest are of any two.

    Parameters
    ----------
    t : PlacementTraffic
        `router_of`, `load` and the marks are changed in place; `load` starts at zero.
    movable : int
        Tiles that may move: 0 .. movable - 1.
    pinned : int
        One of them that stays all the same; -1 for none.
    tries, seed : int
    hot : float
        Initial temperature by the mean cost of a tile; 0 accepts improvements only.

    Returns
    -------
    I64, shape (movable,)
        For every tile, the one whose place it has now; its own where a hot search has found nothing better.
    """
    place, tile_at = np.arange(movable, dtype=np.int64), np.arange(movable, dtype=np.int64)
    router_of = t.router_of.copy()
    room = np.empty(movable, np.int64), np.empty(len(t.src), np.int64)
    state = np.empty(N_WORDS, np.uint64)
    costs = np.zeros(2)
    _IMPROVE(t, movable, pinned, tries, seed, hot, place, tile_at, *room, np.empty_like(t.load), costs, state)
    if costs[1] <= costs[0]:
        return place
    t.router_of[:], t.load[:] = router_of, 0.0
    return improve(t, movable, pinned, 0, seed, 0.0)


__all__ = ["improve", "latest", "mark", "need_and_free", "peaks"]
