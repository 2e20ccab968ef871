"""Numbers for which no published one was looked at, and the file that freezes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Any

from ... import arch, workloads
from ...sim.answers.run import Run
from ...sim.mapping.options import MappingOptions
from ...sim.simulate import simulate
from .measures import chip, product, run_j, system_tops_per_w, tops, tops_per_w
from .row import Prediction

NEURRAM_MODES = (
    "3b-out-1b-in",
    "5b-out-3b-in",
    "7b-out-5b-in-two-phase",
    "8b-out-6b-in-two-phase",
    "9b-out-7b-in-two-phase",
    "10b-out-8b-in-two-phase",
    "7b-out-5b-in-one-phase",
    "8b-out-6b-in-one-phase",
)
_NEURRAM = (
    "time and energy linear in pulses and steps, fitted to two published points (see the preset's header)"
)
_GAROFALO = (
    "one crossbar per piece of a layer (no packing across layers), depthwise layers on the digital engine"
)
_BRUSCHI = "256x256 images, batch of 16; cores and network as assumed in the preset"

GAROFALO_ARRAYS = 128
"""Crossbars offered to MobileNetV2; the prediction is how many it takes."""


SPEECH = Prediction(
    "speech-34@half-integration-time",
    "efficiency, tiles and mesh",
    "TOPS/W",
    "a tile's energy in proportion to its reading time",
    system_tops_per_w,
)


def predictions() -> tuple[Prediction, ...]:
    """Every prediction, in the order of the table."""
    return (*_neurram(), *_garofalo(), *_bruschi(), SPEECH)


def _neurram() -> list[Prediction]:
    figures: list[tuple[str, str, Callable[[str], float]]] = [
        ("throughput", "TOPS", tops),
        ("efficiency", "TOPS/W", tops_per_w),
        ("word lines", "fJ/op", partial(_fj_per_op, "crossbar")),
        ("neurons", "fJ/op", partial(_fj_per_op, "adc")),
        ("inputs", "fJ/op", partial(_fj_per_op, "dac")),
    ]
    return [
        Prediction(f"neurram@{mode}", quantity, unit, _NEURRAM, simulated)
        for mode in NEURRAM_MODES
        for quantity, unit, simulated in figures
    ]


def _fj_per_op(component: str, name: str) -> float:
    found = product(name)
    return found.energy_j[component] / (2 * found.macs) * 1e15


@cache
def _mobilenet() -> Run:
    network = workloads.load("mobilenetv2")
    depthwise = tuple(o.name for o in network.operators if o.matrix is not None and o.matrix.groups > 1)
    sizes = {
        "tile.crossbar.count": GAROFALO_ARRAYS,
        "tile.dac.count": 256 * GAROFALO_ARRAYS,
        "tile.adc.count": 256 * GAROFALO_ARRAYS,
    }
    loaded = chip("garofalo-cluster", {path: str(n) for path, n in sizes.items()})
    return simulate(network, loaded, mapping=MappingOptions(replicate=False, digital=depthwise))


def _garofalo() -> list[Prediction]:
    of = partial(Prediction, "garofalo-cluster", assumptions=_GAROFALO)
    return [
        of("MobileNetV2, crossbars", "", simulated=lambda _: float(_mobilenet().mapping.crossbars_used)),
        of("MobileNetV2, latency", "ms", simulated=lambda _: _mobilenet().latency_s * 1e3),
        of("MobileNetV2, energy", "uJ", simulated=lambda _: run_j(_mobilenet()) * 1e6),
    ]


@cache
def _resnet18(replicate: bool) -> Run:
    network = workloads.load("resnet18", input_shapes={"input": (1, 3, 256, 256)})
    options = MappingOptions(replicate=replicate)
    return simulate(network, arch.load("bruschi-512"), batch=16, mapping=options)


def _bruschi() -> list[Prediction]:
    of = partial(Prediction, "bruschi-512", assumptions=_BRUSCHI)

    def tops_per_w(_: str) -> float:
        run = _resnet18(True)
        return 2 * run.macs / run_j(run) / 1e12

    def gain(_: str) -> float:
        return _resnet18(False).makespan_s / _resnet18(True).makespan_s

    return [
        of("ResNet-18, images", "1/s", simulated=lambda _: 16 / _resnet18(True).makespan_s),
        of("ResNet-18, efficiency", "TOPS/W", simulated=tops_per_w),
        of("ResNet-18, clusters used", "", simulated=lambda _: float(_resnet18(True).mapping.tiles_used)),
        of("ResNet-18, gain from replication", "", simulated=gain),
    ]


def frozen() -> dict[str, Any]:
    """The frozen predictions: ``version``, ``commit``, and ``values`` by `Prediction.key`."""
    text = files(__package__).joinpath("predictions.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def freeze(found: Sequence[tuple[Prediction, float]], version: str, commit: str) -> str:
    """The text of a file of frozen predictions, six digits each."""
    values = {prediction.key: float(f"{value:.6g}") for prediction, value in found}
    return json.dumps({"version": version, "commit": commit, "values": values}, indent=1) + "\n"
