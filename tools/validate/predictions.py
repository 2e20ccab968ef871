"""Numbers for which no published one was looked at, and the file that freezes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Any

from ... import arch, workloads
from ...sim.answers.run import Run
from ...sim.mapping.options import MappingOptions
from ...sim.simulate import simulate
from .measures import chip, product, run_j
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


def predictions() -> tuple[Prediction, ...]:
    """Every prediction, in the order of the table."""
    return (*_neurram(), *_garofalo(), *_bruschi(), _speech())


def _neurram() -> list[Prediction]:
    parts = {"word lines": "crossbar", "neurons": "adc", "inputs": "dac"}
    found = []
    for mode in NEURRAM_MODES:
        name = f"neurram@{mode}"
        found.append(Prediction(name, "throughput", "TOPS", _NEURRAM, partial(_tops, name)))
        found.append(Prediction(name, "efficiency", "TOPS/W", _NEURRAM, partial(_tops_per_w, name)))
        found += [
            Prediction(name, part, "fJ/op", _NEURRAM, partial(_fj_per_op, name, component))
            for part, component in parts.items()
        ]
    return found


def _tops(name: str) -> float:
    return product(name).tops


def _tops_per_w(name: str) -> float:
    return product(name).tops_per_w()


def _fj_per_op(name: str, component: str) -> float:
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
    name = "garofalo-cluster"
    return [
        Prediction(
            name, "MobileNetV2, crossbars", "", _GAROFALO, lambda: float(_mobilenet().mapping.crossbars_used)
        ),
        Prediction(name, "MobileNetV2, latency", "ms", _GAROFALO, lambda: _mobilenet().latency_s * 1e3),
        Prediction(name, "MobileNetV2, energy", "uJ", _GAROFALO, lambda: run_j(_mobilenet()) * 1e6),
    ]


@cache
def _resnet18(replicate: bool) -> Run:
    network = workloads.load("resnet18", input_shapes={"input": (1, 3, 256, 256)})
    options = MappingOptions(replicate=replicate)
    return simulate(network, arch.load("bruschi-512"), batch=16, mapping=options)


def _bruschi() -> list[Prediction]:
    name = "bruschi-512"

    def tops_per_w() -> float:
        run = _resnet18(True)
        return 2 * run.macs / run_j(run) / 1e12

    def gain() -> float:
        return _resnet18(False).makespan_s / _resnet18(True).makespan_s

    return [
        Prediction(name, "ResNet-18, images", "1/s", _BRUSCHI, lambda: 16 / _resnet18(True).makespan_s),
        Prediction(name, "ResNet-18, efficiency", "TOPS/W", _BRUSCHI, tops_per_w),
        Prediction(
            name,
            "ResNet-18, clusters used",
            "",
            _BRUSCHI,
            lambda: float(_resnet18(True).mapping.tiles_used),
        ),
        Prediction(name, "ResNet-18, gain from replication", "", _BRUSCHI, gain),
    ]


def _speech() -> Prediction:
    mode = "speech-34@half-integration-time"
    return Prediction(
        mode,
        "efficiency, tiles and mesh",
        "TOPS/W",
        "a tile's energy in proportion to its reading time",
        lambda: product(mode).system_tops_per_w,
    )


def frozen() -> dict[str, Any]:
    """The frozen predictions: ``version``, ``commit``, and ``values`` by `Prediction.key`."""
    text = files(__package__).joinpath("predictions.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def freeze(found: Sequence[tuple[Prediction, float]], version: str, commit: str) -> str:
    """The text of a file of frozen predictions, six digits each."""
    values = {prediction.key: float(f"{value:.6g}") for prediction, value in found}
    return json.dumps({"version": version, "commit": commit, "values": values}, indent=1) + "\n"
