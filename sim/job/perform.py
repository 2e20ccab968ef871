"""A Job performed."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, assert_never

from ..errors import SimulationError
from ..figures import FIGURES
from .errors import QuestionError
from .job import Job
from .records import ASKED
from .work import GenerationWork, InferenceWork, LanguageWork, ServingWork, TrainingWork

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ...workloads.graph import Network
    from ...workloads.language_model import LanguageModel
    from ..answers.base import Answer
    from ..answers.run import Run
    from ..mapping.mapping import Mapping as Placed
    from ..operands import OperandSource
    from ..progress import Progress


def perform(
    job: Job,
    progress: Progress | None = None,
    *,
    network: Network | None = None,
    chip: Chip | None = None,
    placed: Placed | None = None,
    operands: OperandSource | None = None,
    unnamed: Collection[str] = (),
) -> Answer:
    """Find out what a Job asks.

    Parameters
    ----------
    job : Job
    progress : callable, optional
        Told how far the simulation is.
    network, chip : optional
        What `job` names, where it has been loaded before.
    placed : Mapping, optional
        What `map_network` gave before for this network, chip and mapping options; for inferences.
    operands : OperandSource, optional
        Data in another form than the file that a Job names.
    unnamed : collection of str
        Fields that the provenance leaves out: "network" or "chip" where it came from no file.

    Returns
    -------
    Answer
        A Run of inferences, a TrainingStep, a Generation or a Serving.

    Raises
    ------
    QuestionError, ConfigError, NetworkError, SimulationError
        The message says where, what was found and what was expected.
    """
    job = job.with_shapes_of_data()
    network = job.load_network() if network is None else network
    chip = job.load_chip() if chip is None else chip
    return _checked(_perform(job, network, chip, progress, placed, operands, unnamed))


def _checked(answer: Answer) -> Answer:
    """An answer all of whose figures are numbers that can be; no line of another is ever printed."""
    for name, number in answer.figures.items():
        least = -math.inf if FIGURES[name].unit == "dB" else 0
        if not least <= number < math.inf:
            raise SimulationError(
                f"{name}: found {number}, expected a finite number, zero or more; some number of the chip is "
                "far outside of what its sums can hold"
            )
    return answer


def _perform(
    job: Job,
    network: Network,
    chip: Chip,
    progress: Progress | None,
    placed: Placed | None,
    operands: OperandSource | None,
    unnamed: Collection[str],
) -> Answer:
    work = job.work
    common: dict[str, Any] = {
        "batch": work.batch,
        "engine": job.engine,
        "noc": job.noc,
        "mapping": job.mapping,
        "options": {name: value for name, value in job.options().items() if name not in unnamed},
        "progress": progress,
    }
    match work:
        case InferenceWork():
            from ..simulate import simulate

            source = job.source() if operands is None else operands
            return simulate(network, chip, arrival=work.arrival, operands=source, placed=placed, **common)
        case TrainingWork():
            from ..training import simulate_training

            return simulate_training(network, chip, epoch_samples=work.epoch_samples, **common)
        case GenerationWork():
            from ..language.generate import generate

            model = language_model(network, chip, work, job.mapping.seed)
            return generate(model, chip, prefill=work.prefill, decode=work.decode, **common)
        case ServingWork():
            from ..language.serving import serve

            model = language_model(network, chip, work, job.mapping.seed)
            common |= {"prefill": work.prefill, "decode": work.decode}
            return serve(model, chip, arrival=work.arrival, requests=work.requests, **common)
        case _:
            assert_never(work)


def run(job: Job, progress: Progress | None = None, **loaded: Any) -> Run:
    """Perform a Job of inferences or of a training step; `loaded` as for `perform`."""
    from ..answers.run import Run

    answer = perform(job, progress, **loaded)
    if not isinstance(answer, Run):
        raise QuestionError(f"found {ASKED[job.work.kind]}, expected inferences or a training step")
    return answer


def language_model(network: Network, chip: Chip, work: LanguageWork, seed: int) -> LanguageModel:
    """The network as a language model, with experts if asked for."""
    from ...workloads.language_model import LanguageModel
    from ...workloads.routing import Routing

    model = LanguageModel.of(network)
    n, chips = work.experts, chip.n_chips
    if n is None:
        return model
    if n % chips and chips % n:
        raise QuestionError(
            f"`experts: {n}` does not divide over {chips} chips; use a multiple or a divisor of {chips}",
            "experts",
        )
    if work.top_k > n:
        raise QuestionError(
            f"`top_k: {work.top_k}`: found more than the {n} experts that there are (`experts: {n}`)", "top_k"
        )
    return model.with_experts(n, work.top_k, Routing.parse(work.routing, n), seed)
