"""Makespans that have closed forms."""

from __future__ import annotations

import pytest
from ohmsum.sim.program import Arbitration, ProgramBuilder, Schedule

from ..kit.engines import Engine, each_engine, path_durations

pytestmark = each_engine


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("stages", [(5,), (3, 3, 3), (1, 9, 4), (9, 1, 1), (2, 3, 8)])
def test_pipeline_takes_fill_and_then_its_slowest_stage(
    engine: Engine, n: int, stages: tuple[int, ...]
) -> None:
    b = ProgramBuilder()
    actors = [b.actor(f"stage{i}", n) for i in range(len(stages))]
    for actor, hold in zip(actors, stages, strict=True):
        b.visit(actor, b.resource(f"r{actor}", "unit"), hold)
    for actor in actors[1:]:
        b.channel(actor - 1, actor, n + 1, Schedule.affine(1, 1, n))
    program = b.build()
    fill, slowest = sum(stages), max(stages)
    assert engine(program).makespan_fs == fill + (n - 1) * slowest
    # Many inferences with the same buffers: the same pipeline, n times as long.
    assert engine(program, 3).makespan_fs == fill + (3 * n - 1) * slowest


@pytest.mark.parametrize("arbitration", list(Arbitration))
@pytest.mark.parametrize("n_actors", [1, 4])
def test_one_resource_is_never_idle(engine: Engine, arbitration: Arbitration, n_actors: int) -> None:
    b = ProgramBuilder()
    r = b.resource("adc", "adc", arbitration=arbitration)
    for a in range(n_actors):
        b.visit(b.actor(f"a{a}", 10), r, 3 + a)
    result = engine(b.build())
    total = 10 * sum(3 + a for a in range(n_actors))
    assert result.makespan_fs == total
    assert result.busy_fs.sum() == total
    assert path_durations(result).sum() == total


@pytest.mark.parametrize("servers", [1, 2, 3, 5, 8])
def test_equal_jobs_on_equal_servers(engine: Engine, servers: int) -> None:
    b = ProgramBuilder()
    r = b.resource("vector", "unit", servers=servers)
    for a in range(8):
        b.visit(b.actor(f"a{a}", 1), r, 6)
    assert engine(b.build()).makespan_fs == -(-8 // servers) * 6


@pytest.mark.parametrize(("hold", "advance", "n"), [(1, 22, 50), (3, 2, 9), (4, 4, 6), (100, 1, 3)])
def test_pipelined_unit(engine: Engine, hold: int, advance: int, n: int) -> None:
    b = ProgramBuilder()
    b.visit(b.actor("a", n), b.resource("r", "unit"), hold, advance)
    assert engine(b.build()).makespan_fs == (n - 1) * hold + advance


@pytest.mark.parametrize("capacity", [1, 2, 3, 4])
def test_littles_law_of_a_bounded_channel(engine: Engine, capacity: int) -> None:
    # A token takes room for 5 fs on its way and 7 fs at the consumer, 12 in all, `capacity` at once; the
    # producer needs 4 fs per token. So tokens go in bursts of `capacity`, every 12 fs, or without pause
    # from 3 on.
    n = 24
    b = ProgramBuilder()
    src, dst = b.actor("src", n), b.actor("dst", n, slots=n)
    b.visit(src, (), 4, 5)
    b.visit(dst, (), 7)
    b.channel(src, dst, capacity, Schedule.affine(1, 1, n))
    bursts, within = divmod(n - 1, min(capacity, 3))
    assert engine(b.build()).makespan_fs == bursts * 12 + within * 4 + 12


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_serial_bound_is_met_when_only_one_token_fits(engine: Engine, batch: int) -> None:
    # Three stages of 2, 3 and 4 fs that hand one token on at a time; the first waits for the last, so that no
    # two are under way.
    b = ProgramBuilder()
    x, y, z = (b.actor(name, 6) for name in "xyz")
    for actor, hold in ((x, 2), (y, 3), (z, 4)):
        b.visit(actor, (), hold)
    b.channel(x, y, 1, Schedule.affine(1, 1, 6))
    b.channel(y, z, 1, Schedule.affine(1, 1, 6))
    b.channel(z, x, 6, Schedule.affine(0, 1, 6))
    assert engine(b.build(), batch).makespan_fs == 6 * batch * (2 + 3 + 4)
