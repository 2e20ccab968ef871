"""One large Program of known size, to see how time and memory grow up to a billion visits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ...sim.program import Program, ProgramBuilder, Schedule
from .measure import Cost, cost_of, in_own_process

STAGES = 32
"""Layers of the pipeline."""
VISITS = 4
"""Of one firing: read, product, conversion, write."""
SIZES = (10**5, 10**6, 10**7)
LONG_SIZES = (10**7, 10**8, 10**9)


@dataclass(frozen=True)
class SizeCost:
    """What a run of so many visits costs."""

    visits: int
    run: Cost


def pipeline(visits: int) -> Program:
    """A pipeline of about so many visits in one inference; a few thousand numbers, however long it runs.

    Each stage has a crossbar; neighbours share converters and a buffer port, for which they queue. Channels
    are bounded and stages differ in speed, so that they also wait for input and for room.
    """
    n = max(1, visits // (STAGES * VISITS))
    b = ProgramBuilder()
    before: int | None = None
    for i in range(STAGES):
        if i % 2 == 0:
            port = b.resource(f"port {i // 2}", "buffer")
            adcs = b.resource(f"adcs {i // 2}", "adc", servers=2)
        stage = b.actor(f"stage {i}", n)
        b.visit(stage, port, 1_000)
        b.visit(stage, b.resource(f"crossbar {i}", "crossbar"), 100_000 + 1_000 * (i % 5), 90_000)
        b.visit(stage, adcs, 80_000 + 3_000 * (i % 3), 20_000)
        b.visit(stage, port, 2_000)
        if before is not None:
            b.channel(before, stage, 16, Schedule.affine(1, 1, n))
        before = stage
    return b.build()


def cost_of_size(visits: int) -> SizeCost:
    """Run a pipeline of about so many visits in this process."""
    from ...sim.engines import compiled

    compiled.run(pipeline(1000))
    program = pipeline(visits)
    run, result = cost_of(partial(compiled.run, program, fast_forward=False, keep_path=False))
    return SizeCost(result.n_visits, run)


def scaling(long: bool) -> list[SizeCost]:
    """Every size in a process of its own."""
    return [in_own_process(cost_of_size, size) for size in (LONG_SIZES if long else SIZES)]
