"""The same function for many items, in several processes; results in the order of the items."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from .errors import UsageError

T = TypeVar("T")
R = TypeVar("R")


def n_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that are started when they are first needed and kept until the `with` block ends.

    Parameters
    ----------
    jobs : int
        Processes; 1 works in this one. They are spawned, not forked: threads of libraries do not survive a
        fork, and every platform can spawn.
    """

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise UsageError(f"--jobs: found {jobs}, expected at least 1")
        self.jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def map(
        self, function: Callable[[T], R], items: Sequence[T], done: Callable[[int], None] | None = None
    ) -> list[R]:
        """``[function(i) for i in items]``; `done` is told how many have been finished.

        `function` and the items must be picklable if there is more than one process.
        """
        if self.jobs == 1 or len(items) < 2:
            return self._map_here(function, items, done)
        try:
            return self._map_there(function, items, done)
        except BrokenProcessPool:
            raise UsageError(
                f"a worker process died (out of memory?); use --jobs 1, or fewer than {self.jobs} processes"
            ) from None

    def _map_here(
        self, function: Callable[[T], R], items: Sequence[T], done: Callable[[int], None] | None
    ) -> list[R]:
        results = []
        for item in items:
            results.append(function(item))
            if done:
                done(len(results))
        return results

    def _map_there(
        self, function: Callable[[T], R], items: Sequence[T], done: Callable[[int], None] | None
    ) -> list[R]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn"))
        futures: list[Future[R]] = [self._pool.submit(function, item) for item in items]
        for n, _ in enumerate(as_completed(futures), 1):
            if done:
                done(n)
        return [future.result() for future in futures]
