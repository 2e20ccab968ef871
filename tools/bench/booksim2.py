"""What BookSim2 measured on an 8 x 8 mesh, and the same points of ours.

`booksim2_mesh8x8.csv` holds the figures of BookSim2 (commit 28f43299): latency with source queueing, one
value a seed; accepted rates in flits/node/cycle; the configurations are `ohmsum.sim.noc.flit.BOOKSIM`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby, pairwise

from ...sim.noc import Topology, build
from ...sim.noc.flit import BOOKSIM, Sampling, bench, throughput

SAMPLE_PERIOD = {"WH1": 4000, "VC8": 2000, "DEF": 2000}
"""Cycles, as BookSim2 was run."""


@dataclass(frozen=True)
class Cell:
    """One load of one table. `latency` is None where the network is saturated."""

    offered: float
    latency: float | None
    accepted: float | None


@dataclass(frozen=True)
class Table:
    """Loads in ascending order; the last one, 1.0, is the throughput run."""

    config: str
    traffic: str
    packet_flits: int
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        return (
            f"{self.config}, {self.traffic}, {self.packet_flits} flit{'s' if self.packet_flits > 1 else ''}"
        )


def tables() -> list[Table]:
    """The twelve tables."""
    lines = (files(__package__) / "booksim2_mesh8x8.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    found = []
    for (config, traffic, size), group in groupby(
        rows, key=lambda r: (r["config"], r["traffic"], r["packet_flits"])
    ):
        found.append(Table(config, traffic, int(size), tuple(_cell(row) for row in group)))
    return found


def _cell(row: dict[str, str]) -> Cell:
    seeds = [] if row["latency"] == "saturated" else [float(x) for x in row["latency"].split("/")]
    latency = sum(seeds) / len(seeds) if seeds else None
    return Cell(float(row["offered"]), latency, float(row["accepted"]) if row["accepted"] else None)


def knee(cells: tuple[Cell, ...], limit: float) -> float:
    """Offered load at which latency passes `limit` cycles, interpolated in 1/latency (0 where saturated)."""
    inverse = [(c.offered, 0.0 if c.latency is None else 1 / c.latency) for c in cells if c.offered < 1]
    for (x0, y0), (x1, y1) in pairwise(inverse):
        if y1 <= 1 / limit:
            return x0 + (x1 - x0) * (y0 - 1 / limit) / (y0 - y1)
    raise ValueError("the table ends before its knee")


def mesh8x8() -> Topology:
    return build("mesh", grid=(8, 8), host=False)


def ours(table: Table, topology: Topology, *, seed: int = 1, below: float = 2.0) -> Iterator[Cell]:
    """The same cells from our flit level, those with an offered load below `below`."""
    router, size = BOOKSIM[table.config], table.packet_flits
    sampling = Sampling(period=SAMPLE_PERIOD[table.config])
    for cell in table.cells:
        if cell.offered >= below:
            continue
        if cell.offered == 1:
            rate = throughput(topology, router, table.traffic, packet_flits=size, seed=seed)
            yield Cell(1.0, None, rate)
            continue
        at = bench(
            topology, router, table.traffic, cell.offered, packet_flits=size, seed=seed, sampling=sampling
        )
        yield Cell(cell.offered, None if at.saturated else at.latency, at.accepted)
