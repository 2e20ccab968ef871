"""What the compiled engine's records say when a run has ended: a result, or who waits for whom."""

from __future__ import annotations

import numpy as np

from ..errors import SimulationError
from ..program import Program
from . import deadlock
from .compiled_loop.state import QUEUED, State
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
            sums[key] = schedule_sum(program, *key)
        busy.append(iterations * sums[key])
    return busy


def schedule_sum(program: Program, index: int, n: int) -> int:
    """Sum of the first n values of a schedule."""
    schedule = program.schedule(index)
    rows, cols = schedule.rows, schedule.cols
    if len(rows) * len(cols) == 1:
        return n * (rows[0] + cols[0])
    full, rest = divmod(n, len(cols))
    total = len(cols) * sum(rows[:full]) + full * sum(cols)
    return total + (rest * rows[full] + sum(cols[:rest]) if rest else 0)


def explain_deadlock(program: Program, iterations: int, state: State) -> str:
    """The message of a `DeadlockError`."""
    waiting = waiting_flights(state)
    held_by, blocked = who_holds(program, state, waiting)
    return deadlock.explain(
        program,
        iterations,
        int(state.head["latest_event"][0]),
        state.actors["issued"].copy(),
        state.actors["ended"][program.channel_src],
        state.channels["freed"].copy(),
        held_by,
        blocked,
    )


def waiting_flights(state: State) -> list[int]:
    """The flights that wait in queues, in the order of their requests."""
    flights = state.flights
    waiting = np.flatnonzero(flights["used"])  # in a deadlock no event is left, so every flight waits
    assert (state.visits["kind"][flights["visit"][waiting]] == QUEUED).all()
    order = np.lexsort((flights["key"][waiting], flights["request"][waiting]))
    return [int(i) for i in waiting[order]]


def who_holds(
    program: Program, state: State, waiting: list[int]
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Actors that hold each queued resource (or the next, if a server is free); what each actor waits for."""

    def group(v: int) -> list[int]:
        return [int(r) for r in program.visit_resource[slice(*program.visit_resource_start[v : v + 2])]]

    flights, visits = state.flights, state.visits
    served = {r: next_served(state, r) for r in np.flatnonzero(program.resource_queued).tolist()}
    held_by: dict[int, list[int]] = {r: [] for r in served}
    for i in sorted(waiting, key=lambda i: int(flights["kept_node"][i])):
        v = int(flights["visit"][i])
        if visits["after_keep"][v]:
            for r in group(v - 1):
                held_by[r].append(int(visits["actor"][v]))
    blocked: dict[int, int] = {}
    for i in waiting:
        v = int(flights["visit"][i])
        a = int(visits["actor"][v])
        if a not in blocked:
            blocked[a] = next(r for r in group(v) if served[r] != i)
    for r, i in served.items():
        if i >= 0:
            held_by[r] = [int(visits["actor"][flights["visit"][i]])]
    return held_by, blocked


def next_served(state: State, r: int) -> int:
    """The flight that resource r would serve if its other resources allowed, -1 if no server is free."""
    resource = state.resources[r]
    if not resource["n_free"]:
        return -1
    lanes = state.lanes["head"][resource["lane_start"] : resource["lane_end"]]
    if resource["cyclic"]:
        lanes = np.roll(lanes, -(int(resource["last_lane"]) - int(resource["lane_start"]) + 1))
    heads = lanes[lanes >= 0]
    return int(heads[0]) if len(heads) else -1
