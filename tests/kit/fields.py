"""Every field of a chip file, and what a field may move: what is asked of a chip, and what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.arch.component import Component
from ohmsum.arch.consistency import contradictions
from ohmsum.arch.paths import component_class, fields_by_key
from ohmsum.sim.accuracy.conditions import Conditions
from ohmsum.sim.accuracy.layer import ComputedLayer
from ohmsum.sim.accuracy.metrics import sqnr_db
from ohmsum.sim.accuracy.precision import Precision
from ohmsum.sim.engines import compiled
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.mapping.tiling import Array, tile_matrix
from ohmsum.sim.metrics.energy import balance
from ohmsum.sim.simulate import simulate
from ohmsum.sim.training import simulate_training
from ohmsum.workloads import Matrix
from ohmsum.workloads.graph import Grid, Network, Operator, Port, Tensor
from ohmsum.workloads.language_model import LanguageModel

from .operand_networks import Case
from .small_decoder import decoder
from .small_networks import PIXEL_3X3, SINGLE, add, matrix, network, source

FOLDER = Path(__file__).parents[1] / "data" / "fields"
BATCH = 4
GRID = Grid(4, 4)
Seen = Mapping[str, object]
"""What is seen of a chip by name: time, energy, idle, area, power, signal ..."""


def schema(cls: type[Component] = Chip, path: str = "") -> Iterator[str]:
    """Dotted paths of all fields of a chip file that are no parts; ``*`` is an element of a list."""
    for key, (_, field) in fields_by_key(cls).items():
        inner, in_list = component_class(field)
        here = f"{path}.{key}" if path else key
        if inner is None:
            yield here
        else:
            yield from schema(inner, f"{here}.*" if in_list else here)


def chip(name: str, changes: Mapping[str, str]) -> Chip:
    return arch.load(FOLDER / f"{name}.yaml", overrides=dict(changes))


def picture() -> Network:
    """Two convolutions, their sum, softmax; sigmoid at the host."""
    soft = Operator(
        "soft", "Softmax", "vector", (Port("sum"),), Tensor("soft", (), GRID, 4), function="softmax", work=4
    )
    last = Operator(
        "last", "Sigmoid", "vector", (Port("soft"),), Tensor("last", (), GRID, 4), function="sigmoid", work=4
    )
    return network(
        source(4, GRID),
        matrix("a", "x", 36, 4, GRID, PIXEL_3X3, fused=("relu",)),
        matrix("b", "a", 36, 4, GRID, PIXEL_3X3),
        add("sum", "a", "b", GRID, 4), soft, last,
    )  # fmt: skip


def chain() -> Network:
    return network(
        source(16), *(matrix(f"l{i}", f"l{i - 1}" if i else "x", 16 if i == 0 else 4, 4) for i in range(6))
    )


def costs(c: Chip) -> dict[str, Any]:
    roll = arch.roll_up(c)
    return {
        "area": roll.area_mm2,
        "power": roll.power_w,
        "peak": roll.tops,
        "check": tuple(contradictions(c)),
    }


def run(
    c: Chip, options: MappingOptions = SINGLE, net: Callable[[], Network] = picture, noc: str | None = None
) -> Seen:
    """Inferences alone, in a batch, and coming before the one before is through."""
    found = simulate(net(), c, batch=BATCH, arrival="every 200 ns", mapping=options, noc=noc)
    assert found.stream is not None
    return {
        **costs(c),
        "time": (found.latency_fs, found.makespan_s, *found.stream.result.iteration_end_fs.tolist()),
        "energy": found.energy.total_j,
        "idle": found.energy_bracket_j[1],
        "signal": found.snr_db,
        "bits": found.adc_bits_missing,
        "area": found.area_mm2,
        "wear": None if found.swap is None else str(found.swap),
    }


def training(c: Chip) -> Seen:
    """A training step of two layers."""
    net = network(source(16), matrix("fc1", "x", 16, 4, fused=("relu",)), matrix("fc2", "fc1", 4, 4))
    found = simulate_training(net, c, batch=2, epoch_samples=1000, mapping=SINGLE)
    return {"time": found.figure("latency_s"), "energy": found.figure("energy_j"), "wear": str(found.figures)}


def tokens(c: Chip) -> Seen:
    """A decoder that writes three tokens after a context of eight."""
    model = LanguageModel.of(decoder(length=12))
    p = lower(map_network(model.decode(8, 3, 1), c), c, autoregressive=True)
    found = compiled.run(p)
    return {**costs(c), "time": found.makespan_fs, "energy": balance(p, found.makespan_fs, 1).total_j}


def data(c: Chip) -> Seen:
    """A layer of 16 x 4 with real inputs."""
    rng = np.random.default_rng(1)
    with TemporaryDirectory() as folder:
        inputs = rng.integers(0, 4, (3, 16)) * np.array([[0.0], [1.0], [1.0]])
        case = Case.linear(Path(folder), c, rng.normal(size=(16, 4)), inputs)
        p = case.program()
    found = compiled.run(p)
    return {"time": found.makespan_fs, "energy": balance(p, found.makespan_fs, 1).total_j}


def accuracy(c: Chip) -> Seen:
    """A layer of 32 x 8 through the kernels: signal over noise in decibels."""
    rng = np.random.default_rng(7)
    tile = c.tile
    assert tile is not None
    x = rng.normal(size=(64, 32)).astype(np.float32)
    array = Array(tile.crossbar.rows, tile.weight_columns, tile.columns_per_weight, tile.crossbar.cols)
    made = rng.normal(size=(1, 32, 8)).astype(np.float32)
    layer = ComputedLayer.of("fc", made, tile_matrix(Matrix(32, 8), array), Precision.of(c), x)
    conditions = Conditions(time_s=0.0, noise=True)
    return {"accuracy": sqnr_db(layer.compute(layer.program(conditions, 3), x, 0), layer.exact(x), None)}


WORKS: dict[str, Callable[[Chip], Seen]] = {
    "run": run,
    "chain": lambda c: run(c, net=chain),
    "replicated": lambda c: run(c, MappingOptions()),
    "flit": lambda c: run(c, noc="flit"),
    "swap": lambda c: run(c, MappingOptions(replicate=False, swap=True), chain),
    "training": training,
    "tokens": tokens,
    "data": data,
    "accuracy": accuracy,
    "costs": costs,
}


@cache
def seen(work: str, name: str, changes: tuple[tuple[str, str], ...]) -> Seen:
    """What is seen of a chip of this folder with some changes."""
    return WORKS[work](chip(name, dict(changes)))
