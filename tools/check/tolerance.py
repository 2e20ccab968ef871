"""How far a figure may move, and in which direction it is better."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict, field_validator, model_validator

from ...arch.messages import show
from ...arch.nearest import nearest_hint
from ...sim.figures import FAMILIES, Kind, find, names
from ..documents import FileModel
from .fields import Fields

Direction = Literal["lower", "higher", "same"]
_PERCENT = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*%\s*")

_OF_A_RUN = ("latency_s", "throughput_per_s", "energy_j", "area_mm2")
DEFAULT: dict[Kind, tuple[str, ...]] = {
    "inference": _OF_A_RUN,
    "training": _OF_A_RUN,
    "generation": ("total_s", "tokens_per_s", "energy_j"),
    "serving": ("total_s", "requests.latency_s.p99", "energy_j"),
}
"""Metrics of a case that names none, all with tolerance 0: a simulation gives the same figures every time."""


@dataclass(frozen=True)
class Metric:
    """One figure that is held against its golden value.

    Parameters
    ----------
    name : str
        As in the result file, dots leading inwards: ``latency_s``, ``utilization.adc``,
        ``layers.conv1.energy_j``.
    tolerance : float
        Relative: 0.01 is 1 %.
    better : {"lower", "higher", "same"}
        Only moving the other way is a regression; for "same" moving at all is.
    place : str
        ``file:line`` where the suite names it.
    """

    name: str
    tolerance: float
    better: Direction
    place: str = ""


class MetricFile(FileModel):
    """A metric as a suite says it: ``1 %``, or ``{tolerance: 1 %, better: lower}``."""

    model_config = ConfigDict(title="a tolerance such as 1 %, or {tolerance: 1 %, better: lower}")

    tolerance: float = 0.0
    better: Direction | None = None

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"tolerance": value}

    @field_validator("tolerance", mode="before")
    @classmethod
    def _share(cls, value: Any) -> float:
        """A relative tolerance; a plain 0 is allowed, other numbers need their per cent sign."""
        match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if match is not None:
            return float(match.group(1)) / 100
        if value == 0 and not isinstance(value, bool):
            return 0.0
        raise ValueError(f"found {show(value)}, expected a tolerance such as 1 %")


def read_metrics(fields: Fields, key: str = "metrics") -> dict[str, Metric]:
    """The metrics of a mapping ``name: 1 %`` or ``name: {tolerance: 1 %, better: lower}``."""
    return {name: _metric(fields, key, name) for name in fields.raw(key) or ()}


def _metric(fields: Fields, key: str, name: str) -> Metric:
    wrong = unknown(name)
    if wrong:
        raise fields.error((key, name), wrong)
    given = fields.validated(MetricFile, key, name)
    return Metric(name, given.tolerance, given.better or direction(name), fields.place(key, name))


def unknown(name: str) -> str:
    """What is wrong with the name of a metric; "" if nothing."""
    if find(name) is not None:
        return ""
    first = name.partition(".")[0]
    alike = [family.key for family in FAMILIES if family.key.startswith(f"{first}.")]
    if len(alike) == 1:
        return f"expected a class or part after it, such as {alike[0].replace('*', 'adc')}"
    if alike:
        endings = ", ".join(key.rpartition(".")[2] for key in alike)
        return f"expected {first}.NAME.FIGURE with one of {endings}"
    return f"unknown metric{nearest_hint(name, names())}"


def is_of(name: str, kind: Kind) -> bool:
    """Whether answers of a kind may have a figure."""
    record = find(name)
    return record is not None and kind in record.kinds


def direction(name: str) -> Direction:
    """In which direction a figure is better, unless the suite says otherwise."""
    record = find(name)
    if record is None or record.better is None:
        return "same"
    return "lower" if record.better == "less" else "higher"
