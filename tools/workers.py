"""The same function for many items, in this process, in several of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from ..sim.extras import need
from .errors import UsageError

T = TypeVar("T")
R = TypeVar("R")

PER_WORKER = 2
"""Items handed out per worker, so that none waits for the next."""
CONNECT_S = 10.0
DIED = "its worker process died twice (out of memory?)"


def n_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Whoever does the work; made by `local` and `dask`, which also end it.

    An item whose worker dies is given out once more, alone. If that one dies as well, the item is to blame,
    and no other.

    Parameters
    ----------
    name : str
        What they are called in a report.
    start : callable
        A new executor; it is called when the first item is there, and again after a death.
    in_flight : callable
        How many items to hand out at a time.
    deaths : tuple of exception types
        How the executor says that a worker died.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], Executor],
        in_flight: Callable[[], int],
        deaths: tuple[type[Exception], ...] = (BrokenProcessPool,),
    ) -> None:
        self.name = name
        self._start = start
        self._in_flight = in_flight
        self._deaths = deaths
        self._executor: Executor | None = None

    def each(
        self, function: Callable[[T], R], items: Iterable[T], died: Callable[[T], R]
    ) -> Iterator[tuple[T, R]]:
        """``(item, function(item))`` in the order of completion; items are taken as workers get free.

        Parameters
        ----------
        function
            It and the items must be picklable if there is more than one process.
        died : callable
            The result of an item that kills its workers.
        """
        waiting: dict[Future[R], T] = {}
        left = iter(items)
        try:
            while True:
                suspects = self._hand_out(function, left, waiting)
                if not waiting and not suspects:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    item = waiting.pop(future)
                    try:
                        result = future.result()
                    except self._deaths:
                        suspects.append(item)
                    else:
                        yield item, result
                if suspects:
                    # A broken pool gives back everything that it had: any of it may have been the cause.
                    suspects += waiting.values()
                    waiting.clear()
                    self.end()
                for item in suspects:
                    yield item, self._alone(function, item, died)
        finally:
            for future in waiting:
                future.cancel()

    def map(
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int], None] | None = None,
        died: Callable[[T], R] | None = None,
    ) -> list[R]:
        """``[function(i) for i in items]``; `done` is told how many have been finished. See `each`.

        Raises
        ------
        UsageError
            An item kills its workers, and there is no `died`.
        """
        results: dict[int, R] = {}
        if len(items) < 2:
            pairs = ((pair, function(pair[1])) for pair in enumerate(items))
        else:
            dead = partial(_of_pair, died or _blame)
            pairs = ((p, r) for p, r in self.each(partial(_of_pair, function), enumerate(items), dead))
        for (index, _), result in pairs:
            results[index] = result
            if done:
                done(len(results))
        return [results[index] for index in range(len(items))]

    def end(self) -> None:
        """Leave what has not begun, and wait for what has."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _hand_out(
        self, function: Callable[[T], R], left: Iterator[T], waiting: dict[Future[R], T]
    ) -> list[T]:
        """Hand out as many as may be under way; returns what could not be, since the pool had just broken."""
        for item in islice(left, max(0, self._in_flight() - len(waiting))):
            try:
                waiting[self._submit(function, item)] = item
            except self._deaths:
                return [item]
        return []

    def _submit(self, function: Callable[[T], R], item: T) -> Future[R]:
        if self._executor is None:
            self._executor = self._start()
        return self._executor.submit(function, item)

    def _alone(self, function: Callable[[T], R], item: T, died: Callable[[T], R]) -> R:
        try:
            return self._submit(function, item).result()
        except self._deaths:
            self.end()
            return died(item)


@contextmanager
def local(jobs: int) -> Iterator[Workers]:
    """So many processes of this machine; one works in this process.

    They are spawned, not forked: threads of libraries do not survive a fork, and every platform can spawn.
    """
    if jobs < 1:
        raise UsageError(f"--jobs: found {jobs}, expected at least 1")
    if jobs == 1:
        workers = Workers("1 process", _Here, lambda: 1)
    else:
        start = partial(ProcessPoolExecutor, jobs, get_context("spawn"), _begin)
        workers = Workers(f"{jobs} processes", start, lambda: PER_WORKER * jobs)
    try:
        yield workers
    finally:
        workers.end()


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

    def in_flight() -> int:
        n: int = sum(client.nthreads().values())
        return max(1, PER_WORKER * n)

    try:
        yield Workers(
            f"{len(client.nthreads())} Dask workers",
            partial(client.get_executor, pure=False),
            in_flight,
            (distributed.KilledWorker,),
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


def _of_pair(function: Callable[[T], R], pair: tuple[int, T]) -> R:
    return function(pair[1])


def _blame(item: object) -> Any:
    raise UsageError(f"a worker process died twice at {item!r:.80} (out of memory?)")


def _begin() -> None:
    """In a new worker process: leave Ctrl-C to the parent, and end when it does.

    A worker waits for its next item on a pipe that it holds open itself: it would never know that a parent
    which was killed is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
