"""The engines on many random Programs: ``python -m ohmsum.tools.bench.agree --programs 10000``.

The Programs come from `tests/kit/random_programs.py` of a checkout. Each is run by the reference engine
and by the compiled one, then as a batch of up to 64 by the compiled engine with and without fast-forward.
Every field of the results must be equal, and so must the messages of deadlocks. Exits with 1 if anything
differs.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from ...sim.engines import compiled, reference
from ...sim.engines.result import EngineResult
from ...sim.errors import SimulationError

Outcome = EngineResult | str
BATCHES = (3, 4, 6, 8, 13, 16, 32, 64)


def main() -> None:
    """Compare, print a line for every difference and one with the counts at the end."""
    parser = argparse.ArgumentParser(description="Compare the engines on random Programs.")
    parser.add_argument("--programs", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first (default: 0)")
    options = parser.parse_args()
    generator = load_generator(Path(__file__).parents[2] / "tests" / "kit" / "random_programs.py")
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    for seed in range(options.first, options.first + options.programs):
        for line in differences(generator.random_case(seed), seed, counts):
            counts["differences"] += 1
            print(f"seed {seed}: {line}", flush=True)
    wall_s = time.perf_counter() - start
    print(
        f"{options.programs} programs, {counts['visits']} visits, {counts['deadlocks']} deadlocks, "
        f"{counts['batches']} batches, {counts['differences']} differences, {wall_s:.0f} s"
    )
    sys.exit(1 if counts["differences"] else 0)


def load_generator(path: Path) -> ModuleType:
    """The module of random Programs, which is not part of the installed package."""
    if not path.is_file():
        sys.exit(f"{path} not found: run this from a source checkout (pip install -e), which has the tests")
    spec = importlib.util.spec_from_file_location("random_programs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["random_programs"] = module
    spec.loader.exec_module(module)
    return module


def outcome(run: Callable[[], EngineResult]) -> Outcome:
    """What a run gave: a result, or the kind and message of its error."""
    try:
        return run()
    except SimulationError as error:
        return f"{type(error).__name__}: {error}"


def compared(one: Outcome, other: Outcome) -> list[str]:
    """In what two outcomes differ."""
    if isinstance(one, str) or isinstance(other, str):
        return [] if isinstance(one, str) and one == other else [f"{one!s:.200} | {other!s:.200}"]
    return one.differences(other)


def differences(case: Any, seed: int, counts: Counter[str]) -> list[str]:
    """In what the engines differ on one case, and fast-forward from event by event."""
    expected = outcome(lambda: case.run(reference.run))
    found = compared(expected, outcome(lambda: case.run(compiled.run)))
    if isinstance(expected, str):
        counts["deadlocks"] += 1
        return found
    counts["visits"] += expected.n_visits
    counts["batches"] += 1
    batch = replace(case, iterations=BATCHES[seed % len(BATCHES)], arrivals_fs=arrivals(seed))
    run = partial(compiled.run, batch.program, batch.iterations, arrivals_fs=batch.arrivals_fs)
    runs = [outcome(partial(run, fast_forward=fast)) for fast in (False, True)]
    return found + [f"batch of {batch.iterations}, fast-forward: {line}" for line in compared(*runs)]


def arrivals(seed: int) -> list[int] | None:
    """All at 0, or regular, or in bursts of three."""
    n, gap = BATCHES[seed % len(BATCHES)], seed % 37 * 10
    if seed % 3 == 0:
        return None
    return [i * gap for i in range(n)] if seed % 3 == 1 else [i // 3 * gap for i in range(n)]


if __name__ == "__main__":
    main()
