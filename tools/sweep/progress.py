"""How many points are done and how long the rest will take, on a terminal and nowhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .drive import Standing, Tell


@contextmanager
def shown_points() -> Iterator[Tell | None]:
    """A callable that shows points done, failed and the time left on stderr; None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (MofNCompleteColumn(), BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    start = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(now: Standing) -> None:
            remarks = [left(now, time.monotonic() - start), f"{now.n_failed} failed" if now.n_failed else ""]
            text = ", ".join(filter(None, remarks))
            bar.update(task, completed=now.n_done, total=now.n_total, description=text)

        yield tell


def left(now: Standing, elapsed_s: float) -> str:
    """The time that the rest will take, at the rate of the points that this call evaluated itself.

    Examples
    --------
    >>> left(Standing(n_total=500, n_done=350, n_failed=0, n_new=50), elapsed_s=30.0)
    '1:30 left'
    """
    if now.n_new == 0:
        return ""
    seconds = round(elapsed_s / now.n_new * (now.n_total - now.n_done))
    minutes, hours = seconds // 60 % 60, seconds // 3600
    return f"{hours}:{minutes:02}:{seconds % 60:02} left" if hours else f"{minutes}:{seconds % 60:02} left"
