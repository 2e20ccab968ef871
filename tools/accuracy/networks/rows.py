"""The rows of the table: computed once, kept in files, so that an interrupted table goes on where it was."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .... import arch, workloads
from ....sim.accuracy.conditions import Conditions
from ....sim.accuracy.metrics import mean_and_interval
from ....sim.accuracy.scores import Score, score_of
from ....sim.accuracy.study import Study
from ....sim.job.job import Job
from ....sim.mapping import MappingOptions
from ...output_file import OutputFile
from ..rows import AccuracyPlan, study_of
from .catalogue import Case
from .measures import worst_deviation
from .prepared import Prepared

CHIP = "hermes-64"
DAY_S = 86400.0
ADC_BITS = range(4, 11)
ADC_SEEDS = 3
EIGHT_BITS = {
    "tile.crossbar.cell.model": "null",
    "tile.weights.bits": "8",
    "tile.crossbar.cell.bits": "8",
}
ENOUGH_BITS = {
    "tile.crossbar.cell.model": "null",
    **dict.fromkeys(("tile.weights.bits", "tile.crossbar.cell.bits"), "24"),
    **dict.fromkeys(("tile.dac.bits", "tile.dac.slice_bits", "tile.adc.bits"), "24"),
    **dict.fromkeys(("tile.dac.range_rule", "tile.adc.range_rule"), "maximum"),
}
IDEAL = Conditions(noise=False)
AGED = {
    (name, compensation): Conditions(time_s=seconds, compensation=compensation)
    for name, seconds in (("1 s", 1.0), ("1 day", DAY_S), ("30 days", 30 * DAY_S))
    for compensation in ("drift", "off")
}


@dataclass(frozen=True)
class Row:
    """What is computed for one figure of the table.

    Parameters
    ----------
    key : its name in the table
    seeds : chips drawn
    changes : fields of the chip by path
    exact : the proof of the mapping: deviation of the outputs in place of the network's metric
    digital : ONNX operator class kept off the crossbars ("depthwise"), or ""
    """

    key: str
    conditions: Conditions
    changes: dict[str, str] = field(default_factory=dict)
    samples: int | None = None
    seeds: int = 1
    exact: bool = False
    digital: str = ""


@dataclass(frozen=True)
class Figure:
    """A computed row.

    Parameters
    ----------
    values : one per chip drawn
    n_samples, float_value, mapping_error : of the study
    cpu_s : processor time, calibration included
    """

    values: list[float]
    n_samples: int
    float_value: float
    mapping_error: float
    cpu_s: float

    @property
    def mean(self) -> float:
        """Over the chips drawn."""
        return mean_and_interval(self.values)[0]

    @property
    def interval(self) -> float | None:
        """Half of the 95 % confidence interval of the mean over chips."""
        return mean_and_interval(self.values)[1]


def condition_rows(case: Case) -> list[Row]:
    """Rows of conditions; those of one chip and data side by side, so that they share its calibration."""
    rows = [
        Row("enough bits", IDEAL, ENOUGH_BITS, case.samples_ideal, exact=True),
        Row("8 bits", IDEAL, EIGHT_BITS, case.samples),
        Row("8 bits, one range", IDEAL, {**EIGHT_BITS, "tile.adc.range": "crossbar"}, case.samples),
    ]
    n, aged = case.samples, AGED.items()
    rows += [Row(f"{name}, {kind}", c, {}, n, case.seeds) for (name, kind), c in aged]
    if case.depthwise:
        rows += [
            Row("8 bits, depthwise digital", IDEAL, EIGHT_BITS, n, digital="depthwise"),
            Row("1 day, depthwise digital", AGED["1 day", "drift"], {}, n, case.seeds, digital="depthwise"),
        ]
    return rows


def bit_rows(case: Case) -> list[Row]:
    """Rows of converter bits."""
    rows = []
    for bits in ADC_BITS:
        changes = {"tile.adc.bits": str(bits)}
        rows.append(Row(f"{bits} bits, ideal", IDEAL, changes, case.samples_adc))
        rows.append(Row(f"{bits} bits, 1 day", AGED["1 day", "drift"], changes, case.samples_adc, ADC_SEEDS))
    return rows


def figures(
    case: Case, rows: list[Row], prepared: Prepared, folder: Path, told: Callable[[str], None]
) -> Iterator[tuple[Row, Figure]]:
    """Rows of a network, each from its file in `folder` where it has been computed before."""
    files = hashlib.sha256(prepared.network.read_bytes() + prepared.data.read_bytes()).hexdigest()
    live = _Live(case, prepared)
    for row in rows:
        identity = json.dumps([CHIP, files, case.metric, case.chips, asdict(row)], sort_keys=True)
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        path = folder / f"{case.key}-{name}.json"
        if not path.is_file():
            started = time.process_time()
            values, study = live.values(row)
            figure = Figure(
                values,
                study.data.n,
                study.float_value,
                study.mapping_error,
                time.process_time() - started,
            )
            with OutputFile("--out", path) as file:
                file.write(json.dumps({"row": row.key, **asdict(figure)}, indent=1) + "\n")
            told(f"{case.title}: {row.key}: {figure.mean:.4g}  ({figure.cpu_s:.0f} s)")
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        del kept["row"]
        yield row, Figure(**kept)


class _Live:
    """The study that the last row needed, calibrated once for rows side by side."""

    def __init__(self, case: Case, prepared: Prepared) -> None:
        self.case, self.prepared = case, prepared
        self.key: object = None
        self.study: Study | None = None

    def values(self, row: Row) -> tuple[list[float], Study]:
        """The metric for every seed."""
        key = (sorted(row.changes.items()), row.samples, row.exact, row.digital)
        if key != self.key or self.study is None:
            self.study, self.key = None, key  # one study's memory at a time
            self.study = self._study(row)
        outcome = self.study.evaluate(row.conditions, range(row.seeds), layers=False)
        return list(outcome.values), self.study

    def _study(self, row: Row) -> Study:
        changes = {"chips.count": str(self.case.chips), **row.changes}
        chip = arch.load(CHIP, overrides=changes)
        digital = _depthwise(self.prepared) if row.digital else ()
        job = Job(network=str(self.prepared.network), chip=CHIP, mapping=MappingOptions(digital=digital))
        plan = AccuracyPlan(
            job=job,
            data=self.prepared.data,
            chips=[("", chip)],
            conditions=[row.conditions],
            seeds=range(row.seeds),
            metric=_score(self.case, row.exact),
            samples=row.samples,
        )
        return study_of(plan, chip)[1]


def _score(case: Case, exact: bool) -> Score:
    if exact:
        return Score("deviation", worst_deviation, "number", lower=True)
    return score_of(case.metric) if case.measure is None else Score(case.metric, case.measure)


def _depthwise(prepared: Prepared) -> tuple[str, ...]:
    """Names of the convolutions in groups; all inputs of the network are data."""
    with np.load(prepared.data) as file:
        shapes = {name: (1, *file[name].shape[1:]) for name in file.files if name != "labels"}
    network = workloads.load(prepared.network, input_shapes=shapes)
    return tuple(o.name for o in network.operators if o.matrix is not None and o.matrix.groups > 1)
