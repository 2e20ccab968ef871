"""What a crossbar needs beyond inference, so that a network can be trained on it.

The error goes backwards through the same cells, read from their columns; then the cells are written. Either
a rank-one update is made in the array by coinciding pulses on rows and columns (Gokmen and Vlasov, Front.
Neurosci. 10:333, 2016), or gradients are summed up digitally and the cells are programmed and verified row by
row (Nandakumar et al., Front. Neurosci. 14:406, 2020).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .component import Component
from .quantities import Count, EnergyJ, TimeFs

Fraction = Annotated[float, Field(strict=True, gt=0, le=1)]
"""A share above 0 and at most 1."""
Writes = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
"""A number of writes; larger than a `Count` may be."""


class Transposed(Component):
    """Reading an array from its columns: the drivers and converters of the tile serve both directions."""

    read_time_fs: TimeFs = Field(
        alias="read_time", description="One read of the whole array from its columns, one slice and phase."
    )
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One such read.")


class Update(Component):
    """How the cells of a crossbar take in a gradient."""

    kind: Literal["pulses", "program_verify"] = Field(
        description="pulses: outer product of the stored activation and the error by coinciding pulses, "
        "after each token; program_verify: gradients of a batch are summed up digitally, then rows are "
        "written with the crossbar's write_time and write_energy."
    )
    pulses: Count | None = Field(
        None, description="Pulses of the train on a row or column in one update (kind pulses)."
    )
    pulse_time_fs: TimeFs | None = Field(
        None, alias="pulse_time", description="One pulse with its pause (kind pulses)."
    )
    polarities: Count = Field(
        1, le=2, description="Trains one after the other: 2 where cells are raised and lowered apart."
    )
    energy_j: EnergyJ | None = Field(
        None, alias="energy", description="One cell by one coincidence of pulses (kind pulses)."
    )
    line_energy_j: EnergyJ | None = Field(
        None, alias="line_energy", description="One row or column driven by one pulse (kind pulses)."
    )
    activity: Fraction = Field(
        1.0,
        description="Share of the pulses of a train that meet in a cell, or of the cells that a write "
        "changes, on average; it scales energy and wear, not time. 1 is the most there can be.",
    )
    pulses_per_write: Count = Field(
        1,
        description="Coincidences that wear a cell as much as one full write (the pulses over its whole "
        "range, for instance); 1 is the worst case.",
    )

    @model_validator(mode="after")
    def _pulses_have_a_length(self) -> Update:
        missing = [
            name
            for name, value in (("pulses", self.pulses), ("pulse_time", self.pulse_time_fs))
            if value is None
        ]
        if self.kind == "pulses" and missing:
            raise ValueError(f"{' and '.join(missing)} missing, expected with kind pulses")
        return self

    @property
    def train_fs(self) -> int:
        """Duration of the pulses of one rank-one update."""
        assert self.pulses is not None
        assert self.pulse_time_fs is not None
        return self.polarities * self.pulses * self.pulse_time_fs
