"""Numbers for which no published one was looked at, and the file that freezes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files

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
    "time and energy linear in pulses and steps, fitted to two published points; the halves of two phases "
    "are each converted with all bits, which was assumed when it was known that one phase is the better one"
)
_GAROFALO = (
    "one crossbar per piece of a layer (no packing across layers), depthwise layers on the digital engine"
)
_BRUSCHI = "256x256 images, batch of 16; cores and network as assumed in the preset"

GAROFALO_ARRAYS = 128
"""Crossbars offered to MobileNetV2; the prediction is how many it takes."""


def _tiles_and_mesh(name: str) -> float:
    return product(name).tops_per_w({"crossbar", "noc"})


SPEECH = tuple(
    Prediction(
        "speech-34@half-integration-time",
        f"efficiency, {boundary}",
        "TOPS/W",
        "half of a tile's energy goes with its reading time; of the rest, clocks do",
        simulated,
    )
    for boundary, simulated in (("tiles and mesh", _tiles_and_mesh), ("chip at work", system_tops_per_w))
)


def predictions() -> tuple[Prediction, ...]:
    """Every prediction, in the order of the table."""
    return (*_neurram(), *_garofalo(), *_bruschi(), *SPEECH)


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


SAME = 0.01
"""Relative change up to which a prediction is the same."""


@dataclass(frozen=True)
class Move:
    """A prediction that came out differently later on.

    Parameters
    ----------
    value : float
        What it was then.
    entry : str
        Words of the changelog's entry that says why.
    """

    value: float
    entry: str


@dataclass(frozen=True)
class Frozen:
    """The file of frozen predictions.

    Parameters
    ----------
    version, commit : str
        Of the code that made them first.
    values : dict of str to float
        By `Prediction.key`, as first predicted: they are never replaced.
    moved : dict of str to Move
        Those that are something else today.
    """

    version: str
    commit: str
    values: dict[str, float]
    moved: dict[str, Move]

    def latest(self, key: str) -> float | None:
        """What a prediction was when somebody last said so; None if it was never frozen."""
        return self.moved[key].value if key in self.moved else self.values.get(key)

    def silent_moves(self, found: Sequence[tuple[Prediction, float]]) -> list[str]:
        """Keys of predictions that are not what the file says."""
        latest = [(p.key, value, self.latest(p.key)) for p, value in found]
        return [key for key, value, was in latest if was is None or abs(value / was - 1) > SAME]

    def text(self) -> str:
        """The file."""
        moved = {key: {"value": move.value, "entry": move.entry} for key, move in self.moved.items()}
        return json.dumps({**vars(self), "moved": moved}, indent=1) + "\n"


def frozen() -> Frozen:
    """The predictions that are frozen."""
    stored = json.loads(files(__package__).joinpath("predictions.json").read_text("utf-8"))
    return Frozen(**{**stored, "moved": {key: Move(**move) for key, move in stored["moved"].items()}})


def freeze(before: Frozen, found: Sequence[tuple[Prediction, float]], version: str, commit: str) -> Frozen:
    """New predictions beside the old ones, six digits each; what moved waits for its entry in the changelog.

    Predictions that are no more keep what they were: they were made.
    """
    now = {prediction.key: float(f"{value:.6g}") for prediction, value in found}
    new = {key: value for key, value in now.items() if key not in before.values}
    moves = {key: Move(now[key], "") for key in before.silent_moves(found) if key in before.values}
    stamp = (version, commit) if not before.values else (before.version, before.commit)
    return Frozen(*stamp, {**before.values, **new}, {**before.moved, **moves})
