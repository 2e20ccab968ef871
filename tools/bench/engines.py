"""How fast whole networks are mapped, lowered and run, and how that grows: ratios and counts of one process tree.

Each network runs in a process of its own, so that its peak memory is its own. Kernels are compiled (or read from the cache) before anything is timed.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

CHIP = "isaac"
CHIPS_NEEDED = {"vgg16": 6, "vit-b16": 4, "bert-base": 4, "gpt2": 4, "llama-1b": 38}
"""Copies of ISAAC on which each network of the zoo fits; one for the others."""


@dataclass(frozen=True)
class NetworkTimes:
    """What one inference of a network costs this computer.

    Attributes
    ----------
    visits : int
    load_s, map_s, lower_s, run_s : float
        Wall time, kernels being compiled already.
    peak_mb : float
        Peak resident memory of the process, interpreter and numba included.
    """

    network: str
    chips: int
    visits: int
    load_s: float
    map_s: float
    lower_s: float
    run_s: float
    peak_mb: float

    @property
    def total_s(self) -> float:
        """Map, lower and run."""
        return self.map_s + self.lower_s + self.run_s


@dataclass(frozen=True)
class Rates:
    """Visits per second on one Program.

    Attributes
    ----------
    compiled_per_s, reference_per_s : float
    ratio : float
        Compiled / reference.
    growth : float
        Log-log slope of time against visits, batches of 4 to 256 without fast-forward.
    forward_gain : float
        Time of a batch of 1000 without fast-forward (from the rate) / with it.
    thousand_over_eight : float
        Time of a batch of 1000 / of a batch of 8, both with fast-forward.
    """

    visits: int
    compiled_per_s: float
    reference_per_s: float
    ratio: float
    growth: float
    forward_gain: float
    thousand_over_eight: float


def warm_up() -> None:
    """Compile or load every kernel of the compiled engine."""
    program(("mlp", 1))


def program(network: tuple[str, int]) -> Any:
    """The Program of a network on that many chips, after one run of it."""
    from ...arch import load as load_chip
    from ...sim.engines.compiled import run
    from ...sim.lowering import lower
    from ...sim.mapping import map_network
    from ...workloads.load import load

    chip = load_chip(CHIP, n_chips=network[1])
    lowered = lower(map_network(load(network[0]), chip), chip)
    run(lowered)
    return lowered


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of a piece of work."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def time_network(name: str) -> NetworkTimes:
    """Load, map, lower and run one network in this process."""
    from ...arch import load as load_chip
    from ...sim.engines.compiled import run
    from ...sim.lowering import lower
    from ...sim.mapping import map_network
    from ...workloads.load import load

    warm_up()
    n_chips = CHIPS_NEEDED.get(name, 1)
    chip = load_chip(CHIP, n_chips=n_chips)
    load_s, network = timed(lambda: load(name))
    map_s, mapping = timed(lambda: map_network(network, chip))
    lower_s, lowered = timed(lambda: lower(mapping, chip))
    run_s, result = timed(lambda: run(lowered))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return NetworkTimes(name, n_chips, result.n_visits, load_s, map_s, lower_s, run_s, peak_mb)


def rates(name: str, *, batches: tuple[int, ...] = (4, 16, 64, 256)) -> Rates:
    """Both engines on the Program of one network."""
    from ...sim.engines import compiled, reference

    lowered = program((name, CHIPS_NEEDED.get(name, 1)))
    times = [min(timed(lambda b=b: compiled.run(lowered, b, fast_forward=False))[0] for _ in range(2)) for b in batches]
    per_inference = lowered.visits_per_iteration
    reference_s, _ = timed(lambda: reference.run(lowered))
    compiled_per_s = per_inference * batches[-1] / times[-1]
    eight_s, _ = timed(lambda: compiled.run(lowered, 8))
    thousand_s, _ = timed(lambda: compiled.run(lowered, 1000))
    return Rates(
        visits=per_inference,
        compiled_per_s=compiled_per_s,
        reference_per_s=per_inference / reference_s,
        ratio=compiled_per_s * reference_s / per_inference,
        growth=math.log(times[-1] / times[0]) / math.log(batches[-1] / batches[0]),
        forward_gain=per_inference * 1000 / compiled_per_s / thousand_s,
        thousand_over_eight=thousand_s / eight_s,
    )


def in_own_process(work: Callable[[str], Any], name: str) -> Any:
    """Result of `work(name)` in a fresh interpreter."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (name,))


def bench(networks: list[str], rated: str = "resnet50") -> dict[str, Any]:
    """Everything, as one JSON object."""
    rows = []
    for name in networks:
        row = in_own_process(time_network, name)
        rows.append(row)
        print(text_of(row), flush=True, file=sys.stderr)
    slope = _slope([r.visits for r in rows], [r.total_s for r in rows])
    return {
        "schema": "ohmsum-bench/1",
        "chip": CHIP,
        "networks": [asdict(r) for r in rows],
        "total_s_against_visits_slope": slope,
        "rates": {rated: asdict(in_own_process(rates, rated))},
    }


def _slope(x: list[int], y: list[float]) -> float | None:
    """Least-squares slope of log y against log x."""
    if len(x) < 3:
        return None
    u, v = [math.log(a) for a in x], [math.log(b) for b in y]
    mean_u, mean_v = sum(u) / len(u), sum(v) / len(v)
    above = sum((a - mean_u) * (b - mean_v) for a, b in zip(u, v, strict=True))
    return above / sum((a - mean_u) ** 2 for a in u)


def text_of(row: NetworkTimes) -> str:
    """One line of the table."""
    return (
        f"{row.network:12s} {row.chips:3d} chips {row.visits:9,d} visits  load {row.load_s:5.2f} s  map {row.map_s:5.2f} s  "
        f"lower {row.lower_s:5.2f} s  run {row.run_s:6.3f} s  peak {row.peak_mb:5.0f} MB"
    )


def dumps(result: dict[str, Any]) -> str:
    """The result as a text."""
    return json.dumps(result, indent=1)
