"""The flit level against BookSim2's tables (8 x 8 mesh, three routers, two traffics, two packet sizes)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from ohmsum.sim.noc.flit import BOOKSIM, Sampling, bench, throughput
from ohmsum.tools.bench.booksim2 import SAMPLE_PERIOD, Cell, knee, mesh8x8, tables

MESH = mesh8x8()
TABLES = tables()
by_table = pytest.mark.parametrize("table", TABLES, ids=[t.name for t in TABLES])


def limit_of(table: Any) -> Any:
    """Three times the latency of the first load."""
    return 3 * table.cells[0].latency


def point(table: Any, rate: Any) -> Any:
    sampling = Sampling(period=SAMPLE_PERIOD[table.config])
    return bench(
        MESH, BOOKSIM[table.config], table.traffic, rate, packet_flits=table.packet_flits, sampling=sampling
    )


def test_all_twelve_tables_are_there() -> None:
    assert len(TABLES) == len({t.name for t in TABLES}) == 12
    assert all(t.cells[-1].offered == 1 for t in TABLES)


@by_table
@pytest.mark.parametrize(("share", "tolerance"), [(0.7, 0.03), (0.9, 0.10)])
def test_latency_below_the_knee(table: Any, share: float, tolerance: float) -> None:
    highest = [c for c in table.cells if c.offered <= share * knee(table.cells, limit_of(table))][-1]
    assert point(table, highest.offered).latency == pytest.approx(highest.latency, rel=tolerance)


@by_table
def test_accepted_rate_at_full_load(table: Any) -> None:
    rate = throughput(MESH, BOOKSIM[table.config], table.traffic, packet_flits=table.packet_flits)
    assert rate == pytest.approx(table.cells[-1].accepted, rel=0.10)


@by_table
def test_knee_within_five_percent(table: Any) -> None:
    # On the same two loads, between which BookSim2's latency passes the limit, some of them far apart.
    limit = limit_of(table)
    theirs = knee(table.cells, limit)
    around = next(pair for pair in pairwise(table.cells) if pair[0].offered <= theirs <= pair[1].offered)
    points = [point(table, cell.offered) for cell in around]
    ours = tuple(Cell(p.offered, None if p.saturated else p.latency, None) for p in points)
    assert knee(ours, limit) == pytest.approx(theirs, rel=0.05)
