"""Analog architectures that were simulated by their authors: RAELLA, AnalogNets, Garofalo, Burr, Büchel."""

from __future__ import annotations

from ....sim.simulate import simulate
from .. import networks
from ..measures import ONE_COPY, area_mm2, chip, product, rolled, system_tops_per_w, tops_per_w
from ..row import Row

RAELLA = "Andrulis ISCA 2023"
ANALOGNETS = "Zhou IEEE Micro 2022"
GAROFALO = "Garofalo JETCAS 2022"
BURR = "Burr IEDM 2023"
TINY = "chip, keyword spotting"
FITTED = "two parts of an energy, fitted to 8 and 6 bits"
ISAAC_8_BIT = {"tile.weights.bits": "8", "tile.dac.bits": "8", "activation_bits": "8"}


def _per_mac(name: str, overrides: dict[str, str] | None = None) -> tuple[float, float]:
    """Joules and conversions per multiply-accumulate, all components of the chip."""
    found = product(name, overrides)
    inside = set(found.energy_j) - {"host", "host link", "chip links"}
    return found.joules(inside) / found.macs, found.conversions / found.macs


def _ratio(finer: str, coarser: str) -> float:
    return product(finer).tops_per_w() / product(coarser).tops_per_w()


def _sustained_gops(name: str) -> float:
    """Operations per second over a long sequence of products, buffers included."""
    first, last = 8, 40
    times = [
        simulate(networks.layer(256, 256, n), chip(name), mapping=ONE_COPY).latency_s
        for n in (first, last)
    ]
    return 2 * 65536 * (last - first) / (times[1] - times[0]) / 1e9


# fmt: off
ROWS = (
    Row(
        "isaac", "8 bits: ADC conversions per MAC", "", 0.25, RAELLA, "array", "identity",
        lambda name: _per_mac(name, ISAAC_8_BIT)[1], target=0.01,
    ),
    Row(
        "raella", "ADC conversions per MAC", "", 0.063, RAELLA, "array", "predicted",
        lambda name: _per_mac(name)[1], band=(-0.8, -0.6),
        why="Three reads per input, as if every speculation held; recovery is not modelled.",
    ),
    Row(
        "raella", "energy, 8-bit ISAAC over RAELLA", "", (2.9, 4.9), RAELLA, "chip, full arrays", "predicted",
        lambda name: _per_mac("isaac", ISAAC_8_BIT)[0] / _per_mac(name)[0], band=(0.0, 1.5), free=2,
        why="Full arrays and no recovery reads flatter RAELLA; published is a range over whole networks.",
    ),
    Row("analognets-aon-cim", "8 bits", "TOPS/W", 8.58, ANALOGNETS, TINY, "calibrated", tops_per_w),
    Row("analognets-aon-cim@6b", "6 bits", "TOPS/W", 26.55, ANALOGNETS, TINY, "calibrated", tops_per_w),
    Row(
        "analognets-aon-cim@4b", "4 bits", "TOPS/W", 57.39, ANALOGNETS, TINY, "predicted", tops_per_w,
        target=0.10, free=2, by=FITTED,
    ),
    Row(
        "analognets-aon-cim@6b", "person detection, 6 over 8 bits", "", 12.64 / 4.37, ANALOGNETS, "chip",
        "predicted", lambda name: _ratio(name, "analognets-aon-cim"), free=2, by=FITTED,
    ),
    Row(
        "analognets-aon-cim@4b", "person detection, 4 over 8 bits", "", 25.69 / 4.37, ANALOGNETS, "chip",
        "predicted", lambda name: _ratio(name, "analognets-aon-cim"), free=2, by=FITTED,
    ),
    Row(
        "garofalo-cluster", "sustained product", "GOPS", 958, GAROFALO, "cluster", "predicted",
        _sustained_gops, target=0.10,
    ),
    Row(
        "garofalo-cluster", "peak efficiency", "TOPS/W", 6.39, GAROFALO, "cluster", "calibrated",
        system_tops_per_w,
    ),
    Row("bruschi-512", "area", "mm2", 480, "Bruschi DATE 2023", "chip", "calibrated", area_mm2),
    Row("dense-mesh", "tile efficiency", "TOPS/W", 100, BURR, "tile, projected", "calibrated", tops_per_w),
    Row(
        "dense-mesh", "tile density", "TOPS/mm2", 10.9, BURR, "tile, projected", "calibrated",
        lambda name: product(name).tops / 500 / (rolled(name).part("tile").area_mm2 or 1),
    ),
    Row(
        "moe-3d", "energy of a product", "nJ", 10, "IBM 3D-CiM simulator", "tier", "calibrated",
        lambda name: product(name).joules() / (128 * 8) * 1e9,
    ),
)
