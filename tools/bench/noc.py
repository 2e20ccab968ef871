"""Our flit level beside BookSim2, table by table, or its speed.

Run as ``python -m ohmsum.tools.bench.noc [--speed]``.
Accepted when latency is within 3 % up to 70 % of the knee and 10 % up to 90 %, the knee within 5 %, the
accepted rate at an offered load of 1.0 within 10 %. The knee is the load at which latency passes three times
that of the first load.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from ...sim.noc.flit import BOOKSIM, FlitNetwork
from .booksim2 import Cell, Table, knee, mesh8x8, ours, tables

BOOKSIM_KCYCLES_PER_S = {
    ("WH1", 0.01, 1): 76.7, ("WH1", 0.01, 5): 95.4, ("WH1", 0.1, 1): 18.4, ("WH1", 0.1, 5): 26.0,
    ("WH1", 0.2, 5): 13.6, ("VC8", 0.01, 1): 57.4, ("VC8", 0.01, 5): 87.0, ("VC8", 0.1, 1): 11.1,
    ("VC8", 0.1, 5): 20.4, ("VC8", 0.2, 1): 6.2, ("VC8", 0.2, 5): 10.1, ("DEF", 0.01, 1): 41.3,
    ("DEF", 0.01, 5): 71.6, ("DEF", 0.1, 1): 5.9, ("DEF", 0.1, 5): 12.9, ("DEF", 0.2, 1): 2.8,
    ("DEF", 0.2, 5): 6.3,
}  # fmt: skip
"""Simulated cycles per CPU second of BookSim2 (g++ 12.2 -O3), 64 routers, uniform: (config, load, flits)."""


def compare(table: Table, seeds: int = 1) -> bool:
    """Print a table with errors; whether all of it is within the bounds."""
    topology = mesh8x8()
    runs = [list(ours(table, topology, seed=seed)) for seed in range(1, seeds + 1)]
    limit = 3 * next(c.latency for c in table.cells if c.latency is not None)
    theirs = knee(table.cells, limit)
    good = True
    print(f"\n{table.name}\n  offered   BookSim2       ours   error")
    for cell, *mine in zip(table.cells, *runs, strict=True):
        text, error = _beside(cell, mine)
        bound = _bound(cell, theirs)
        missed = bound is not None and (error is None or abs(error) > bound)
        good &= not missed
        note = "" if bound is None else f"  {'MISSED' if missed else 'ok'} (bound {bound:.0%})"
        print(f"  {cell.offered:7.3f}  {text}  {'' if error is None else f'{error:+7.1%}'}{note}")
    own = float(np.mean([knee(tuple(run), limit) for run in runs]))
    error = own / theirs - 1
    missed = abs(error) > 0.05
    print(f"     knee  {theirs:9.4f}  {own:9.4f}  {error:+7.1%}  {'MISSED' if missed else 'ok'} (bound 5%)")
    return good and not missed


def _bound(cell: Cell, knee_at: float) -> float | None:
    if cell.offered == 1:
        return 0.10
    return 0.03 if cell.offered <= 0.7 * knee_at else 0.10 if cell.offered <= 0.9 * knee_at else None


def _beside(cell: Cell, mine: list[Cell]) -> tuple[str, float | None]:
    """Theirs and ours as text, and the relative error of what can be compared."""
    if cell.latency is None:
        assert cell.accepted is not None
        rate = float(np.mean([c.accepted or 0.0 for c in mine]))
        return f"acc {cell.accepted:5.3f}  acc {rate:5.3f}", rate / cell.accepted - 1
    if any(c.latency is None for c in mine):
        return f"{cell.latency:9.2f}  saturated", None
    latency = float(np.mean([c.latency or 0.0 for c in mine]))
    return f"{cell.latency:9.2f}  {latency:9.2f}", latency / cell.latency - 1


def speed(cycles: int = 20_000) -> None:
    """Print simulated cycles per CPU second beside BookSim2's."""
    print("\nconfig  load  flits   k cycles/s  BookSim2  ratio")
    rng, topology, all_ends = np.random.default_rng(1), mesh8x8(), np.arange(64)
    for (config, rate, size), theirs in BOOKSIM_KCYCLES_PER_S.items():
        network = FlitNetwork(topology, BOOKSIM[config])
        network.offer(0, np.repeat(all_ends, 64), np.tile(all_ends, 64), 1, 0)  # compile, and find the routes
        network.drain()
        when, src = np.nonzero(rng.random((cycles, 64)) < rate / size)
        network.offer(network.clock + when, src, rng.integers(0, 64, len(src)), size, 0)
        begin = time.process_time()
        network.advance(network.clock + cycles)
        own = cycles / (time.process_time() - begin) / 1e3
        print(f"{config:>6}  {rate:4.2f}  {size:5}  {own:10.1f}  {theirs:8.1f}  {own / theirs:5.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", action="store_true", help="measure speed only")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--table", default="", help="only tables whose name contains this")
    options = parser.parse_args()
    if options.speed:
        speed()
        return 0
    results = [compare(table, options.seeds) for table in tables() if options.table in table.name]
    print(f"\n{sum(results)} of {len(results)} tables within the bounds")
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
