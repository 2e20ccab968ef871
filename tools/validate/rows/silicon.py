"""Analog chips: NeuRRAM, Mythic, the speech chip, UCSB's perceptron."""

from __future__ import annotations

from ....sim.mapping.assignment import InBlocks
from ....sim.simulate import simulate
from .. import networks
from ..measures import ONE_COPY, chip, product, system_tops_per_w, tops, tops_per_w
from ..row import Row

NEURRAM = "Wan Nature 2022"
ARRAY = "48 cores at full use, no transfers"
FICK = "Fick ISSCC 2022"
SPEECH = "Ambrogio Nature 2023"
UCSB = "Merrikh Bayat arXiv 1610.02091"
FJ_PER_OP = 1e15 / (2 * 128 * 256 * 48)


def _fj(name: str, component: str) -> float:
    return product(name).energy_j[component] * FJ_PER_OP


def _spotting_s(name: str) -> float:
    """Four tiles one after the other, the AB method; without the host's own time."""
    run = simulate(networks.stack((512,) * 5), chip(name), mapping=ONE_COPY)
    return sum(p.duration_fs for p in run.critical_path.pieces if not p.klass.startswith("host")) * 1e-15


def _perceptron_cells(name: str) -> float:
    run = simulate(networks.stack((784, 64, 10)), chip(name), mapping=ONE_COPY)
    devices = 2
    return devices * sum(a.tiling.cells_used for a in run.mapping.assignments if isinstance(a, InBlocks))


def _perceptron_j(name: str) -> float:
    run = simulate(networks.stack((784, 64, 10)), chip(name), mapping=ONE_COPY)
    return run.energy.by_component_j["sample-hold"]


# fmt: off
ROWS = (
    Row("neurram", "6-bit outputs, 4-bit inputs", "TOPS", 0.744, NEURRAM, ARRAY, "calibrated", tops),
    Row("neurram", "6-bit outputs, 4-bit inputs", "TOPS/W", 15.95, NEURRAM, ARRAY, "calibrated", tops_per_w),
    Row(
        "neurram", "6/4: word lines", "fJ/op", 21.76, NEURRAM, ARRAY, "calibrated",
        lambda name: _fj(name, "crossbar"),
    ),
    Row(
        "neurram", "6/4: neurons", "fJ/op", 29.11, NEURRAM, ARRAY, "calibrated",
        lambda name: _fj(name, "adc"),
    ),
    Row(
        "neurram", "6/4: inputs", "fJ/op", 11.51, NEURRAM, ARRAY, "calibrated", lambda name: _fj(name, "dac"),
    ),
    Row(
        "neurram@4b-out-2b-in", "4-bit outputs, 2-bit inputs", "TOPS", 1.793, NEURRAM, ARRAY, "calibrated",
        tops,
    ),
    Row(
        "neurram@4b-out-2b-in", "4-bit outputs, 2-bit inputs", "TOPS/W", 40.33, NEURRAM, ARRAY, "calibrated",
        tops_per_w,
    ),
    Row(
        "mythic-m1076", "weights", "M", 79.691776, "76 tiles of 2^20", "chip", "identity",
        lambda name: product(name).macs * 1e-6,
    ),
    Row("mythic-m1076", "measured speed", "TOPS", 16.6, FICK, "chip", "calibrated", tops),
    Row(
        "mythic-m1076", "array efficiency", "TOPS/W", 5.2, "UIUC-IMC data", "array and converters",
        "calibrated", tops_per_w,
    ),
    Row("mythic-m1076", "system efficiency", "TOPS/W", 3.3, FICK, "chip", "calibrated", system_tops_per_w),
    Row(
        "mythic-m1076@product", "speed of the product", "TOPS", 25, "product brief 2021", "chip",
        "calibrated", tops,
    ),
    Row(
        "mythic-m1076@product", "power of the product", "W", (3, 4), "product brief 2021", "chip",
        "predicted", lambda name: product(name).tops / product(name).system_tops_per_w, band=(0.4, 0.9),
        free=2,
        why="A product's typical power is not that of all tiles at full speed, which the preset takes.",
    ),
    Row(
        "mythic-m1108", "108 of the same tiles", "TOPS", 35, "product announcement (108 tiles)", "chip",
        "identity",
        lambda _: product("mythic-m1076@product", {"tile.count": "108", "tile.grid": "[9, 12]"}).tops,
        target=0.05,
    ),
    Row("speech-34", "tile efficiency", "TOPS/W", 20.0, SPEECH, "tile", "calibrated", tops_per_w),
    Row(
        "speech-34", "chip efficiency, sustained", "TOPS/W", 12.4, SPEECH,
        "chip at work: tiles, mesh, pads, clocks", "calibrated", system_tops_per_w, free=2,
    ),
    Row(
        "speech-34@AB", "keyword spotting, a frame", "us", 2.4, SPEECH, "four tiles, two reads each",
        "predicted", lambda name: _spotting_s(name) * 1e6, target=0.20, free=3,
    ),
    Row(
        "ucsb-flash-mlp", "flash cells", "", 101780, UCSB, "chip, with biases", "identity",
        _perceptron_cells,
    ),
    Row(
        "ucsb-flash-mlp", "energy of an image", "nJ", 20, UCSB, "chip", "calibrated",
        lambda name: _perceptron_j(name) * 1e9,
    ),
)
