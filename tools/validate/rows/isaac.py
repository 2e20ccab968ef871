"""ISAAC: the roll-up of its Table I, and what one matrix over all crossbars gives."""

from __future__ import annotations

from ....sim.simulate import simulate
from .. import networks
from ..measures import ONE_COPY, area_mm2, chip, power_w, product, rolled, tops
from ..row import Row

TABLE = "Shafiee ISCA 2016, Table I"
TEXT = "Shafiee ISCA 2016, text"
HEADLINE = "Shafiee ISCA 2016, Table IV (corrected)"
CHIP = "chip with links"


def _power_share(of: str, over_w: float) -> float:
    return (rolled("isaac").part(of).total_power_w or 0.0) / over_w


def _pipeline_cycles(name: str) -> float:
    """From the first read of the buffer to the last write, of one vector through a crossbar."""
    run = simulate(networks.layer(128, 16, 1, ("sigmoid",)), chip(name), mapping=ONE_COPY)
    own = [piece for piece in run.critical_path.pieces if piece.layer == "fc0" and "link" not in piece.klass]
    return sum(piece.duration_fs for piece in own) * 1e-15 / 100e-9


def _conversions_per_mac(name: str) -> float:
    found = product(name)
    return found.conversions / found.macs


def _slow_crossbar_density(name: str) -> float:
    slow = rolled(name, {"tile.crossbar.read_time": "200 ns", "tile.adc.rate": "640 MHz"})
    return (slow.tops_per_mm2 or 0.0) / (rolled(name).tops_per_mm2 or 1.0) - 1


# fmt: off
ROWS = (
    Row(
        "isaac", "tile power", "mW", 330, TABLE, "tile with its share of the router", "identity",
        lambda name: (rolled(name).tile_power_w or 0) * 1e3,
    ),
    Row(
        "isaac", "tile area", "mm2", 0.372, TABLE, "tile with its share of the router", "identity",
        lambda name: rolled(name).tile_area_mm2 or 0,
    ),
    Row("isaac", "chip power", "W", 65.8, TABLE, CHIP, "identity", power_w),
    Row("isaac", "chip area", "mm2", 85.4, TABLE, CHIP, "identity", area_mm2),
    Row(
        "isaac", "ADC share of chip power", "%", 49, TABLE, CHIP, "identity",
        lambda name: 100 * rolled(name).power_share()["tile.adc"],
    ),
    Row(
        "isaac", "ADC share of tile power", "%", 58, TABLE, "tile", "identity",
        lambda name: 100 * _power_share("tile.adc", 168 * (rolled(name).tile_power_w or 1)),
    ),
    Row(
        "isaac", "peak, product after product", "TOPS", 41.29, "168 x 12 x 8 arrays x 4,096 ops / 1.6 us",
        CHIP, "identity", tops,
    ),
    Row(
        "isaac", "computational efficiency CE", "GOPS/mm2", 478.95, HEADLINE, CHIP, "identity",
        lambda name: 1e3 * product(name).tops / rolled(name).area_mm2,
    ),
    Row(
        "isaac", "power efficiency PE", "GOPS/W", 627.5, HEADLINE + "; not the uncorrected 363.7", CHIP,
        "identity", lambda name: 1e3 * product(name).tops / rolled(name).power_w,
    ),
    Row(
        "isaac", "ADC conversions per 16-bit MAC", "", 1, "8 slices x 16 cycles / 128 rows", "array",
        "identity", _conversions_per_mac,
    ),
    Row(
        "isaac", "pipeline of a tile operation", "cycles", 22, TEXT, "one tile, no network", "calibrated",
        _pipeline_cycles,
    ),
    Row(
        "isaac", "CE with a 200 ns crossbar", "relative", -0.30, TEXT, CHIP, "predicted",
        _slow_crossbar_density, band=(0.6, 0.72),
        why="The paper chooses the design anew for it; here the same parts run at half the rate.",
    ),
)
