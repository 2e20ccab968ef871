"""The analog half of a tile: cells, crossbars, converters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from .adcs import ConverterLaw, kinds, law
from .amounts import EnergyParts, TimeParts
from .component import Component, Counted, Idling
from .errors import ConfigError
from .quantities import (
    Bits,
    ConductanceSiemens,
    Count,
    Cycles,
    EnergyJ,
    RatePeriodFs,
    ResistanceOhm,
    Share,
    TimeFs,
    VoltageV,
)
from .range_rules import RangeRule
from .training import Transposed, Update, Writes
from .units import FS_PER_S


class Cell(Component):
    """One memory cell: the device at a crossing, with its access transistor."""

    kind: Literal[
        "rram", "pcm", "sram", "flash", "sonos", "fefet", "dram", "memcapacitor", "photonic", "other"
    ] = Field(description="Memory technology.")
    bits: Bits = Field(description="Bits that one cell stores (its sign included, if `signed`).")
    signed: bool = Field(
        False,
        strict=True,
        description="Whether one cell holds both polarities, so that a signed weight needs no pair of cells.",
    )
    model: Annotated[str, Field(strict=True)] | None = Field(
        None,
        description="Device model for `ohmsum accuracy`: hermes-1, hermes-2, pcm-like, rram-wan or rram-cmo, "
        "a table of yours (cells.csv) or a Device of yours (cells.py:NAME, or by entry point); ideal devices "
        "if absent. Time and energy do not depend on it.",
    )
    g_min_siemens: ConductanceSiemens | None = Field(
        None, alias="g_min", description="Lowest conductance of the cell."
    )
    g_max_siemens: ConductanceSiemens | None = Field(
        None, alias="g_max", description="Highest conductance of the cell."
    )
    read_voltage_v: VoltageV | None = Field(
        None, alias="read_voltage", description="Voltage over the cell while it is read."
    )
    endurance: Writes | None = Field(None, description="Writes that one cell survives.")


class Crossbar(Idling, Counted):
    """An array of cells that multiplies a vector with a matrix."""

    rows: Count = Field(description="Rows (inputs) that hold weights.")
    cols: Count = Field(description="Columns (outputs) that hold weights.")
    cell: Cell = Field(description="The memory cell.")
    read_time_fs: TimeFs = Field(
        alias="read_time", description="One read of the whole array: one input slice, one phase."
    )
    active_rows: Count | None = Field(
        None,
        description="Rows that one read takes at once, the others follow in further reads; all if absent.",
    )
    phases: Count = Field(
        1,
        le=16,
        description="Reads per input slice, one after the other (4: each sign of input and of weight).",
    )
    energy_j: EnergyJ | None = Field(
        None, alias="energy", description="One read of the whole array, one slice and phase."
    )
    energy_parts: EnergyParts | None = Field(
        None, description="What of `energy` goes with what; as laws have it, or kept, if absent."
    )
    read_time_parts: TimeParts | None = Field(
        None, description="What of `read_time` goes with what; as laws have it, or kept, if absent."
    )
    row_energy_j: EnergyJ | None = Field(
        None,
        alias="row_energy",
        description="Part of `energy` that one row driven at full scale takes, its cells apart.",
    )
    cell_energy_j: EnergyJ | None = Field(
        None,
        alias="cell_energy",
        description="Part of `energy` that a cell of the highest level takes in a row driven at full scale.",
    )
    write_time_fs: TimeFs | None = Field(
        None, alias="write_time", description="Programming one row, verification included."
    )
    write_energy_j: EnergyJ | None = Field(
        None, alias="write_energy", description="Programming one cell, verification included."
    )
    transposed: Transposed | None = Field(
        None, description="Reading from the columns, for the backward pass of training; absent: impossible."
    )
    update: Update | None = Field(
        None, description="How training changes the cells; absent: the chip is for inference only."
    )
    wire_resistance_ohm: ResistanceOhm | None = Field(
        None,
        alias="wire_resistance",
        description="Wire from one cell to the next, word line and bit line alike; for `ohmsum accuracy` "
        "(IR drop), perfect wires if absent.",
    )
    spare_rows: Cycles = Field(0, description="Rows beyond `rows` that hold no weights.")
    spare_columns: Cycles = Field(
        0, description="Columns beyond `cols` that hold no weights, such as a unit column."
    )

    @model_validator(mode="after")
    def _writes_take_time(self) -> Crossbar:
        if self.update and self.update.kind == "program_verify" and self.write_time_fs is None:
            raise ValueError("write_time is missing, expected with update.kind program_verify")
        return self


class Weights(Component):
    """How a weight is written into cells."""

    bits: Bits = Field(description="Bits of one weight, sign included.")
    encoding: Literal["offset", "differential", "bias_column"] = Field(
        description="How negative weights are stored: shifted by a constant that is subtracted digitally "
        "(offset), as the difference of two cells (differential), or shifted, with one more column per "
        "crossbar that measures the shift (bias_column)."
    )


class Dac(Idling, Counted):
    """The row drivers that turn digital inputs into voltages, pulses or durations."""

    kind: Literal["bit_serial", "multi_bit", "pulse_width", "pulse_count"] = Field(
        description="How an input drives its row."
    )
    bits: Bits = Field(description="Bits of one whole input value.")
    slice_bits: Bits = Field(description="Bits that one read takes; the input needs bits / slice_bits reads.")
    energy_j: EnergyJ | None = Field(
        None, alias="energy", description="One row driven for one slice in one phase."
    )
    energy_parts: EnergyParts | None = Field(
        None, description="What of `energy` goes with what; as laws have it, or kept, if absent."
    )
    signed: Annotated[bool, Field(strict=True)] | None = Field(
        None,
        description="Whether the sign of an input is the polarity of its pulses, of which there are then "
        "2^(slice_bits - 1) - 1 at most (one, for a bit) instead of 2^slice_bits - 1; no if absent.",
    )
    input_energy_j: EnergyJ | None = Field(
        None,
        alias="input_energy",
        description="What a row driven at full scale costs more than one at zero; a part of `energy`.",
    )
    range_rule: RangeRule | None = Field(
        None,
        description="How the range of a layer's inputs follows from those it is calibrated with: 'least "
        "error' (rounding and clipping together; the default), 'maximum', 'percentile 99.99' or 'deviations "
        "4'; for `ohmsum accuracy` and operands of data.",
    )
    zero_skipping: Annotated[bool, Field(strict=True)] | None = Field(
        None,
        description="Whether a crossbar leaves out the reads in which none of its rows is driven (at least "
        "one is made); no if absent. Needs data (`ohmsum run --data`).",
    )

    @property
    def pulses(self) -> int:
        """Pulses of the highest input slice; 1 of drivers that send none."""
        if self.kind not in ("pulse_width", "pulse_count"):
            return 1
        return max(1, (1 << self.slice_bits - (1 if self.signed else 0)) - 1)

    @property
    def n_slices(self) -> int:
        """Reads that one input value takes (per phase)."""
        return -(-self.bits // self.slice_bits)


class SampleHold(Idling, Counted):
    """Holds the column values, so that the array integrates anew while the ADC still converts."""

    energy_j: EnergyJ | None = Field(None, alias="energy", description="One sample of one column.")


def _known_kind(kind: str) -> str:
    try:
        law(kind)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return kind


def _only_kinds(schema: dict[str, Any]) -> None:
    schema["enum"] = list(kinds())


AdcKind = Annotated[str, Field(strict=True, json_schema_extra=_only_kinds), AfterValidator(_known_kind)]
"""A kind of converter that is known."""


class Adc(Idling, Counted):
    """The converters of the columns."""

    kind: AdcKind = Field(
        description="Converter principle, which says how time and energy go with the bits: sar, flash, "
        "pipeline, ramp, cco, vco, decrement; none where columns leave the array as durations or pulses."
    )
    bits: Bits = Field(description="Resolution of one conversion (of the duration, for kind none).")
    step_fs: TimeFs | None = Field(
        None,
        alias="step",
        description="One step of a conversion (a comparison, a level of a ramp, a count), of which its kind "
        "makes a number that goes with the bits; in place of `rate`.",
    )
    period_fs: RatePeriodFs | None = Field(
        None,
        alias="rate",
        description="Conversions per second of one ADC; a concurrent one needs none, it ends with the read.",
    )
    arbitration: Literal["fcfs", "round_robin", "age"] | None = Field(
        None,
        description="Which layer goes next at a converter that crossbars of several layers share: fcfs (if "
        "absent) the first come, round_robin one after the other, age whose inference arrived first.",
    )
    concurrent: bool = Field(
        False,
        strict=True,
        description="Whether it converts while the array integrates (counting and ramp ADCs).",
    )
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One conversion of one column.")
    energy_parts: EnergyParts | None = Field(
        None, description="What of `energy` goes with what; as laws have it, or kept, if absent."
    )
    range: Literal["crossbar", "column"] | None = Field(
        None,
        description="Whether the columns of a crossbar share one range or have a range each, by the gain of "
        "their own converter; absent: column where there are as many converters as columns. For `ohmsum "
        "accuracy` and operands of data.",
    )
    range_bits: Bits | None = Field(
        None,
        description="Bits of the number that sets a column's range, as a part of the widest one; any range "
        "if absent. Only with a range for each column.",
    )
    range_rule: RangeRule | None = Field(
        None, description="How a range follows from the sums it is calibrated with, as that of the inputs."
    )
    gain_spread: Share | None = Field(
        None, description="Standard deviation of the columns' gains around 1; for `ohmsum accuracy`."
    )
    offset_spread: Annotated[float, Field(strict=True, ge=0.0, allow_inf_nan=False)] | None = Field(
        None, description="Standard deviation of the columns' offsets, in codes; for `ohmsum accuracy`."
    )
    code_energy_j: EnergyJ | None = Field(
        None,
        alias="code_energy",
        description="What the highest code costs more than code 0; a part of `energy`.",
    )

    @model_validator(mode="after")
    def _needs_a_rate(self) -> Adc:
        if self.period_fs is not None and self.step_fs is not None:
            raise ValueError("found both 'rate' and 'step', expected one of them")
        if self.conversion_fs is None and not self.concurrent and self.law.converts:
            raise ValueError(
                "rate is missing, expected conversions per second such as '1.28 GHz' (or concurrent: true)"
            )
        return self

    @property
    def law(self) -> ConverterLaw:
        """How its time and costs go with the bits."""
        return law(self.kind)

    @property
    def conversion_fs(self) -> int | None:
        """Time of one conversion: as stated, or its steps; None if neither is."""
        if self.step_fs is not None:
            return self.law.steps(self.bits) * self.step_fs
        return self.period_fs

    @property
    def rate_hz(self) -> float | None:
        """Conversions per second of one ADC."""
        each = self.conversion_fs
        return FS_PER_S / each if each else None
