"""Studies of small networks, for the tests of accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from ohmsum import arch, workloads
from ohmsum.sim.accuracy import Data, Functional, Study, load_data
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.mapping import MappingOptions, map_network
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parents[1]
LENET = HERE.parent / "docs" / "accuracy" / "lenet5-fashion.onnx"
IMAGES = HERE / "data" / "fashion-300.npz"
NOISY = {"tile.crossbar.cell.model": "hermes-2", "tile.crossbar.cell.kind": "pcm"}
PRECISE = {"tile.weights.bits": "16", "tile.crossbar.cell.bits": "16", "tile.dac.bits": "16",
           "tile.dac.slice_bits": "16", "tile.adc.bits": "24"}  # fmt: skip
DAY_S = 86400.0


def study(
    path: Path,
    data: Data,
    changes: dict[str, str],
    *,
    metric: str = "agreement",
    chip: str = "hermes-64",
    rule: str | None = None,
    digital: tuple[str, ...] = (),
) -> Study:
    hardware = arch.load(chip, overrides={**(rules(rule) if rule else {}), **changes})
    shapes = {name: (1, *a.shape[1:]) for name, a in data.arrays.items()}
    network = workloads.load(path, input_shapes=shapes)
    mapping = map_network(network, hardware, MappingOptions(replicate=False, digital=digital))
    return Study(Functional(ModelSource(str(path)), mapping), mapping, hardware, data, metric)


def rules(rule: str) -> dict[str, str]:
    """One rule for the ranges of inputs and converters."""
    return dict.fromkeys(("tile.dac.range_rule", "tile.adc.range_rule"), rule)


def lenet_study(n: int = 64, changes: dict[str, str] | None = None, **options: object) -> Study:
    model = onnx.load(LENET)
    data = load_data(IMAGES, list(model.graph.input)).some(n)
    return study(LENET, data, NOISY if changes is None else changes, **options)  # type: ignore[arg-type]


def save(path: Path, nodes: list[onnx.NodeProto], shape: list[Any], weights: dict[str, np.ndarray]) -> Path:
    """A network from `x` (free batch) to `y`."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(w), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def study_of_sequence(path: Path, x: np.ndarray, changes: dict[str, str] | None = None) -> Study:
    """A network whose first axis is time, of a fixed length."""
    asked = {**rules("maximum"), **(PRECISE if changes is None else changes)}
    hardware = arch.load("hermes-64", overrides=asked)
    mapping = map_network(workloads.load(path), hardware, MappingOptions(replicate=False))
    functional = Functional(ModelSource(str(path)), mapping)
    return Study(functional, mapping, hardware, Data({"x": x}, None, step=len(x)), "sqnr")
