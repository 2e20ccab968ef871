"""Network and chip in, Run out: map, lower, simulate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from .errors import SimulationError
from .mapping.options import MappingOptions
from .run import Run

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network
    from .engines.result import EngineResult
    from .program import Program

N_BINS = 128
"""Time bins kept of a run; what utilization and power over time are drawn from."""

Progress = Callable[[str, float], None]
"""Called now and then with what is being done and the fraction of it that is done."""


class _Engine(Protocol):
    def __call__(
        self,
        program: Program,
        iterations: int = ...,
        *,
        n_bins: int = ...,
        progress: Callable[[float], None] | None = ...,
    ) -> EngineResult: ...


def simulate(
    network: Network,
    chip: Chip,
    *,
    batch: int = 1,
    engine: str = "compiled",
    mapping: MappingOptions | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a network on a chip.

    Parameters
    ----------
    network : Network
    chip : Chip
    batch : int
        Inferences run back to back, pipelined, after one has been run alone for the latency. At least 1.
    engine : {"compiled", "reference"}
        Both give the same result; the reference is slow and readable.
    mapping : MappingOptions
    options : dict
        What the inputs were made with (bound dimensions, overrides), for the provenance of the result; JSON
        values.
    progress : callable
        Told how far the simulation is; see `Progress`.

    Raises
    ------
    SimulationError
        The network does not fit, an operator has no place, or the mapped program cannot run.
    """
    from ..arch import roll_up
    from .lowering import lower
    from .mapping import map_network

    if batch < 1:
        raise SimulationError(f"batch: found {batch}, expected at least 1")
    run_engine = _engine(engine)
    wall_s: dict[str, float] = {}
    choices = mapping or MappingOptions()
    tell = progress or (lambda _what, _share: None)
    tell("mapping", 0.0)
    with _Stopwatch(wall_s, "map"):
        placed = map_network(network, chip, choices)
    tell("lowering", 0.0)
    with _Stopwatch(wall_s, "lower"):
        program = lower(placed, chip, multicast=choices.multicast)
    with _Stopwatch(wall_s, "run"):
        single = _run(run_engine, program, 1, "one inference", progress)
        together = _run(run_engine, program, batch, f"batch of {batch}", progress) if batch > 1 else None
    cost = roll_up(chip)
    return Run(
        network=network,
        chip=chip,
        mapping=placed,
        program=program,
        single=single,
        together=together,
        area_mm2=None if cost.root.area_mm2 is None else cost.root.area_mm2 * chip.n_chips,
        parts_without_area=cost.unknown_area,
        options=_record(batch, choices, options),
        wall_s=wall_s,
    )


def _engine(name: str) -> _Engine:
    """The engine's run function; the compiled one is imported only when asked for (it takes a while)."""
    if name == "compiled":
        from .engines import compiled

        return compiled.run
    if name == "reference":
        from .engines import reference

        return reference.run
    raise SimulationError(f"engine: found {name!r}, expected 'compiled' or 'reference'")


def _run(engine: _Engine, program: Program, n: int, what: str, progress: Progress | None) -> EngineResult:
    told = None if progress is None else partial(progress, what)
    return engine(program, n, n_bins=N_BINS, progress=told)


def _record(batch: int, choices: MappingOptions, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options for the provenance. The engine is not among them: both give the same file."""
    return {"batch": batch, "mapping": asdict(choices), **(options or {})}


class _Stopwatch:
    """Adds the seconds spent in a `with` block to an entry of a dict."""

    def __init__(self, wall_s: dict[str, float], key: str) -> None:
        self._wall_s, self._key = wall_s, key

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._wall_s[self._key] = time.perf_counter() - self._start
