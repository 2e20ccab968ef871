"""The numbers of a chip file that decide how precisely a tile computes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...arch.analog import Crossbar as ChipCrossbar
from ...arch.chip import Chip
from ...arch.range_rules import LeastError, Rule, parse
from ...workloads.graph import Operator
from ..errors import SimulationError
from ..kernels.slices import MOST_BITS, code_range
from ..mapping import Mapping
from ..mapping.assignment import OnCrossbars, OnRewritten
from .devices import IDEAL, Device, find_device

DEFAULT_RULE: Rule = LeastError()


@dataclass(frozen=True)
class Precision:
    """Codes, slices and phases of a tile.

    Parameters
    ----------
    rows, weights_per_row, active_rows : int
        Of one crossbar.
    input_bits, slice_bits, phases, weight_bits, adc_bits : int
    magnitude_bits : int
        Bits of a weight that are cut into slices: without the sign for a differential pair, else with it.
    digit_bits : int
        Bits of one weight slice.
    encoding : {"offset", "differential", "bias_column"}
    apart : bool
        Whether the two polarities of a weight are converted apart (two bitlines, or phases of the weight).
    device : Device
    g_min_us : float
        Conductance of a zero, in the device's own window.
    continuous : bool
        A device model and a whole weight in one cell: the cell is programmed to any conductance, as its fit
        was measured; `weight_bits` then states an equivalent precision and rounds nothing.
    wire : float
        Resistance of the wire from cell to cell times the highest conductance; 0 for perfect wires.
    columns_per_cell : int
        2 where one cell holds both polarities, on a bit line each.
    columns_per_adc : int
        Neighbouring bit lines that share a converter.
    gain_spread, offset_spread : float
        Standard deviations over the converters of a crossbar; offsets in codes.
    column_ranges : bool
        Whether every column has a range of its own, not the crossbar.
    range_bits : int or None
        Bits of the number that sets a column's range; None for any range.
    input_rule, adc_rule : Rule
        How ranges follow from what is seen in calibration.
    """

    rows: int
    weights_per_row: int
    active_rows: int
    input_bits: int
    slice_bits: int
    phases: int
    weight_bits: int
    magnitude_bits: int
    digit_bits: int
    encoding: str
    apart: bool
    adc_bits: int
    device: Device
    g_min_us: float
    continuous: bool
    wire: float = 0.0
    columns_per_cell: int = 1
    columns_per_adc: int = 1
    gain_spread: float = 0.0
    offset_spread: float = 0.0
    column_ranges: bool = False
    range_bits: int | None = None
    input_rule: Rule = DEFAULT_RULE
    adc_rule: Rule = DEFAULT_RULE

    @property
    def imperfect(self) -> bool:
        """Whether wires or converters are worse than their number of bits."""
        return bool(self.wire or self.gain_spread or self.offset_spread)

    @property
    def observed(self) -> Precision:
        """What the sums that converters see hang on: the same, but for converters, devices and wires."""
        return replace(
            self,
            adc_bits=0,
            adc_rule=DEFAULT_RULE,
            range_bits=None,
            gain_spread=0.0,
            offset_spread=0.0,
            wire=0.0,
            device=IDEAL,
            g_min_us=0.0,
        )

    @property
    def weight_top(self) -> int:
        """Largest weight code."""
        return code_range(self.weight_bits, signed=True)[1]

    @staticmethod
    def of(chip: Chip, layer: Operator | None = None) -> Precision:
        """The precision of a chip's tiles, as one layer uses them.

        Raises
        ------
        SimulationError
            The chip has no crossbars, or precisions that the kernels cannot compute.
        """
        if chip.tile is None:
            raise SimulationError(f"chip {chip.name!r} has no crossbars: nothing on it is analog")
        tile = chip.tile if layer is None else chip.tile_of(layer.name, layer.op)
        crossbar, cell, weights = tile.crossbar, tile.crossbar.cell, tile.weights
        _check("tile.dac.bits", tile.dac.bits, 1)
        _check("tile.adc.bits", tile.adc.bits, 2)
        _check("tile.weights.bits", weights.bits, 2)
        differential = weights.encoding == "differential"
        magnitude = weights.bits - 1 if differential else weights.bits
        digit_bits = -(-magnitude // tile.slices)
        device = find_device(cell)
        per_adc = -(-crossbar.cols * crossbar.count // tile.adc.count)
        ratio = 0.0
        if cell.g_min_siemens is not None and cell.g_max_siemens:
            ratio = cell.g_min_siemens / cell.g_max_siemens
        device.check_window(ratio * device.g_max_us)
        return Precision(
            rows=crossbar.rows,
            weights_per_row=tile.weights_per_row,
            active_rows=tile.rows_at_once,
            input_bits=tile.dac.bits,
            slice_bits=min(tile.dac.slice_bits, tile.dac.bits),
            phases=crossbar.phases,
            weight_bits=weights.bits,
            magnitude_bits=magnitude,
            digit_bits=digit_bits,
            encoding=weights.encoding,
            apart=differential and (not cell.signed or crossbar.phases >= 4),
            adc_bits=tile.adc.bits,
            device=device,
            g_min_us=ratio * device.g_max_us,
            continuous=device.noisy and differential and tile.slices == 1,
            wire=_wire(crossbar),
            columns_per_cell=2 if differential and cell.signed else 1,
            columns_per_adc=per_adc,
            gain_spread=tile.adc.gain_spread or 0.0,
            offset_spread=tile.adc.offset_spread or 0.0,
            column_ranges=tile.adc.range == "column" if tile.adc.range else per_adc == 1,
            range_bits=tile.adc.range_bits,
            input_rule=_rule(tile.dac.range_rule),
            adc_rule=_rule(tile.adc.range_rule),
        )


def precisions(chip: Chip, mapping: Mapping) -> dict[str, Precision]:
    """Of every layer on crossbars, by name."""
    of_chip = Precision.of(chip)
    on = [o for o in mapping.network.operators if isinstance(mapping.of(o.name), OnCrossbars | OnRewritten)]
    ruled = {o.name: o.matrix is not None and chip.rule_of(o.name, o.op) is not None for o in on}
    return {o.name: Precision.of(chip, o) if ruled[o.name] else of_chip for o in on}


def _rule(text: str | None) -> Rule:
    return DEFAULT_RULE if text is None else parse(text)


def _wire(crossbar: ChipCrossbar) -> float:
    """Resistance times conductance of one segment and one cell."""
    ohm, siemens = crossbar.wire_resistance_ohm, crossbar.cell.g_max_siemens
    if not ohm:
        return 0.0
    if not siemens:
        raise SimulationError(
            "tile.crossbar.wire_resistance: the drop along wires hangs on the conductance of the cells, "
            "which the chip does not give: add tile.crossbar.cell.g_max"
        )
    return ohm * siemens


def _check(path: str, bits: int, fewest: int) -> None:
    if not fewest <= bits <= MOST_BITS:
        raise SimulationError(f"{path}: found {bits}, accuracy can be computed for {fewest} to {MOST_BITS}")
