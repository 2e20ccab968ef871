"""What a piece of work costs this computer: seconds, processor seconds, and the most memory it needed."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Cost:
    """What one piece of work cost.

    Attributes
    ----------
    wall_s : float
    cpu_s : float
        Processor time of this process, which other programs on the machine hardly change.
    peak_mb : float
        Most resident memory of the process while it worked, interpreter, libraries and compiled kernels
        included; since the process began where the system cannot reset it (anything but Linux).
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def cost_of(work: Callable[[], T]) -> tuple[Cost, T]:
    """Do a piece of work; its cost and result."""
    _forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(wall_s, cpu_s, _peak_mb()), result


def cheapest(work: Callable[[], object], times: int = 2) -> float:
    """Least processor time of several tries: what it takes when nothing disturbs it."""
    return min(cost_of(work)[0].cpu_s for _ in range(times))


def in_own_process(work: Callable[[S], T], argument: S) -> T:
    """Result of `work(argument)` in a fresh interpreter, whose memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (argument,))


def slope(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Exponent b of the power law ``y ~ x ** b`` that fits best, by least squares of the logarithms.

    None with fewer than two different x.

    Examples
    --------
    >>> round(slope([1, 10, 100], [2, 200, 20000]), 6)
    2.0
    """
    u, v = [log(a) for a in x], [log(b) for b in y]
    mean_u, mean_v = sum(u) / max(1, len(u)), sum(v) / max(1, len(v))
    spread = sum((a - mean_u) ** 2 for a in u)
    if spread == 0:
        return None
    return sum((a - mean_u) * (b - mean_v) for a, b in zip(u, v, strict=True)) / spread


def _forget_peak() -> None:
    """Make the kernel count the peak of resident memory from now on (proc(5), clear_refs)."""
    if _STATUS.exists():
        _STATUS.with_name("clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    if not _STATUS.exists():  # macOS, where it is counted in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    status = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
