"""Costs of crossbars, row drivers and converters."""

from __future__ import annotations

from .law import Law, Seen, ratio

CROSSBAR, DAC, ADC = ("tile.crossbar",), ("tile.dac",), ("tile.adc",)
CELL = (".cell.read_voltage", ".cell.g_min", ".cell.g_max")
ROWS, COLS, SPARE = ".rows", ".cols", (".spare_rows", ".spare_columns")
CROSSBAR_ROWS, CROSSBAR_COLS = "tile.crossbar.rows", "tile.crossbar.cols"


def _driven_cells(seen: Seen) -> float:
    tile = seen.chip.tile
    return float((tile.rows_at_once if tile else 1) * seen.part.cols)


def _cells(seen: Seen) -> float:
    return float((seen.part.rows + seen.part.spare_rows) * (seen.part.cols + seen.part.spare_columns))


def _whole_array(seen: Seen) -> float:
    tile = seen.chip.tile
    return float(tile.crossbar.rows * tile.crossbar.cols) if tile else 1.0


def _columns(seen: Seen) -> float:
    return float(seen.part.cols)


def _slice_energy(old: Seen, new: Seen) -> float | None:
    """A driver with voltages doubles with every bit (MNSIM); pulses are as many as the code."""
    if old.part.kind != new.part.kind:
        return None
    if new.part.kind in ("pulse_width", "pulse_count"):
        return float(new.part.pulses / old.part.pulses)
    return float(2.0 ** (new.part.slice_bits - old.part.slice_bits))


def _pulse_time(old: Seen, new: Seen) -> float | None:
    """A read with pulses lasts as long as the longest code, unless its converters count for longer."""
    dacs = [seen.chip.tile.dac for seen in (old, new) if seen.chip.tile is not None]
    if len(dacs) < 2 or dacs[0].kind != dacs[1].kind:
        return 1.0
    return dacs[1].pulses / dacs[0].pulses


def _concurrent_time(old: Seen, new: Seen) -> float | None:
    """A read lasts as long as the converters that work during it."""
    adcs = [seen.chip.tile.adc for seen in (old, new) if seen.chip.tile is not None]
    if len(adcs) < 2 or adcs[0].kind != adcs[1].kind or not adcs[1].concurrent or not adcs[1].law.converts:
        return 1.0
    return adcs[1].law.steps(adcs[1].bits) / adcs[0].law.steps(adcs[0].bits)


def _same_kind(old: Seen, new: Seen) -> bool:
    return bool(old.part.kind == new.part.kind and new.part.law.converts)


def _adc_time(old: Seen, new: Seen) -> float | None:
    return (
        new.part.law.steps(new.part.bits) / old.part.law.steps(old.part.bits)
        if _same_kind(old, new)
        else None
    )


def _adc_energy(old: Seen, new: Seen) -> float | None:
    if not _same_kind(old, new):
        return None
    return float(new.part.law.energy(new.part.bits) / new.part.law.energy(old.part.bits))


def _adc_power(old: Seen, new: Seen) -> float | None:
    """Energy of a conversion times conversions per second."""
    energy, time = _adc_energy(old, new), _adc_time(old, new)
    if energy is None or time is None:
        return None
    before, after = old.part.period_fs, new.part.period_fs
    if before is not None and after is not None and before != after:  # the rate was set too
        time = after / before
    return energy / time


def _adc_area(old: Seen, new: Seen) -> float | None:
    return (
        float(new.part.law.area(new.part.bits) / new.part.law.area(old.part.bits))
        if _same_kind(old, new)
        else None
    )


LAWS = (
    Law(
        parts=CROSSBAR, costs=("energy", "power"), hangs_on=(ROWS, COLS, ".active_rows", "tile.dac.count"),
        factor=ratio(_driven_cells), how="driven rows x columns", source="Ohm's law in every driven cell",
    ),
    Law(
        parts=CROSSBAR, costs=("row_energy",), hangs_on=(COLS,), factor=ratio(_columns),
        how="columns that a row crosses", source="wire capacitance",
    ),
    Law(
        parts=CROSSBAR, costs=("area", "static_power"), hangs_on=(ROWS, COLS, *SPARE), factor=ratio(_cells),
        how="cells", source="one cell at every crossing",
    ),
    Law(
        parts=CROSSBAR, costs=("read_time",), hangs_on=("tile.dac.slice_bits", "tile.dac.signed"),
        factor=_pulse_time, how="longest pulse of an input slice", source="2^slice_bits - 1 pulses",
    ),
    Law(
        parts=CROSSBAR, costs=("read_time",), hangs_on=("tile.adc.bits",), factor=_concurrent_time,
        how="steps of the converters that work during the read", source="law of tile.adc.kind",
    ),
    Law(
        parts=CROSSBAR, costs=("read_time",), hangs_on=(ROWS, COLS),
        how="how much of it longer lines take to settle is not stated",
    ),
    Law(
        parts=("tile.crossbar.transposed",), costs=("energy",), hangs_on=(CROSSBAR_ROWS, CROSSBAR_COLS),
        factor=ratio(_whole_array), how="rows x columns", source="Ohm's law in every driven cell",
    ),
    Law(
        parts=("tile.crossbar.transposed",), costs=("read_time",), hangs_on=(CROSSBAR_ROWS, CROSSBAR_COLS),
        how="how much of it longer lines take to settle is not stated",
    ),
    Law(
        parts=("tile.crossbar.update",), costs=("line_energy",), hangs_on=(CROSSBAR_ROWS, CROSSBAR_COLS),
        how="it is one of rows and of columns, of which one got longer",
    ),
    Law(
        parts=CROSSBAR, costs=("energy",), hangs_on=(".read_time", *CELL),
        how="no part of it is stated to go with time, voltage or conductance",
    ),
    Law(
        parts=CROSSBAR, costs=("write_time", "write_energy"), hangs_on=(".cell.bits",),
        how="how often a finer level is verified is not stated",
    ),
    Law(
        parts=DAC, costs=("energy", "power", "area", "input_energy"), hangs_on=(".slice_bits", ".signed"),
        factor=_slice_energy,
        how="2^bits of a slice, or its pulses", source="MNSIM 2.0 (3.9 to 31.2 uW for 1 to 4 bits)",
    ),
    Law(
        parts=DAC, costs=("energy", "power", "area"), hangs_on=(".kind",), how="another kind of driver",
    ),
    Law(
        parts=DAC, costs=("energy", "power"), hangs_on=("tile.crossbar.cols",),
        how="how much of it drives the row is not stated",
    ),
    Law(
        parts=ADC, costs=("rate",), hangs_on=(".bits",), factor=_adc_time, how="steps of a conversion",
        source="law of tile.adc.kind",
    ),
    Law(
        parts=ADC, costs=("energy", "code_energy"), hangs_on=(".bits",), factor=_adc_energy,
        how="energy of a conversion by its bits", source="law of tile.adc.kind",
    ),
    Law(
        parts=ADC, costs=("power",), hangs_on=(".bits", ".rate"), factor=_adc_power,
        how="energy of a conversion x rate", source="law of tile.adc.kind",
    ),
    Law(
        parts=ADC, costs=("area", "static_power"), hangs_on=(".bits",), factor=_adc_area,
        how="area by the bits", source="law of tile.adc.kind",
    ),
    Law(
        parts=ADC, costs=("rate", "energy", "power", "area"), hangs_on=(".kind",),
        how="another kind of converter",
    ),
    Law(
        parts=ADC, costs=("energy", "area"), hangs_on=(".rate", ".step"),
        how="the survey of converters shows no dependence on the rate below 1 GS/s",
    ),
)  # fmt: skip
