"""The compiled engine: the rules of `sim/engines/__init__.py` as one numba event loop over flat records.

It gives the same as the reference engine, to the femtosecond and the last count, some hundred times faster.
numba is imported where no process has compiled the loop before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DeadlockError, SimulationError
from ..program import Program
from .compiled_forward import FastForward
from .compiled_loop import state as st
from .compiled_loop.entry import loop
from .compiled_loop.state import State
from .compiled_result import explain_deadlock, make_result
from .compiled_setup import empty_heap, free_records, initial_state
from .inputs import check_inputs, too_late
from .result import EngineResult

if TYPE_CHECKING:
    from ..noc.flit import FlitNetwork

EVENTS_PER_CALL = 1 << 20
"""Events until the loop comes back to Python, about a tenth of a second: for progress and Ctrl-C."""

MOST_NODES = 1 << 28
"""Room for visits that may be on the critical path: 10 GB."""


def run(
    program: Program,
    iterations: int = 1,
    *,
    arrivals_fs: Sequence[int] | None = None,
    n_bins: int = 64,
    keep_firings: bool = False,
    keep_path: bool = True,
    progress: Callable[[float], None] | None = None,
    fast_forward: bool = True,
) -> EngineResult:
    """Run a Program and return what happened.

    Parameters
    ----------
    iterations : int
        Inferences run back to back, pipelined.
    arrivals_fs : sequence of int, optional
        When each inference arrives, non-decreasing; all at 0 by default.
    n_bins : int
        Bins of time in which busy times are counted.
    keep_firings : bool
        Whether to keep the times of every firing.
    keep_path : bool
        Whether to keep the critical path, whose length, and the memory for it, grow with the iterations.
    progress : callable, optional
        Called now and then with the fraction of all firings issued.
    fast_forward : bool
        Skip whole periods once the state repeats; the result is the same.

    Raises
    ------
    SimulationError
        If an argument is out of range, or time passes `MAX_TIME_FS`.
    DeadlockError
        If actors wait for each other for ever.
    """
    iterations, arrivals, n_bins = check_inputs(program, iterations, arrivals_fs, n_bins)
    state = initial_state(program, iterations, np.array(arrivals, np.int64), n_bins, keep_firings)
    state.head["keep_path"] = keep_path
    forward = FastForward()
    routers = None
    if program.flit is not None:
        from .compiled_network import beside_routers

        routers, state = beside_routers(program.flit, state)
    elif fast_forward and iterations > 2 and not keep_firings:
        state = forward.look(state)
    state = run_to_end(program, state, routers, forward, progress)
    if state.head["n_finished"][0] < program.n_actors:
        raise DeadlockError(explain_deadlock(program, iterations, state))
    return make_result(program, iterations, state, forward.skipped)


def run_to_end(
    program: Program,
    state: State,
    routers: FlitNetwork | None,
    forward: FastForward,
    progress: Callable[[float], None] | None,
) -> State:
    """Call the compiled loop until nothing more happens."""
    if routers is not None:
        from . import compiled_network
    n_firings = int(state.actors["limit"].sum())
    status = st.PAUSED
    while True:
        if progress:
            progress(int(state.actors["issued"].sum()) / n_firings)
        if status in (st.FINISHED, st.STUCK):
            return state
        if status == st.TOO_LATE:
            key = int(state.flights["key"][state.head["late_flight"][0]])
            actor, firing = divmod(key, 1 << st.FIRING_BITS)
            raise too_late(program.actor_name[actor], firing)
        if status == st.MORE_NODES:
            state = with_more_nodes(state)
        elif status == st.MORE_FLIGHTS:
            state = with_more_flights(state)
        elif status == st.MORE_BOOKINGS:
            state = with_more_bookings(state)
        elif routers is not None and status in st.FOR_ROUTERS:
            compiled_network.answer(routers, status)
        elif status == st.REPEATED:
            state = forward.record(state)
        elif status == st.PERIOD_OVER:
            state = forward.skip(state)
        state.head["max_events"] = EVENTS_PER_CALL
        if routers is None:
            status = loop(state.head)
        else:
            status = compiled_network.loop(state.head, routers.head)


def with_more_nodes(state: State) -> State:
    """Twice the room for visits that may be on the critical path."""
    n = len(state.nodes)
    if n >= MOST_NODES:
        raise SimulationError(
            f"over {n // 2} visits may be on the critical path, too many to keep; run fewer iterations"
        )
    nodes = np.concatenate([state.nodes, np.zeros(n, st.NODE)])
    return state.replaced(nodes=nodes, forward=np.zeros(2 * n, st.INDEX))


def with_more_flights(state: State) -> State:
    """Twice the room for firings in flight."""
    n = len(state.flights)
    flights = np.concatenate([state.flights, free_records(st.FLIGHT, n, n)])
    flights["next"][-1] = state.head["free_flight"][0]
    state.head["free_flight"] = n
    return state.replaced(
        flights=flights,
        events=np.concatenate([state.events, np.zeros(n, st.EVENT)]),
        ready=empty_heap(2 * n),
        requests=np.zeros(2 * n, st.INDEX),
        ended=np.concatenate([state.ended, np.zeros(n, st.ENDED)]),
        sent=np.concatenate([state.sent, np.zeros(n, st.INDEX)]),
        parked=np.concatenate([state.parked, np.zeros(n, st.INDEX)]),
        links=np.concatenate([state.links, np.zeros(len(state.links), st.INDEX)]),
    )


def with_more_bookings(state: State) -> State:
    """Twice the room for bookings."""
    n = len(state.bookings)
    bookings = np.concatenate([state.bookings, free_records(st.BOOKING, n, n)])
    bookings["next"][-1] = state.head["free_booking"][0]
    state.head["free_booking"] = n
    return state.replaced(bookings=bookings, events=np.concatenate([state.events, np.zeros(n, st.EVENT)]))
