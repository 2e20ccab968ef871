"""What is published about a chip as a whole. Nothing is computed from it; it is held against the parts."""

from __future__ import annotations

from pydantic import Field

from .component import Component
from .quantities import AreaMm2, PowerW, ThroughputPerS


class Stated(Component):
    """Totals of one chip, as published."""

    power_w: PowerW | None = Field(None, alias="power", description="Peak power of one chip.")
    area_mm2: AreaMm2 | None = Field(None, alias="area", description="Area of one chip.")
    peak_per_s: ThroughputPerS | None = Field(
        None, alias="peak", description="Peak operations per second of one chip; one MAC is two operations."
    )
