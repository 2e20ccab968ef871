"""What crossbars share beyond their tile: stream interfaces, banks of drivers or converters, controllers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .component import Idling
from .quantities import Count, EnergyJ, TimeOrZeroFs


class Port(Idling):
    """One thing in front of several crossbars, which it serves one after the other.

    A layer whose product takes several crossbars behind one port passes it that many times. `crossbars` are
    neighbours in the order of the tiles, wherever the borders of the tiles are.
    """

    name: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        description="Name of the port."
    )
    kind: Literal["stream", "dac", "adc", "controller"] = Field(
        description="How long a vector keeps it: stream, `time` before the product, which then no longer "
        "needs it; dac, a bank of drivers, `time` and all reads of the product; adc, a bank of converters, "
        "`time` and the conversions of all reads; controller, `time`, the reads and the conversions."
    )
    crossbars: Count = Field(description="Neighbouring crossbars of one chip that stand behind one port.")
    time_fs: TimeOrZeroFs = Field(
        0, alias="time", description="Its own time for the vector of one crossbar, before the crossbar reads."
    )
    energy_j: EnergyJ | None = Field(None, alias="energy", description="The vector of one crossbar.")
    arbitration: Literal["fcfs", "round_robin", "age"] | None = Field(
        None,
        description="Which layer goes next: fcfs (if absent) the first come, round_robin one after the "
        "other, age whose inference arrived first.",
    )

    @property
    def in_turn(self) -> bool:
        """Whether the crossbars behind it work one after the other, rather than only get their vectors so."""
        return self.kind != "stream"

    def busy_fs(self, product_fs: int) -> int:
        """How long the product of one crossbar keeps it."""
        return self.time_fs + (product_fs if self.in_turn else 0)

    def of_chip(self, n_crossbars: int) -> int:
        """How many there are of it in front of the crossbars of one chip."""
        return -(-n_crossbars // self.crossbars)
