"""Figures of a chip that cannot all be true, although it runs: what ``ohmsum show --check`` prints.

`checks` refuses chips that make no sense; here are contradictions that published figures often have,
between a part's power and its energy, between converters and arrays, and between the parts and the totals.
"""

from __future__ import annotations

from collections.abc import Iterator

from .checks import Finding
from .chip import Chip, Tile
from .parts import fitted
from .parts.rates import every_port
from .reads import conversions, overlap, peak_ops_per_s
from .rollup import roll_up
from .units import FREQUENCY, POWER, format_fs, format_quantity

TOLERANCE = 0.02
"""Published figures are rounded: what differs by less is no contradiction."""


def contradictions(chip: Chip) -> Iterator[Finding]:
    """Every contradiction as (path, message)."""
    yield from _energy_against_power(chip)
    if chip.tile is not None:
        yield from _conversions(chip.tile)
        yield from _registers(chip.tile, -(-chip.activation_bits // 8))
    yield from _totals(chip)


def _energy_against_power(chip: Chip) -> Iterator[Finding]:
    """Energy of an action x the rate at which a part can do it, above the part's own power."""
    for part in fitted(chip):
        spent, power = part.busy_w(chip), part.model.power_w
        all_ports = part.part.rate is every_port  # no chip claims to move a flit through all of them at once
        if power is not None and spent is not None and not all_ports and spent > power * (1 + TOLERANCE):
            yield (
                f"{part.path}.power",
                f"found {_watts(power)}, but its energy at its highest rate makes {_watts(spent)}",
            )


def _conversions(tile: Tile) -> Iterator[Finding]:
    """Converters that work while the array reads on have to keep up with it."""
    adc, crossbar = tile.adc, tile.crossbar
    each, rate_hz = adc.conversion_fs, adc.rate_hz
    if each is None or rate_hz is None or not adc.law.converts or not overlap(tile):
        return
    convert = conversions(tile, crossbar.cols, crossbar.count) * each
    if convert <= crossbar.read_time_fs * (1 + TOLERANCE):
        return
    needed = crossbar.count * crossbar.cols * 1e15 / crossbar.read_time_fs
    made = f"{adc.count} ADCs make {_hertz(adc.count * rate_hz)} conversions"
    read = f"to be read every {format_fs(crossbar.read_time_fs)} the arrays of a tile need {_hertz(needed)}"
    yield "tile.adc.rate", f"{made}, but {read}: a read takes {format_fs(convert)}"


def _registers(tile: Tile, word_bytes: int) -> Iterator[Finding]:
    """Registers beside the crossbars hold what all crossbars of a tile work on at once."""
    n, outputs = tile.crossbar.count, tile.weights_per_row * word_bytes
    driven = min(n * tile.crossbar.rows, max(tile.crossbar.rows, tile.dac.count))
    needed = {
        "input_register": (-(-driven * tile.dac.bits // 8), "an input of every row driver"),
        "output_register": (n * outputs, "a sum of every output"),
        "sum_register": (outputs, "the outputs of one crossbar"),
    }
    for key, (n_bytes, what) in needed.items():
        register = getattr(tile, key)
        if register is not None and register.count * register.capacity_bytes < n_bytes:
            found = f"found {register.count} x {register.capacity_bytes} B"
            yield f"tile.{key}.capacity", f"{found}, but {what} takes {n_bytes} B"


def _totals(chip: Chip) -> Iterator[Finding]:
    """Published totals below what the parts add up to."""
    stated = chip.stated
    if stated is None:
        return
    roll = roll_up(chip)
    if stated.power_w is not None and roll.power_w > stated.power_w * (1 + TOLERANCE):
        yield (
            "stated.power",
            f"found {_watts(stated.power_w)}, but the parts add up to {_watts(roll.power_w)}",
        )
    if stated.area_mm2 is not None and roll.area_mm2 > stated.area_mm2 * (1 + TOLERANCE):
        yield "stated.area", f"found {stated.area_mm2:g} mm2, but the parts add up to {roll.area_mm2:.4g} mm2"
    peak = peak_ops_per_s(chip)
    if stated.peak_per_s is not None and stated.peak_per_s > peak * (1 + TOLERANCE):
        found = f"found {stated.peak_per_s / 1e12:.4g} Top/s"
        yield "stated.peak", f"{found}, but arrays and converters make {peak / 1e12:.4g} Top/s at most"


def _watts(watts: float) -> str:
    return format_quantity(float(f"{watts:.4g}"), POWER)


def _hertz(per_s: float) -> str:
    return format_quantity(float(f"{per_s:.4g}"), FREQUENCY).replace("Hz", "/s")
