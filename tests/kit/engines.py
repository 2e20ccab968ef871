"""The engines that every engine test runs on, and short ways to read their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.engines.result import Cause, EngineResult
from ohmsum.sim.program import Program

Engine = Callable[..., EngineResult]

ENGINES: dict[str, Engine] = {"reference": reference.run, "compiled": compiled.run}

each_engine = pytest.mark.parametrize("engine", list(ENGINES.values()), ids=list(ENGINES))
"""Marks a test, or by `pytestmark` a module, whose tests take the argument `engine`."""


def firings(result: EngineResult, actor: int) -> list[tuple[int, int]]:
    """(begin, end) of every firing of an actor, of a run with `keep_firings`."""
    assert result.firings is not None
    mine = result.firings[result.firings["actor"] == actor]
    assert mine["firing"].tolist() == list(range(len(mine)))
    return list(zip(mine["begin_fs"].tolist(), mine["end_fs"].tolist(), strict=True))


def begins(result: EngineResult, actor: int) -> list[int]:
    """Begin of every firing of an actor, of a run with `keep_firings`."""
    return [begin for begin, _ in firings(result, actor)]


def path(result: EngineResult) -> list[tuple[int, int, int, Cause, int]]:
    """The critical path as (actor, firing, visit, cause, begin_fs)."""
    return [(a, k, v, Cause(cause), begin) for a, k, v, cause, begin in result.critical_path.tolist()]


def all_queued(program: Program) -> Program:
    """The same Program with a queue at every resource but those whose servers are taken in turn."""
    queued = np.ones(program.n_resources, bool)
    queued[[r for v in np.flatnonzero(program.visit_turn_step).tolist() for r in program.group(v)]] = False
    return replace(program, resource_queued=queued)


def path_durations(result: EngineResult) -> Any:
    """How long each piece of the critical path lasts."""
    return np.diff(np.append(result.critical_path["begin_fs"], result.makespan_fs))
