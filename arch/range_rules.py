"""Rules by which the range of an input or of a converter follows from the values that it is calibrated with.

>>> parse("percentile 99.99")
Percentile(share=99.99)
>>> str(parse("least error")), str(parse("deviations 4"))
('least error', 'deviations 4')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

LIMITS_PER_OCTAVE = 16
"""Ranges that are tried for the least error, in each octave."""


@dataclass(frozen=True)
class LeastError:
    """The range with the smallest mean square of what is rounded and clipped."""

    def __str__(self) -> str:
        return "least error"


@dataclass(frozen=True)
class Maximum:
    """The largest magnitude: nothing that was seen is clipped."""

    def __str__(self) -> str:
        return "maximum"


@dataclass(frozen=True)
class Percentile:
    """The magnitude that so many percent of the values do not exceed."""

    share: float

    def __str__(self) -> str:
        return f"percentile {self.share:g}"


@dataclass(frozen=True)
class Deviations:
    """So many root mean squares; ranges are symmetric, so deviations count from zero."""

    number: float

    def __str__(self) -> str:
        return f"deviations {self.number:g}"


Rule = LeastError | Maximum | Percentile | Deviations
EXPECTED = "'least error', 'maximum', 'percentile P' (above 0, up to 100) or 'deviations N' (above 0)"


def parse(text: str) -> Rule:
    """The rule that a text says.

    Raises
    ------
    ValueError
        It says none; what was expected is told.
    """
    number = r"[0-9]*\.?[0-9]+(?:e-?[0-9]+)?"
    words = re.fullmatch(rf"\s*([a-z]+)(?:[ _-]([a-z]+))?(?:\s+({number})\s*%?)?\s*", text)
    name = " ".join(w for w in words.group(1, 2) if w) if words else ""
    given = float(words[3]) if words and words[3] else None
    if name == "least error" and given is None:
        return LeastError()
    if name == "maximum" and given is None:
        return Maximum()
    if name == "percentile" and given is not None and 0 < given <= 100:
        return Percentile(given)
    if name == "deviations" and given is not None and given > 0:
        return Deviations(given)
    raise ValueError(f"found {text!r}, expected {EXPECTED}")


def _plain(text: str) -> str:
    return str(parse(text))


RangeRule = Annotated[
    str,
    Field(strict=True, json_schema_extra={"examples": ["least error", "percentile 99.99"]}),
    AfterValidator(_plain),
]
"""The text of a rule, as a chip file has it."""
