"""What the compiled engine's records say when a run has ended: a result, or who waits for whom."""

from __future__ import annotations

import numpy as np

from ..errors import SimulationError
from ..program import Program
from . import deadlock
from .compiled_loop.state import State
from .compiled_path import Skipped, critical_path
from .result import PATH_DTYPE, EngineResult

MAX_I64 = np.iinfo(np.int64).max


def make_result(program: Program, iterations: int, state: State, skipped: Skipped | None) -> EngineResult:
    """The result of a run that came to its end.

    Raises
    ------
    SimulationError
        If a sum of times does not fit in 64 bits.
    """
    actors, visits, channels = state.actors, state.visits, state.channels
    last_end = actors["ended_at"].copy()
    final = actors["last_visit"][int(np.argmax(last_end))]
    busy = busy_sums(program, iterations)
    if state.head["overflow"][0] or any(total > MAX_I64 for total in busy):
        raise SimulationError("a sum of times does not fit in 64 bits; run fewer iterations")
    return EngineResult(
        makespan_fs=int(last_end.max()),
        n_visits=iterations * program.visits_per_iteration,
        fired=actors["ended"].copy(),
        busy_fs=np.array(busy, np.int64),
        wait_fs=visits["wait"].copy(),
        stall_input_fs=channels["stall_input"].copy(),
        stall_room_fs=channels["stall_room"].copy(),
        first_begin_fs=actors["first_begin"].copy(),
        last_end_fs=last_end,
        iteration_begin_fs=state.iterations["begin"].copy(),
        iteration_end_fs=state.iterations["end"].copy(),
        peak_tokens=channels["peak"].copy(),
        peak_bytes=state.stores["peak"].copy(),
        critical_path=critical_path(state.nodes, int(visits["latest_node"][final]), visits["actor"], skipped)
        if state.head["keep_path"][0]
        else np.zeros(0, PATH_DTYPE),
        bin_fs=1 << int(state.head["bin_shift"][0]),
        busy_bins=np.ascontiguousarray(state.bins["value"].reshape(-1, program.n_visits).T),
        firings=state.firings if state.head["keep_firings"][0] else None,
    )


def busy_sums(program: Program, iterations: int) -> list[int]:
    """Sum of the holds of each visit: every firing of every iteration held its resources once."""
    n = program.actor_firings[program.visit_actor()]
    sums: dict[tuple[int, int], int] = {}
    busy = []
    for key in zip(program.visit_hold.tolist(), n.tolist(), strict=True):
        if key not in sums:
            sums[key] = program.schedule(key[0]).total(key[1])
        busy.append(iterations * sums[key])
    return busy


def explain_deadlock(program: Program, iterations: int, state: State) -> str:
    """The message of a `DeadlockError`."""
    return deadlock.explain(
        program,
        iterations,
        int(state.head["latest_event"][0]),
        state.actors["issued"].copy(),
        state.actors["ended"][program.channel_src],
        state.channels["freed"].copy(),
    )
