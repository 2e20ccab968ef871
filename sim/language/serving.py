"""Requests to a language model over time, served by continuous batching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers.serving import Serving
from ..arrivals import Arrivals
from ..mapping.options import MappingOptions
from ..metrics.breakdown import Breakdown
from ..metrics.seconds import FS_PER_S
from ..progress import Progress
from .generate import record
from .phases import Setting
from .scheduler import schedule
from .step_times import StepTimes

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from ...arch.chip import Chip
    from ...workloads.language_model import LanguageModel

N_CHECKED = 6
"""Iterations simulated as they were, for the error of the interpolation."""


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
        An arrival is not valid; the network does not fit, or cannot run.
    """
    from ..simulate import engine_and_detail

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
    energy_j = sum(s.dynamic_j for s in steps) + sum(steps[0].static_w.values()) * end_fs / FS_PER_S
    still = Breakdown.still(steps[0].static_w, end_fs / FS_PER_S)
    breakdown = Breakdown.total([(1, still), *((1, step.breakdown) for step in steps)])
    capacity = requests * FS_PER_S / max(r.token_fs[-1] for r in at_once)
    return Serving(
        model, chip, arrivals, prefill, decode, batch, setting.base.network.params, tuple(served),
        tuple(iterations), capacity, energy_j, breakdown, len(times.simulated), error,
        record(choices, options),
    )  # fmt: skip
