"""Requests to a language model over time, served by continuous batching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..arrivals import Arrivals
from ..errors import SimulationError
from ..mapping.options import MappingOptions
from ..metrics.requests import Distribution
from ..metrics.seconds import FS_PER_S, seconds
from .generate import record
from .phases import Setting
from .scheduler import Iteration, Served, schedule
from .step_times import StepTimes

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from ...arch.chip import Chip
    from ...workloads.language_model import LanguageModel

Progress = Callable[[str, float], None]
N_CHECKED = 6
"""Iterations simulated as they were, for the error of the interpolation."""


@dataclass(frozen=True, eq=False)
class Serving:
    """What happened to the requests.

    Parameters
    ----------
    model : LanguageModel
    chip : Chip
    arrivals : Arrivals
    n_prefill, n_decode, most_running : int
        Tokens of each prompt and made after it; sequences of an iteration at most.
    n_params : int
    requests : tuple of Served
    iterations : tuple of Iteration
    capacity_per_s : float
        Requests per second when all of them are there from the beginning: the rate while the batch is full.
    energy_j : float
    n_simulated : int
        Programs run for the times of the iterations.
    error : tuple of float
        Mean and largest relative error of the iterations' times, by simulating some; 0 where all were.
    options : dict
        Everything else that the result depends on, for the provenance; JSON values.
    """

    model: LanguageModel
    chip: Chip
    arrivals: Arrivals
    n_prefill: int
    n_decode: int
    most_running: int
    n_params: int
    requests: tuple[Served, ...]
    iterations: tuple[Iteration, ...]
    capacity_per_s: float
    energy_j: float
    n_simulated: int
    error: tuple[float, float]
    options: Dict[str, Any] = field(default_factory=dict)

    @cached_property
    def time_to_first_token(self) -> Distribution:
        """From arrival to first token, queueing included."""
        return Distribution.of([r.first_token_fs for r in self.requests])

    @cached_property
    def time_per_token(self) -> Distribution | None:
        """From token to token, over all requests; None where each has only one."""
        gaps = [b - a for r in self.requests for a, b in zip(r.token_fs, r.token_fs[1:], strict=False)]
        return Distribution.of(gaps) if gaps else None

    @cached_property
    def latency(self) -> Distribution:
        """From arrival to last token."""
        return Distribution.of([r.latency_fs for r in self.requests])

    @cached_property
    def queueing(self) -> Distribution:
        """From arrival to the first iteration."""
        return Distribution.of([r.queueing_fs for r in self.requests])

    @property
    def total_s(self) -> float:
        """From the first arrival to the last token."""
        return seconds(self.iterations[-1].begin_fs + self.iterations[-1].time_fs)

    @property
    def tokens_per_s(self) -> float:
        """Tokens made over the whole time."""
        return len(self.requests) * self.n_decode / self.total_s

    @property
    def served_per_s(self) -> float:
        """Requests finished over the whole time."""
        return len(self.requests) / self.total_s

    @property
    def energy_per_token_j(self) -> float:
        """Energy of everything, idle time included, over the tokens made."""
        return self.energy_j / (len(self.requests) * self.n_decode)

    @property
    def mean_running(self) -> float:
        """Sequences in an iteration, averaged over the time of the iterations."""
        time_fs = sum(i.time_fs for i in self.iterations)
        return sum((len(i.contexts) + i.n_prompts) * i.time_fs for i in self.iterations) / time_fs

    @property
    def is_saturated(self) -> bool:
        """Whether more is offered than can be served, so that the queue grows without end."""
        return self.arrivals.offered_per_s > self.capacity_per_s

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON object; `serving_report` documents its keys."""
        from .serving_report import to_json

        return to_json(self)

    @property
    def verdict(self) -> str:
        """A sentence on load and capacity."""
        offered, capacity = self.arrivals.offered_per_s, self.capacity_per_s
        if self.is_saturated:
            return (
                f"saturated: {offered:.3g} requests/s are offered, {capacity:.3g}/s can be served; the queue "
                "grows, and latencies with every request"
            )
        part = f"{100 * offered / capacity:.3g} %"
        return f"the load is {part} of what can be served: the queue does not grow for good"


def serve(
    model: LanguageModel,
    chip: Chip,
    *,
    arrival: str,
    requests: int = 100,
    prefill: int = 1,
    decode: int = 1,
    batch: int = 8,
    exact: bool = False,
    engine: str | None = None,
    noc: str | None = None,
    mapping: MappingOptions | None = None,
    options: Dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Serving:
    """Serve requests that arrive over time.

    Parameters
    ----------
    arrival : str
        ``"poisson 20/s"`` or ``"every 50 ms"``, with the seed of `mapping`.
    requests : int
    prefill, decode : int
        Tokens of each prompt, and to be made after it.
    batch : int
        Sequences that run at a time, at most.
    exact : bool
        Simulate every iteration as it is, instead of interpolating between contexts (`step_times`).
    engine, noc, mapping, options, progress
        As for `simulate`.

    Raises
    ------
    NetworkError
        More positions than the model has.
    SimulationError
        An argument is not valid; the network does not fit, or cannot run.
    """
    from ..simulate import engine_and_detail

    for name, value in (("prefill", prefill), ("decode", decode), ("batch", batch), ("requests", requests)):
        if value < 1:
            raise SimulationError(f"{name}: found {value}, expected at least 1")
    model.check_positions(prefill + decode - 1, f"a prompt of {prefill} with {decode} decoded tokens")
    choices, arrivals = mapping or MappingOptions(), Arrivals.parse(arrival)
    times_fs = arrivals.times_fs(requests, choices.seed)
    run_engine, detail = engine_and_detail(engine, noc, chip)
    tell = progress or (lambda _what, _share: None)
    tell("mapping", 0.0)
    setting = Setting.of(model, chip, prefill, choices, detail, run_engine)
    times = StepTimes(setting, prefill, prefill + decode - 2, exact)

    n_tokens = 0

    def step_fs(contexts: tuple[int, ...], n_prompts: int) -> int:
        nonlocal n_tokens
        n_tokens += len(contexts) + n_prompts
        tell(f"{len(times.simulated)} iterations simulated", n_tokens / (2 * requests * decode))
        return times(contexts, n_prompts)

    served, iterations = schedule(times_fs, prefill, decode, batch, step_fs)
    at_once, _ = schedule([0] * requests, prefill, decode, batch, step_fs)
    error = (0.0, 0.0) if exact else times.error(iterations, N_CHECKED)
    steps = [times.step(i.contexts, i.n_prompts) for i in iterations]
    end_fs = iterations[-1].begin_fs + iterations[-1].time_fs
    energy_j = sum(s.dynamic_j for s in steps) + steps[0].static_w * end_fs / FS_PER_S
    capacity = requests * FS_PER_S / max(r.token_fs[-1] for r in at_once)
    return Serving(
        model, chip, arrivals, prefill, decode, batch, setting.base.network.params, tuple(served),
        tuple(iterations), capacity, energy_j, len(times.simulated), error, record(choices, options),
    )  # fmt: skip
