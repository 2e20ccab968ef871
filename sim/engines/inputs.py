"""What both engines demand of the arguments of `run`."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from ..errors import SimulationError
from ..program import MAX_TIME_FS, Program

MAX_ITERATIONS = 10**7
"""Begin and end of every iteration are kept: some gigabytes at this number."""


def check_inputs(
    program: Program, iterations: int, arrivals_fs: Sequence[int] | None, n_bins: int
) -> tuple[int, list[int], int]:
    """Return `(iterations, arrivals_fs, n_bins)` as plain integers; arrivals are all 0 if not given.

    Raises
    ------
    SimulationError
        If a count is not an integer in range, or arrivals are too few, too many, negative, decreasing or
        later than `MAX_TIME_FS`.
    """
    iterations = _whole("iterations", iterations, MAX_ITERATIONS)
    n_bins = _whole("n_bins", n_bins, 10**6)
    if program.n_actors == 0:
        raise SimulationError("the Program has no actors: nothing to run")
    if arrivals_fs is None:
        return iterations, [0] * iterations, n_bins
    if len(arrivals_fs) != iterations:
        raise SimulationError(
            f"arrivals_fs has {len(arrivals_fs)} times, expected one for each of {iterations} iterations"
        )
    arrivals = []
    for i, time_fs in enumerate(arrivals_fs):
        try:
            arrivals.append(operator.index(time_fs))
        except TypeError:
            raise SimulationError(f"arrivals_fs[{i}] is {time_fs!r}, expected a whole number of fs") from None
    for i, time_fs in enumerate(arrivals):
        if not 0 <= time_fs <= MAX_TIME_FS:
            raise SimulationError(f"arrivals_fs[{i}] is {time_fs}, expected 0 to {MAX_TIME_FS} fs")
        if i and time_fs < arrivals[i - 1]:
            raise SimulationError(
                f"arrivals_fs[{i}] is {time_fs}, earlier than the one before it ({arrivals[i - 1]})"
            )
    return iterations, arrivals, n_bins


def _whole(name: str, value: int, largest: int) -> int:
    """`value` as an integer in 1..largest."""
    try:
        number = operator.index(value)
    except TypeError:
        raise SimulationError(f"{name} is {value!r}, expected a whole number") from None
    if isinstance(value, bool) or not 1 <= number <= largest:
        raise SimulationError(f"{name} is {value}, expected a whole number from 1 to {largest}")
    return number


def too_late(actor: str, firing: int) -> SimulationError:
    """The error for an event after `MAX_TIME_FS`."""
    return SimulationError(
        f"actor {actor!r}, firing {firing}: simulated time passes {MAX_TIME_FS} fs (77 minutes); "
        "run fewer iterations"
    )
