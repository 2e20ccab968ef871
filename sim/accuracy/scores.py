"""Metrics by name, and functions of one's own by path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...arch.nearest import nearest_hint
from ..errors import SimulationError
from .by_path import loaded
from .metrics import (
    Array,
    Labels,
    Measure,
    agreement,
    auc,
    mean_average_precision,
    of_pixels,
    of_texts,
    perplexity,
    sequence_errors,
    spearman,
    sqnr_db,
    top,
)


@dataclass(frozen=True)
class Score:
    """What is measured.

    Parameters
    ----------
    name : str
    measure : callable
    unit : {"share", "dB", "number"}
    lower : bool
        Whether less is better.
    """

    name: str
    measure: Measure
    unit: Literal["share", "dB", "number"] = "share"
    lower: bool = False

    def loss(self, before: float, after: float) -> float:
        """How much worse `after` is."""
        return after - before if self.lower else before - after


PLAIN: Mapping[str, Score] = {
    m.name: m
    for m in (
        Score("agreement", agreement),
        Score("pixel_agreement", of_pixels(agreement, "pixel_agreement")),
        Score("sqnr", sqnr_db, "dB"),
        Score("spearman", spearman, "number"),
        Score("auc", auc),
        Score("map", mean_average_precision),
        Score("perplexity", perplexity, "number", lower=True),
        Score("ser", sequence_errors, lower=True),
    )
}
NAMES = ("topK", "pixel_topK", *PLAIN, "cer", "wer", "FILE.py:FUNCTION")
"""As people may say them."""


def score_of(text: str) -> Score:
    """The metric that a text names.

    ``top1``, ``pixel_top1``, ``cer:blank=28``, ``wer:blank=0,space=1``, one of `PLAIN`, or a function like
    them: ``judge.py:score`` or ``package.module:score``.
    """
    if found := re.fullmatch(r"(pixel_)?top([1-9][0-9]{0,5})", text):
        measure = top(int(found[2]))
        return Score(text, of_pixels(measure, text) if found[1] else measure)
    name, _, rest = text.partition(":")
    if name in ("cer", "wer"):
        return Score(text, of_texts(name, _options(text, rest)), lower=True)
    if text in PLAIN:
        return PLAIN[text]
    if rest:
        return Score(text, _function(name, rest, text), "number")
    known = (*PLAIN, "top1", "top5", "cer", "wer")
    raise SimulationError(
        f"metric: found {text!r}, expected one of {', '.join(NAMES)}{nearest_hint(text, known)}"
    )


def _options(text: str, rest: str) -> dict[str, int]:
    found = {}
    for part in filter(None, rest.split(",")):
        match = re.fullmatch(r"\s*(blank|space)=([0-9]+)\s*", part)
        if match is None:
            raise SimulationError(f"metric {text!r}: found {part!r}, expected blank=CLASS or space=CLASS")
        found[match[1]] = int(match[2])
    return found


def _function(place: str, name: str, text: str) -> Measure:
    """A function of a file, or of a module that can be imported."""
    found = loaded(place, name, f"metric {text!r}")
    if not callable(found):
        raise SimulationError(f"metric {text!r}: {name!r} of {place!r} is no function")

    def measure(output: Array, reference: Array, labels: Labels | None) -> float:
        value = found(output, reference, labels)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise SimulationError(f"metric {text!r}: found {value!r}, expected a number") from None

    return measure
