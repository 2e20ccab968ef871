"""Both engines give the same where visits go through routers: every field, random Programs and networks."""

from __future__ import annotations

from dataclasses import fields, replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum import arch, workloads
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import DeadlockError
from ohmsum.sim.flit_detail import FlitDetail, FlitFlow
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.noc import RouterConfig, build
from ohmsum.sim.program import Program, ProgramBuilder, Schedule

from ..kit.engines import each_engine
from ..kit.random_programs import Case, random_case

MESH = build("mesh", grid=(3, 3))
NS = 10**6


def through_routers(case: Case, rng: Random) -> Case:
    """The same with some visits that send through routers instead, in cycles about as long as its holds."""
    program = case.program
    longest = max(int(program.schedule(s)(0)) for s in program.visit_hold)
    flows = {}
    for v in range(program.n_visits):
        if rng.random() < 0.4:
            flows[v] = tuple(
                FlitFlow(rng.randrange(9), tuple(sorted(rng.sample(range(9), rng.choice([1, 1, 2, 4])))), n)
                for n in rng.choices([1, 2, 5, 11], k=rng.choice([1, 1, 2, 3]))
            )
    router = RouterConfig(
        n_vcs=rng.choice([1, 2, 4]),
        vc_buffer_flits=rng.choice([4, 8]),
        routing_delay=rng.choice([0, 1]),
        ordered=rng.random() < 0.3,
    )
    cycle_fs = max(1, longest // rng.choice([1, 2, 3, 5]))
    return replace(case, program=replace(program, flit=FlitDetail(MESH, router, cycle_fs, 4, flows)))


def outcome(case: Case, engine: Any, **options: Any) -> EngineResult | str:
    try:
        return case.run(engine.run, **options)
    except DeadlockError as error:
        return str(error)


def assert_same(a: EngineResult | str, b: EngineResult | str) -> None:
    if isinstance(a, str) or isinstance(b, str):
        assert a == b
        return
    for field in fields(EngineResult):
        assert np.array_equal(getattr(a, field.name), getattr(b, field.name)), field.name


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_engines_agree_on_random_programs(seed: int) -> None:
    case = through_routers(random_case(seed), Random(seed))
    assert_same(outcome(case, reference), outcome(case, compiled))


@pytest.mark.parametrize(
    ("name", "chip", "batch"), [("lenet5", "isaac", 3), ("kws-lstm", "isaac", 1), ("lenet5", "hermes-64", 2)]
)
def test_engines_agree_on_whole_networks(name: str, chip: str, batch: int) -> None:
    on = arch.load(chip)
    program = lower(map_network(workloads.load(name), on), on, detail="flit")
    case = Case(program, batch, None, 64)
    assert_same(case.run(reference.run), case.run(compiled.run))


def relay(n_flits: int, *, then: int) -> Program:
    """A sends at 0; B sends as soon as that has arrived, from the end of the line to its middle."""
    b = ProgramBuilder()
    first = b.actor("first", 1)
    b.visit(first, (), NS, 1, flows=(FlitFlow(0, (2,), n_flits),))
    second = b.actor("second", 1)
    b.visit(second, (), NS, 1, flows=(FlitFlow(2, (1,), then),))
    b.channel(first, second, 1, Schedule.constant(1))
    return b.build(flit=FlitDetail(build("chain", n_endpoints=3), ROUTER, NS, 4, {}))


ROUTER = RouterConfig(n_vcs=2, vc_buffer_flits=8)


@each_engine
def test_what_is_sent_in_the_instant_of_an_arrival_sets_out_at_the_next_edge(engine: Any) -> None:
    """The cycle of the arrival has been simulated when the next transfer asks."""
    first, second = (engine(relay(4, then=2)).last_end_fs // NS).tolist()
    assert first == ROUTER.zero_load_latency(3, 4, 4)
    assert second == first + 1 + ROUTER.zero_load_latency(2, 2, 3)


@each_engine
def test_firings_do_not_overtake_each_other_in_the_network(engine: Any) -> None:
    """Short flows behind long ones to another place: each firing ends with both, in order."""
    b = ProgramBuilder()
    a = b.actor("a", 4)
    b.visit(a, (), NS, 1, flows=(FlitFlow(0, (8,), 9), FlitFlow(4, (8,), 1)))
    result = engine(b.build(flit=FlitDetail(MESH, ROUTER, NS, 4, {})), keep_firings=True)
    ends = result.firings["end_fs"]
    assert (np.diff(ends) > 0).all()
    assert result.fired.tolist() == [4]
