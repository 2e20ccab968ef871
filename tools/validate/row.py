"""One line of the table: a published number, its source and boundary, and how to simulate it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["bookkeeping", "calibrated", "predicted"]

TARGETS: dict[Kind, float] = {"bookkeeping": 0.01, "calibrated": 0.05, "predicted": 0.25}
"""Relative error that a row of this kind should keep, unless it says otherwise."""

EXPLAIN_ABOVE = 0.25
"""A predicted row that is off by more says why."""


@dataclass(frozen=True)
class Row:
    """A published number beside a simulated one.

    Parameters
    ----------
    chip : str
        Preset it belongs to.
    quantity, unit : str
    published : float or (float, float)
        In `unit`; two ends of a range (0 or infinity where the source says "below" or "above").
    source, boundary : str
        Literature, and what the figure includes.
    kind : {"bookkeeping", "calibrated", "predicted"}
        bookkeeping: a sum of given parts. calibrated: the figure, or another that fixes it, was an input of
        the preset. predicted: it was not.
    simulated : callable
        Makes the number, in `unit`, from the name of the chip: by a run or a roll-up.
    target : float, optional
        Relative error that a good result keeps; that of the kind if not given.
    band : (float, float), optional
        Relative errors that the row may have without being reported as broken; ± target if not given. Wider
        for predictions that are known to miss, which then say why.
    why : str
        For a prediction off by more than 25 %: the reason, in one sentence.
    """

    chip: str
    quantity: str
    unit: str
    published: float | tuple[float, float]
    source: str
    boundary: str
    kind: Kind
    simulated: Callable[[str], float]
    target: float | None = None
    band: tuple[float, float] | None = None
    why: str = ""


@dataclass(frozen=True)
class RowOutcome:
    """A row with what came out.

    Parameters
    ----------
    row : Row
    value : float
        Simulated, in the row's unit.
    """

    row: Row
    value: float

    @property
    def error(self) -> float:
        """Relative error; 0 inside a published range, to its nearer end outside."""
        published = self.row.published
        if isinstance(published, tuple):
            low, high = published
            if low <= self.value <= high:
                return 0.0
            published = low if self.value < low else high
        return self.value / published - 1

    @property
    def target(self) -> float:
        """Relative error that a good result keeps."""
        return TARGETS[self.row.kind] if self.row.target is None else self.row.target

    @property
    def on_target(self) -> bool:
        """Whether the error is as small as it should be."""
        return abs(self.error) <= self.target

    @property
    def in_band(self) -> bool:
        """Whether the error is where it is known to be."""
        low, high = self.row.band or (-self.target, self.target)
        return low <= self.error <= high


@dataclass(frozen=True)
class Prediction:
    """A number for which no published one was looked at.

    Parameters
    ----------
    chip, quantity, unit : str
    assumptions : str
        What it rests on, beyond the preset.
    simulated : callable
        Makes it from the name of the chip.
    """

    chip: str
    quantity: str
    unit: str
    assumptions: str
    simulated: Callable[[str], float]

    @property
    def key(self) -> str:
        """Name in the file of frozen predictions."""
        return f"{self.chip}: {self.quantity} [{self.unit}]"
