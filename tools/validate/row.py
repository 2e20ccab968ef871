"""One line of the table: a published number, its source and boundary, and how to simulate it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["identity", "calibrated", "predicted"]

TARGETS: dict[Kind, float] = {"identity": 0.01, "calibrated": 0.05, "predicted": 0.25}
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
    kind : {"identity", "calibrated", "predicted"}
        identity: arithmetic on what the preset was given, or a published side that is computed from another
        published figure; that they agree says nothing about the model. calibrated: the figure, or another
        that fixes it, was an input of the preset. predicted: neither.
    simulated : callable
        Makes the number, in `unit`, from the name of the chip: by a run or a roll-up.
    free : int
        Figures behind it that nothing published fixes: fitted to a measurement on the same chip, or assumed
        and moving it by a thousandth or more when they change by a tenth. None behind an identity, at least
        the one that calibrates a calibrated row.
    by : str
        The one degree of freedom that decides it: rows of one chip that name the same count once.
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
    free: int = 0
    by: str = ""
    target: float | None = None
    band: tuple[float, float] | None = None
    why: str = ""

    @property
    def n_free(self) -> int:
        """Free figures behind it."""
        return max(self.free, 1 if self.kind == "calibrated" else 0)

    @property
    def preset(self) -> str:
        """Name of the chip without its mode and its number."""
        return self.chip.partition("@")[0].partition(" ")[0]


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
class Score:
    """How good predictions are, identities and calibrated rows left out.

    Parameters
    ----------
    rows, on_target : int
        Predicted rows, and those on target.
    degrees, degrees_on_target : int
        Degrees of freedom that decide them, and those of which every row is on target.
    """

    rows: int
    on_target: int
    degrees: int
    degrees_on_target: int

    @staticmethod
    def of(outcomes: Sequence[RowOutcome]) -> Score:
        """The score of some rows."""
        predicted = [o for o in outcomes if o.row.kind == "predicted"]
        degrees: dict[tuple[str, str], bool] = {}
        for i, o in enumerate(predicted):
            key = (o.row.preset, o.row.by or f"row {i}")
            degrees[key] = degrees.get(key, True) and o.on_target
        on_target = sum(o.on_target for o in predicted)
        return Score(len(predicted), on_target, len(degrees), sum(degrees.values()))


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
