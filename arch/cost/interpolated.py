"""An energy on the straight line between two known ones, as data-dependent energies are given."""

from __future__ import annotations

from ..units import ENERGY
from .model import Model, Parameter


def energy_j(low: float, high: float, at: float) -> float:
    """``low + at * (high - low)``."""
    return low + at * (high - low)


MODEL = Model(
    name="interpolated",
    about="An energy between two known ones: 0 gives `low`, 1 gives `high`.",
    source="linear interpolation",
    costs={"energy": energy_j},
    parameters=(
        Parameter("low", "energy at 0", ENERGY),
        Parameter("high", "energy at 1", ENERGY),
        Parameter("at", "where between them", high=1),
    ),
)
