"""Network and chip in, Run out: map, lower, simulate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast, get_args

from .answers.run import Run, Stream
from .arrivals import Arrivals
from .errors import SimulationError
from .mapping.options import MappingOptions
from .metrics.seconds import seconds
from .metrics.throughput import busiest_fs
from .noc.detail import Detail
from .program import MAX_TIME_FS
from .progress import Progress

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network
    from .engines.result import EngineResult
    from .mapping.mapping import Mapping as Placed
    from .operands import OperandSource
    from .program import Program

N_BINS = 128
"""Time bins kept of a run; what utilization and power over time are drawn from."""

MAX_BATCH = 10**7
"""Most inferences of one run: some 200 bytes of times are kept of each."""


class Engine(Protocol):
    """An engine's run function."""

    def __call__(
        self,
        program: Program,
        iterations: int = ...,
        *,
        arrivals_fs: Sequence[int] | None = ...,
        n_bins: int = ...,
        keep_firings: bool = ...,
        keep_path: bool = ...,
        progress: Callable[[float], None] | None = ...,
    ) -> EngineResult: ...


def simulate(
    network: Network,
    chip: Chip,
    *,
    batch: int = 1,
    arrival: str | None = None,
    engine: str | None = None,
    noc: str | None = None,
    mapping: MappingOptions | None = None,
    placed: Placed | None = None,
    operands: OperandSource | None = None,
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
    arrival : str
        The batch arrives over time instead: ``"every 1 ms"``, or ``"poisson 2000/s"`` with the seed of
        `mapping`. It also runs back to back, for the capacity. At least 2 requests.
    engine : {"compiled", "reference"}
        Both give the same result; the reference is slow and readable. Not given: compiled.
    noc : {"packet", "flit", "ideal"}
        Detail of the network; that of the chip (`noc.detail`) if not given, and packet if that says nothing.
    mapping : MappingOptions
    placed : Mapping
        What `map_network` gave before for this network, chip and `mapping`, if it has been called.
    operands : OperandSource
        Data, or means of them, for the energy and time that depend on data (`sim.operands`); the chip's
        stated energies if absent.
    options : dict
        What the inputs were made with (bound dimensions, overrides), for the provenance of the result; JSON
        values.
    progress : callable
        Told how far the simulation is; see `Progress`.

    Raises
    ------
    SimulationError
        An argument is not valid, the network does not fit, an operator has no place, or the mapped program
        cannot run.
    """
    from ..arch import roll_up
    from .confirm import Confirmed, mapped
    from .lowering import lower
    from .partition_choice import settle

    if arrival is not None and batch < 2:
        raise SimulationError(
            f"arrival: found {batch} request, expected at least 2 (`batch: 1000` simulates a thousand)"
        )
    choices = mapping or MappingOptions()
    if chip.noc is not None and not chip.noc.copies:
        choices = replace(choices, multicast=False)
    arrivals = None if arrival is None else Arrivals.parse(arrival)
    arrivals_fs = () if arrivals is None else arrivals.times_fs(batch, choices.seed)
    run_engine, detail = engine_and_detail(engine, noc, chip)
    wall_s: dict[str, float] = {}
    tell = progress or (lambda _what, _share: None)

    def makespan_fs(mapping: Placed) -> int:
        program = lower(mapping, chip, multicast=choices.multicast, detail=detail)
        return _run(run_engine, program, batch, f"{mapping.partition} partition", progress).makespan_fs

    tell("mapping", 0.0)
    with _Stopwatch(wall_s, "map"):
        if choices.partition == "auto":
            choices, placed = settle(
                network, chip, choices, f"batch of {batch}" if batch > 1 else "one inference", makespan_fs
            )
        confirmed = mapped(network, chip, choices) if placed is None else Confirmed(placed)
        placed = confirmed.mapping
    found = None
    if operands is not None:
        with _Stopwatch(wall_s, "operands"):
            found = operands.operands(placed, chip, tell)
    tell("lowering", 0.0)
    with _Stopwatch(wall_s, "lower"):
        program = confirmed.program if detail == "packet" and found is None else None
        program = program or lower(
            placed,
            chip,
            multicast=choices.multicast,
            detail=detail,
            operands=None if found is None else found.layers,
        )
    with _Stopwatch(wall_s, "run"):
        single = _run(run_engine, program, 1, "one inference", progress, keep_path=True)
        _check_duration(program, single, batch)
        together = _run(run_engine, program, batch, f"batch of {batch}", progress) if batch > 1 else None
        stream = None
        if arrivals is not None:
            result = _run(run_engine, program, batch, f"{batch} requests", progress, arrivals_fs)
            stream = Stream(arrivals, arrivals_fs, result)
    cost = roll_up(chip)
    return Run(
        network=network,
        chip=chip,
        mapping=placed,
        program=program,
        single=single,
        together=together,
        stream=stream,
        operands=found,
        area_mm2=None if cost.root.area_mm2 is None else cost.root.area_mm2 * chip.n_chips,
        parts_without_area=cost.unknown_area,
        options=_record(batch, arrivals, choices, {**({"noc": noc} if noc else {}), **(options or {})}),
        wall_s=wall_s,
    )


def engine_and_detail(engine: str | None, noc: str | None, chip: Chip) -> tuple[Engine, Detail]:
    """The engine's run function and the detail of the network, from what was asked for."""
    detail = _detail(noc, chip)
    return _engine(engine or "compiled"), detail


def _detail(asked: str | None, chip: Chip) -> Detail:
    """Detail of the network: as asked for, else as the chip says."""
    found = asked or (chip.noc.detail if chip.noc else None) or "packet"
    for detail in get_args(Detail):
        if detail == found:
            return cast(Detail, detail)
    raise SimulationError(f"noc: found {found!r}, expected {' or '.join(map(repr, get_args(Detail)))}")


def _engine(name: str) -> Engine:
    """The engine's run function; the compiled one is imported only when asked for (it takes a while)."""
    if name == "compiled":
        from .engines import compiled

        return compiled.run
    if name == "reference":
        from .engines import reference

        return reference.run
    raise SimulationError(f"engine: found {name!r}, expected 'compiled' or 'reference'")


def _check_duration(program: Program, single: EngineResult, batch: int) -> None:
    """Raise at once, rather than at the end, if so many inferences take longer than an engine simulates."""
    per_inference_fs = busiest_fs(program, single)
    if (batch - 1) * per_inference_fs > MAX_TIME_FS:
        least_s = seconds(int((batch - 1) * per_inference_fs))
        raise SimulationError(
            f"batch: {batch} inferences take at least {least_s:.3g} s of simulated time, a run goes up to "
            f"{seconds(MAX_TIME_FS):.0f} s; use at most {int(MAX_TIME_FS / per_inference_fs)}"
        )


def _run(
    engine: Engine,
    program: Program,
    n: int,
    what: str,
    progress: Progress | None,
    arrivals_fs: Sequence[int] | None = None,
    *,
    keep_path: bool = False,
) -> EngineResult:
    told = None if progress is None else partial(progress, what)
    return engine(program, n, arrivals_fs=arrivals_fs, n_bins=N_BINS, keep_path=keep_path, progress=told)


def _record(
    batch: int, arrivals: Arrivals | None, choices: MappingOptions, options: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Options for the provenance. The engine is not among them: both give the same file."""
    asked = {} if arrivals is None else {"arrival": str(arrivals)}
    return {"batch": batch, **asked, "mapping": asdict(choices), **(options or {})}


class _Stopwatch:
    """Adds the seconds spent in a `with` block to an entry of a dict."""

    def __init__(self, wall_s: dict[str, float], key: str) -> None:
        self._wall_s, self._key = wall_s, key

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._wall_s[self._key] = time.perf_counter() - self._start
