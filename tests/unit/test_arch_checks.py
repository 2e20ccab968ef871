"""Are parts that contradict each other found before anything runs?"""

from __future__ import annotations

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError


@pytest.mark.parametrize(
    ("chip", "settings", "expected"),
    [
        (
            "isaac",
            {"tile.grid": "[10, 10]"},
            "tile.grid: 10 x 10 places are too few for 168 tiles (tile.count)",
        ),
        ("isaac", {"tile.count": "169"}, "tile.grid: 14 x 12 places are too few for 169 tiles (tile.count)"),
        (
            "isaac",
            {"tile.dac.slice_bits": "17"},
            "tile.dac.slice_bits: found 17, expected at most tile.dac.bits = 16",
        ),
        (
            "isaac",
            {"tile.dac.count": "20000"},
            "tile.dac.count: found 20000 row drivers, expected at most one for each of 12288 rows",
        ),
        (
            "isaac",
            {"tile.adc.count": "100"},
            "tile.adc.count: 100 ADCs cannot be shared evenly by 96 crossbars, expected a divisor",
        ),
        (
            "isaac",
            {"tile.adc.count": "96000"},
            "tile.adc.count: found 96000, expected at most one for each of the 12384 columns of a tile",
        ),
        (
            "hermes-64",
            {"tile.adc.count": "128"},
            "tile.adc.concurrent: an ADC that converts while the array integrates serves one column",
        ),
        (
            "isaac",
            {"tile.crossbar.cols": "4", "tile.adc.count": "96"},
            "tile.weights: one weight takes 8 columns (16 bits, 2 per cell, bias_column), a crossbar has 4",
        ),
        ("isaac", {"tile.crossbar.cell.g_min": "1 mS"}, "tile.crossbar.cell.g_min: not below g_max"),
        ("isaac", {"noc": "null"}, "noc: missing, expected the network that connects the 168 tiles"),
        (
            "isaac",
            {"noc.router.count": "41"},
            "noc.router.count: 41 routers of 4 tiles each miss some of 168",
        ),
        (
            "isaac",
            {"noc.topology": "graph", "noc.routing": "updown", "noc.multicast": "true"},
            "noc.multicast: found true, but up*/down* routes of a graph may meet again and form no tree",
        ),
        (
            "isaac",
            {"noc.arbitration": "lottery"},
            "noc.arbitration: found 'lottery', expected one of fcfs, round_robin, age",
        ),
        (
            "isaac",
            {"noc.switching": "circuit", "noc.arbitration": "age"},
            "noc.arbitration: found age, but circuits take all links of a way at once",
        ),
        (
            "systolic",
            {"memory.interleave": "1 GiB", "memory.capacity": "1 GiB", "memory.channels": "2"},
            "memory.interleave: found 2 channels of 1073741824 B, expected at most memory.capacity",
        ),
        (
            "isaac",
            {"tile.units.maxpool.name": "sigmoid"},
            "tile.units.sigmoid.name: a second unit is called 'sigmoid', expected a name of its own",
        ),
        (
            "systolic",
            {"mac_array": "null"},
            "the chip computes nothing, expected a 'tile' (crossbars) or a 'mac_array' (digital)",
        ),
    ],
)
def test_a_contradiction_is_named(chip: str, settings: dict[str, str], expected: str) -> None:
    arch.load(chip)
    with pytest.raises(ConfigError) as caught:
        arch.load(chip, settings)
    assert str(caught.value).partition(": ")[2].startswith(expected)


def test_the_line_of_a_contradiction_is_that_of_the_field() -> None:
    text = arch.to_yaml(arch.load("isaac")).replace("- 14\n", "- 2\n")
    line = next(i for i, row in enumerate(text.splitlines(), start=1) if row.strip() == "grid:")
    with pytest.raises(ConfigError, match=rf"^mine\.yaml:{line}: tile\.grid: 2 x 12 places"):
        arch.loads(text, "mine.yaml")


@pytest.mark.parametrize(
    ("encoding", "cell_bits", "signed", "spare", "columns", "outputs"),
    [
        ("offset", 2, "false", 0, 4, 32),
        ("offset", 3, "false", 0, 3, 42),
        ("differential", 2, "false", 0, 8, 16),
        ("differential", 8, "true", 0, 1, 128),
        ("bias_column", 2, "false", 0, 4, 31),
        ("bias_column", 2, "false", 1, 4, 32),
    ],
)
def test_columns_that_a_weight_takes(
    encoding: str, cell_bits: int, signed: str, spare: int, columns: int, outputs: int
) -> None:
    """ceil(weight bits / cell bits), twice for a pair; a bias column is taken from the array unless spare."""
    settings = {
        "tile.weights.bits": "8",
        "tile.weights.encoding": encoding,
        "tile.crossbar.cell.bits": str(cell_bits),
        "tile.crossbar.cell.signed": signed,
        "tile.crossbar.spare_columns": str(spare),
    }
    tile = arch.load("isaac", settings).tile
    assert tile is not None
    assert (tile.columns_per_weight, tile.weights_per_row) == (columns, outputs)


@pytest.mark.parametrize(
    ("settings", "interval_ns"),
    [
        ({}, 100),  # read and conversion overlap thanks to the sample-and-hold
        ({"tile.sample_hold": "null"}, 200),
        ({"tile.adc.count": "48"}, 200),  # one ADC converts for two crossbars
        ({"tile.adc.rate": "2.56 GHz"}, 100),
        ({"tile.adc.rate": "2.56 GHz", "tile.sample_hold": "null"}, 150),
        ({"tile.adc.kind": "none", "tile.sample_hold": "null"}, 100),
    ],
)
def test_interval_between_two_reads(settings: dict[str, str], interval_ns: int) -> None:
    tile = arch.load("isaac", settings).tile
    assert tile is not None
    assert arch.read_interval_fs(tile) == interval_ns * 10**6
    assert arch.vector_interval_fs(tile) == 16 * interval_ns * 10**6


def test_unknown_costs_are_left_out_of_the_sums_and_named() -> None:
    whole = arch.roll_up(arch.load("isaac"))
    roll = arch.roll_up(arch.load("isaac", {"tile.sum_register.power": "null", "tile.buffer.area": "null"}))
    assert roll.unknown_power == ("tile.sum_register",)
    assert roll.unknown_area == ("tile.buffer",)
    assert roll.power_w == pytest.approx(whole.power_w - 168 * 1.68e-3)
    assert roll.area_mm2 == pytest.approx(whole.area_mm2 - 168 * 0.083)
