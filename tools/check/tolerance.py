"""How far a figure may move, and in which direction it is better."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ...arch.nearest import nearest_hint
from ...sim.figures import FAMILIES, Kind, find, names
from .fields import Fields, show

Direction = Literal["lower", "higher", "same"]
DIRECTIONS: tuple[Direction, ...] = ("lower", "higher", "same")
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


def read_metrics(fields: Fields, key: str = "metrics") -> dict[str, Metric]:
    """The metrics of a mapping ``name: 1 %`` or ``name: {tolerance: 1 %, better: lower}``."""
    value = fields.raw(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise fields.error((key,), f"found {show(value)}, expected a mapping such as {{latency_s: 1 %}}")
    return {name: _metric(fields, key, name, given) for name, given in value.items()}


def _metric(fields: Fields, key: str, name: str, given: object) -> Metric:
    problem = unknown(name)
    if problem:
        raise fields.error((key, name), problem)
    better = direction(name)
    if isinstance(given, dict):
        for inner in given:
            if inner not in ("tolerance", "better"):
                hint = nearest_hint(inner, ("tolerance", "better"))
                raise fields.error((key, name, inner), f"unknown field{hint}")
        wanted = given.get("better", better)
        if wanted not in DIRECTIONS:
            raise fields.error(
                (key, name, "better"), f"found {show(wanted)}, expected one of {', '.join(DIRECTIONS)}"
            )
        better, given = wanted, given.get("tolerance", "0 %")
    return Metric(name, _tolerance(fields, key, name, given), better, fields.place(key, name))


def _tolerance(fields: Fields, key: str, name: str, given: object) -> float:
    """A relative tolerance; a plain 0 is allowed, other numbers need their per cent sign."""
    if given == 0 and not isinstance(given, bool):
        return 0.0
    match = _PERCENT.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise fields.error((key, name), f"found {show(given)}, expected a tolerance such as 1 %")
    return float(match.group(1)) / 100


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
