"""The parts of a tile, and its digital units."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..chip import Chip
from .part import Found, Part, Turn
from .rates import every_cycle, of_reads, stated

CYCLE = Turn("cycle", "clock", "less")
CLOCK = (CYCLE, Turn("latency_cycles", "pipeline depth", "less", only_if_set=True))
"""Of every part with a clock of its own."""
WIDTH = Turn("width", "width", "more")
NUMBER = Turn("count", "number", "more", "more")


def of_tile(key: str) -> Callable[[Chip], Iterable[Found]]:
    """The part of the tiles under a key; counted over one chip."""

    def find(chip: Chip) -> Iterable[Found]:
        tile = chip.tile
        model = getattr(tile, key) if tile is not None else None
        if tile is not None and model is not None:
            yield f"tile.{key}", model, tile.count * getattr(model, "count", 1)

    return find


def units_of_tiles(chip: Chip) -> Iterable[Found]:
    for unit in chip.tile.units if chip.tile else ():
        assert chip.tile is not None
        yield f"tile.units.{unit.name}", unit, chip.tile.count * unit.count


PARTS = (
    Part(
        key="crossbar", label="crossbar", path="tile.crossbar", find=of_tile("crossbar"), boundary="array",
        colour="#4c78a8", klass="crossbar", action="read", energy=stated("energy_j"),
        rate=of_reads(lambda tile: 1), turns=(Turn("read_time", "read time", "less"),),
    ),
    Part(
        key="dac", label="DAC", path="tile.dac", find=of_tile("dac"), boundary="macro", colour="#b279a2",
        klass="crossbar", action="row slice", energy=stated("energy_j"),
        rate=of_reads(lambda tile: tile.rows_at_once),
    ),
    Part(
        key="sample-hold", label="sample-and-hold", path="tile.sample_hold", find=of_tile("sample_hold"),
        boundary="macro", klass="adc", action="sample", energy=stated("energy_j"),
        rate=of_reads(lambda tile: tile.crossbar.cols),
    ),
    Part(
        key="adc", label="ADC", path="tile.adc", find=of_tile("adc"), boundary="macro", colour="#f58518",
        klass="adc", action="conversion", energy=stated("energy_j"),
        rate=of_reads(lambda tile: tile.crossbar.cols),
        turns=(Turn("rate", "rate", "less"), Turn("step", "step", "less")),
    ),
    Part(
        key="shift-add", label="shift-add", path="tile.shift_add", find=of_tile("shift_add"), boundary="tile",
        colour="#d4a72c", klass="shift-add", action="addition", energy=stated("energy_j"), rate=every_cycle,
        turns=(*CLOCK, NUMBER),
    ),
    Part(
        key="input register", label="input register", path="tile.input_register",
        find=of_tile("input_register"), boundary="tile", klass="crossbar", action="byte",
        energy=stated("energy_per_byte_j"),
    ),
    Part(
        key="output register", label="output register", path="tile.output_register",
        find=of_tile("output_register"), boundary="tile", klass="shift-add", action="byte",
        energy=stated("energy_per_byte_j"),
    ),
    Part(
        key="sum register", label="sum register", path="tile.sum_register", find=of_tile("sum_register"),
        boundary="tile", klass="shift-add", action="byte", energy=stated("energy_per_byte_j"),
    ),
    Part(
        key="buffer", label="tile buffer", path="tile.buffer", find=of_tile("buffer"), boundary="tile",
        colour="#54a24b", klass="buffer", action="byte", energy=stated("energy_per_byte_j"), rate=every_cycle,
        turns=(
            *CLOCK,
            WIDTH,
            Turn("capacity", "capacity", "more", "larger", label="buffer capacity", own_class=False,
                 factors=(2.0, float("inf"))),
        ),
    ),
    Part(
        key="bus", label="tile bus", path="tile.bus", find=of_tile("bus"), boundary="tile", colour="#72b7b2",
        klass="bus", action="byte", energy=stated("energy_per_byte_j"), rate=every_cycle,
        turns=(*CLOCK, WIDTH),
    ),
    Part(
        key="tile.", label="unit", path="tile.units", find=units_of_tiles, boundary="tile",
        action="lane-cycle", energy=stated("energy_j"), rate=every_cycle, turns=(*CLOCK, NUMBER),
    ),
    Part(
        key="other", label="rest of the tile", path="tile.other", find=of_tile("other"), boundary="tile",
    ),
)  # fmt: skip
