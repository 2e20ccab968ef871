"""Where points are evaluated: in this process, in several on this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from typing import Any

from ...sim.extras import need
from ..errors import UsageError

PER_WORKER = 2
"""Points handed out per worker, so that none waits for the next."""
CONNECT_S = 10.0


@dataclass(frozen=True)
class Workers:
    """An executor, how many points to hand out at a time, and what it is called."""

    executor: Executor
    in_flight: Callable[[], int]
    name: str


@contextmanager
def local(jobs: int) -> Iterator[Workers]:
    """So many processes of this machine; one works in this process."""
    if jobs < 1:
        raise UsageError(f"--jobs: found {jobs}, expected at least 1")
    if jobs == 1:
        yield Workers(_Here(), lambda: 1, "1 process")
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield Workers(pool, lambda: PER_WORKER * jobs, f"{jobs} processes")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def dask(address: str) -> Iterator[Workers]:
    """The workers of a Dask cluster, as many as there are at the time."""
    distributed = need("dask", "distributed", "dse")
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--dask {address}: no scheduler answers there ({' '.join(str(error).split())})"
        ) from None

    def threads() -> int:
        return sum(client.nthreads().values())

    try:
        n = len(client.nthreads())
        yield Workers(
            client.get_executor(pure=False), lambda: max(1, PER_WORKER * threads()), f"{n} Dask workers"
        )
    finally:
        client.close()


class _Here(Executor):
    """Does the work at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _begin() -> None:
    """In a new worker process: leave Ctrl-C to the parent, and end when it does.

    A worker waits for its next point on a pipe that it holds open itself: it would never know that a parent
    which was killed is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
