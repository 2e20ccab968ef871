"""The rows of one `ohmsum accuracy`: chips x conditions, and the search for layers to keep digital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...arch import Chip
from ...sim.progress import Progress, silent
from ..errors import UsageError

if TYPE_CHECKING:
    from ...sim.accuracy.conditions import Conditions
    from ...sim.accuracy.data import Data
    from ...sim.accuracy.scores import Score
    from ...sim.accuracy.search import DigitalChoice
    from ...sim.accuracy.search_bits import BitsChoice
    from ...sim.accuracy.study import Outcome, Study
    from ...sim.job.job import Job
    from ...workloads.graph import Network


@dataclass(frozen=True)
class AccuracyPlan:
    """What is asked for.

    Parameters
    ----------
    job : Job
        Network and mapping; the chips are beside it.
    chips : list of (value, Chip)
        The value of the varied field, and the chip with it.
    conditions : list of Conditions
        Beside the ideal one, which is always there.
    loss : float or None
        Search the layers to keep digital for this loss.
    bits_loss : float or None
        Search bits of every layer for this loss.
    """

    job: Job
    data: Path
    chips: Sequence[tuple[str, Chip]]
    conditions: Sequence[Conditions]
    seeds: Sequence[int]
    metric: Score
    loss: float | None = None
    bits_loss: float | None = None
    samples: int | None = None


@dataclass
class Result:
    """What came out; rows in the order of the plan."""

    network: Network
    float_value: float
    n_samples: int
    mapping_error: float
    device: str
    rows: list[tuple[str, Outcome]] = field(default_factory=list)
    choices: list[DigitalChoice] = field(default_factory=list)
    bits: list[tuple[Chip, BitsChoice]] = field(default_factory=list)


def compute(plan: AccuracyPlan, progress: Progress | None = None) -> Result:
    """Run everything that the plan says."""
    result: Result | None = None
    study: Study | None = None
    for value, chip in plan.chips:
        network, study = study_of(plan, chip, progress, study)
        if plan.conditions[0].irdrop == "exact" and not study.precision.wire:
            raise UsageError(
                f"--irdrop exact: chip {chip.name!r} has perfect wires, expected a resistance: "
                "--set tile.crossbar.wire_resistance='1 Ohm'"
            )
        if result is None:
            result = Result(network, study.float_value, study.data.n, study.mapping_error, study.devices)
        for conditions in _conditions(plan, study.noisy, study.imperfect):
            result.rows.append((value, study.evaluate(conditions, plan.seeds, progress=progress)))
        if plan.loss is not None:
            result.choices += _search(plan, study, progress)
        if plan.bits_loss is not None:
            from .bits import search

            result.bits.append((chip, search(plan, chip, study, progress or silent)))
    assert result is not None
    return result


def _conditions(plan: AccuracyPlan, noisy: bool, imperfect: bool) -> list[Conditions]:
    """Rows with ideal devices and the wanted ones; an ideal device has no age, its wires and converter may
    be worth a calibration.
    """
    ideal = [replace(c, noise=False, yield_fraction=1.0, time_s=0.0) for c in plan.conditions]
    ideal = list(dict.fromkeys(ideal)) if imperfect else ideal[:1]
    rest = [c for c in plan.conditions if c.noise and noisy]
    if not rest and plan.conditions[0].yield_fraction < 1:
        rest = [replace(plan.conditions[0], noise=False)]
    return [*ideal, *rest]


def _search(plan: AccuracyPlan, study: Study, progress: Progress | None) -> list[DigitalChoice]:
    from ...sim.accuracy.search import find_digital

    return find_digital(study, plan.conditions[-1], plan.seeds, plan.loss or 0.0, progress)


def study_of(
    plan: AccuracyPlan, chip: Chip, progress: Progress | None = None, like: Study | None = None
) -> tuple[Network, Study]:
    """The network mapped on a chip as `ohmsum run` maps it, less what does not change the arithmetic.

    Parameters
    ----------
    like : Study, optional
        Of the same plan on another chip, whose calibration may serve here too.
    """
    from ...sim.accuracy.data import load_data
    from ...sim.accuracy.functional import Functional
    from ...sim.accuracy.model import is_recurrent, load_model
    from ...sim.accuracy.study import Study
    from ...sim.mapping import map_network

    job, source = plan.job, plan.job.model_source()
    model, _ = load_model(source)
    stored = {t.name for t in model.graph.initializer}
    data = load_data(plan.data, [v for v in model.graph.input if v.name not in stored])
    if plan.samples is not None:
        data = data.some(plan.samples, in_order=is_recurrent(model))
    shapes = {name: shape for name, shape in _one_run(data).items() if shape}
    network = job.model_copy(update={"input": {**shapes, **job.input}}).load_network()
    options = replace(job.mapping, replicate=False, placement="linear")
    if options.partition == "auto":  # either has the same blocks
        options = replace(options, partition="pipeline")
    mapping = map_network(network, chip, options)
    functional = Functional(source, mapping)
    tell = progress or silent
    return network, Study(functional, mapping, chip, data, plan.metric, progress=tell, like=like)


def _one_run(data: Data) -> dict[str, tuple[int, ...]]:
    """Shapes of the inputs of one inference: one sample, or the batch that the network fixes."""
    return {
        name: a.shape if name in data.shared else (data.step or 1, *a.shape[1:])
        for name, a in data.arrays.items()
    }
