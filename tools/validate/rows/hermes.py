"""HERMES: one core calibrates; 64 of it do 64 times as much, four phases take four times as long; steps of
whole layers are predicted.
"""

from __future__ import annotations

from ....sim.simulate import simulate
from .. import networks
from ..measures import MACRO, ONE_COPY, chip, product, rolled, run_j, step_s, tops
from ..row import Row

CORE = "Khaddam-Aljameh JSSC 2022"
PAPER = "Le Gallo Nat. Electron. 2023"
MVM = "products: cells, drivers, ADCs"
SIXTY_FOUR = {
    "tile.count": "64",
    "tile.grid": "[8, 8]",
    "noc": "{topology: mesh, flit: 64 bit, cycle: 1 ns, router_cycles: 2}",
}
FOUR_PHASE = SIXTY_FOUR | {"tile.crossbar.phases": "4"}
WITH_LDPU = MACRO | {"tile.ldpu"}

CAPTION = (512, 768)
"""Inputs and cells of an LSTM of about 4 M weights, 60 cores: the paper's caption network fills the chip."""
RESNET9_LAYER = (2304, 256)
"""Matrix of a 3x3 convolution with 256 channels, nine cores: as a late layer of ResNet-9."""
RESNET9_CORES = 29
"""Cores that 1.87 M weights fill."""


def _core_tops_per_w(name: str) -> float:
    run = simulate(networks.layer(256, 256, 2, ("relu",)), chip(name), mapping=ONE_COPY)
    joules = sum(j for name, j in run.energy.by_component_j.items() if name in WITH_LDPU)
    return 2 * 2 * 65536 / joules / 1e12


def _density(settings: dict[str, str]) -> float:
    cores = 64 * (rolled("hermes-core").part("tile").area_mm2 or 0)
    return 1e3 * product("hermes-core", settings).tops / cores


def _power_w(settings: dict[str, str]) -> float:
    found = product("hermes-core", settings)
    return found.joules(MACRO) / found.interval_s


def _lstm_step_s(name: str) -> float:
    lengths = {n: networks.lstm(*CAPTION, n) for n in (2, 6)}
    return step_s(lengths, chip(name))


def _lstm_step_j(name: str) -> float:
    steps = 4
    run = simulate(networks.lstm(*CAPTION, steps), chip(name), mapping=ONE_COPY)
    return run_j(run) / steps


def _resnet9_input_s(name: str) -> float:
    """The layer's own time, from its inputs in the cores to its outputs there."""
    run = simulate(networks.layer(*RESNET9_LAYER, 1, ("relu",)), chip(name), mapping=ONE_COPY)
    own = [p for p in run.critical_path.pieces if p.layer == "fc0" and "->" not in p.actor]
    return sum(p.duration_fs for p in own) * 1e-15


def _resnet9_input_j(name: str) -> float:
    network = networks.layer(256 * RESNET9_CORES, 256, 1)
    run = simulate(network, chip(name), mapping=ONE_COPY)
    return run_j(run)


# fmt: off
ROWS = (
    Row("hermes-core", "peak", "TOPS", 1.008, CORE, "core", "calibrated", tops),
    Row(
        "hermes-core", "efficiency", "TOPS/W", 10.5, CORE, "core with local digital unit", "calibrated",
        _core_tops_per_w,
    ),
    Row(
        "hermes-core", "density", "TOPS/mm2", 1.59, CORE, "core", "calibrated",
        lambda name: rolled(name).tops_per_mm2 or 0,
    ),
    Row(
        "hermes-core x 64", "1-phase peak", "TOPS", 63.1, PAPER, MVM, "identity",
        lambda _: product("hermes-core", SIXTY_FOUR).tops, target=0.07,
    ),
    Row(
        "hermes-core x 64", "1-phase efficiency", "TOPS/W", 9.76, PAPER, MVM, "identity",
        lambda _: product("hermes-core", SIXTY_FOUR).tops_per_w(), target=0.07, band=(0.0, 0.12),
    ),
    Row(
        "hermes-core x 64", "1-phase density", "GOPS/mm2", 1550, PAPER, "area of cores", "identity",
        lambda _: _density(SIXTY_FOUR), target=0.07,
    ),
    Row(
        "hermes-core x 64", "1-phase power", "W", 6.47, "63.1 TOPS / 9.76 TOPS/W", MVM, "identity",
        lambda _: _power_w(SIXTY_FOUR), target=0.07,
    ),
    Row(
        "hermes-core x 64", "4-phase peak", "TOPS", 16.1, PAPER, MVM, "identity",
        lambda _: product("hermes-core", FOUR_PHASE).tops, target=0.03,
    ),
    Row(
        "hermes-core x 64", "4-phase efficiency", "TOPS/W", 2.48, PAPER, MVM, "identity",
        lambda _: product("hermes-core", FOUR_PHASE).tops_per_w(), target=0.07,
    ),
    Row(
        "hermes-core x 64", "4-phase density", "GOPS/mm2", 400, PAPER, "area of cores", "identity",
        lambda _: _density(FOUR_PHASE), target=0.07,
    ),
    Row(
        "hermes-core x 64", "power, 4-phase over 1-phase", "", 6.49 / 6.47, "16.1 / 2.48 over 63.1 / 9.76",
        MVM, "identity", lambda _: _power_w(FOUR_PHASE) / _power_w(SIXTY_FOUR), target=0.03,
    ),
    Row(
        "hermes-64", "energy of a product, all cores", "uJ", 0.86, PAPER, MVM, "calibrated",
        lambda name: product(name).joules() * 1e6,
    ),
    Row(
        "hermes-64@4-phase", "energy of a product, all cores", "uJ", 3.38, PAPER, MVM, "identity",
        lambda name: product(name).joules() * 1e6, target=0.03,
    ),
    Row(
        "hermes-64@4-phase", "LSTM step, time", "us", 1.43, PAPER, "chip (512 inputs, 768 cells assumed)",
        "predicted", lambda name: _lstm_step_s(name) * 1e6, target=1.0, free=10,
        why="Products take 0.52 us in both; bandwidth of links and lanes of digital units are assumed.",
    ),
    Row(
        "hermes-64@4-phase", "LSTM step, energy", "uJ", 5.24, PAPER, "chip (512 inputs, 768 cells assumed)",
        "predicted", lambda name: _lstm_step_j(name) * 1e6, band=(-0.5, -0.2), free=5,
        why="Energy of links, global digital units and clocks is not published; the assumed one is small.",
    ),
    Row(
        "hermes-64@4-phase", "ResNet-9 layer input, time", "us", 1.52, PAPER, "chip (3x3x256x256 assumed)",
        "predicted", lambda name: _resnet9_input_s(name) * 1e6, target=1.0, free=6,
        why="Products take 0.52 us in both; adding up nine cores on two assumed lanes takes 1.02 us.",
    ),
    Row(
        "hermes-64@4-phase", "ResNet-9 layer input, energy", "uJ", 1.51, PAPER,
        "all 29 cores of the network (assumed)", "predicted", lambda name: _resnet9_input_j(name) * 1e6,
        free=4,
    ),
)
