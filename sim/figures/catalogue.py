"""The one list of figures, in the order in which results, tables and comparisons give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .families import FAMILIES
from .language_figures import LANGUAGE, REQUESTS, TIMES
from .record import Family, Figure, Kind, Number
from .run_figures import RUN, SWAP, TRAINING

if TYPE_CHECKING:
    from ..answers.base import Answer

FIGURES: dict[str, Figure] = {
    figure.key: figure for figure in (*RUN, *LANGUAGE, *TIMES, *REQUESTS, *SWAP, *TRAINING)
}
"""Numbers of a whole answer, by key."""


def find(name: str) -> Figure | Family | None:
    """The record of a figure: ``latency_s``, ``requests.latency_s.p99``, ``utilization.adc``,
    ``layers.conv1.energy_j``; None if there is none of that name.
    """
    figure = FIGURES.get(name)
    return figure or next((family for family in FAMILIES if family.member(name) is not None), None)


def names(kind: Kind | None = None) -> list[str]:
    """Keys of all records, of one kind of answers or of all."""
    records: list[Figure | Family] = [*FIGURES.values(), *FAMILIES]
    return [record.key for record in records if kind is None or kind in record.kinds]


def of_answer(answer: Answer) -> dict[str, Number]:
    """All numbers of a whole answer that are known, by key."""
    found = {key: figure.of(answer) for key, figure in FIGURES.items()}
    return {key: value for key, value in found.items() if value is not None}


def value(answer: Answer, name: str) -> Number | None:
    """One figure of an answer, of the whole or of a part; None where it does not have it."""
    record = find(name)
    if isinstance(record, Figure):
        return record.of(answer)
    parts = None if record is None else record.of(answer)
    return None if record is None or parts is None else parts.get(record.member(name) or "")


def of_result(result: Mapping[str, Any]) -> dict[str, Number]:
    """All numbers of a whole answer that a result object (a JSON file, read back) has."""
    found = {key: _inside(result, key) for key in FIGURES}
    return {key: value for key, value in found.items() if value is not None}


def _inside(result: Mapping[str, Any], key: str) -> Number | None:
    value: Any = result
    for step in key.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def put(figures: Mapping[str, Number]) -> dict[str, Any]:
    """Figures as nested objects, each at the place that its key names."""
    whole: dict[str, Any] = {}
    for key, number in figures.items():
        *outer, last = key.split(".")
        inner = whole
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[last] = number
    return whole
