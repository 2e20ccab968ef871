"""Networks of one layer with weights and data, and their operands on the chip of round numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from ohmsum import workloads
from ohmsum.arch.chip import Chip
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import Mapping, map_network
from ohmsum.sim.operands import DataSource, Operands
from ohmsum.sim.program import Program
from onnx import TensorProto, helper, numpy_helper

from .small_networks import SINGLE


def _save(path: Path, node: onnx.NodeProto, shape: list[Any], weights: np.ndarray) -> None:
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)


class Case:
    """A network of one layer called "fc" or "conv", its data, and where it lies on a chip."""

    def __init__(self, folder: Path, chip: Chip, node: onnx.NodeProto, weights: np.ndarray, x: np.ndarray):
        self.chip, self.network, self.data = chip, folder / "net.onnx", folder / "x.npz"
        _save(self.network, node, list(x.shape[1:]), weights)
        np.savez(self.data, x=x.astype(np.float32))
        network = workloads.load(self.network, input_shapes={"x": (1, *x.shape[1:])})
        self.mapping: Mapping = map_network(network, chip, SINGLE)

    @staticmethod
    def linear(folder: Path, chip: Chip, weights: np.ndarray, x: np.ndarray) -> Case:
        """(n, k) data times (k, n) weights."""
        return Case(folder, chip, helper.make_node("Gemm", ["x", "w"], ["y"], name="fc"), weights, x)

    @staticmethod
    def convolution(folder: Path, chip: Chip, weights: np.ndarray, x: np.ndarray) -> Case:
        """A 3 x 3 kernel with padding over (n, channels, h, w) data."""
        node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", pads=[1, 1, 1, 1])
        return Case(folder, chip, node, weights, x)

    def operands(self, exact: bool = True) -> Operands:
        """From the data."""
        source = DataSource(ModelSource(str(self.network)), self.data, exact)
        return source.operands(self.mapping, self.chip, lambda what, share: None)

    def program(self, exact: bool = True) -> Program:
        """With the energies and times that the data make."""
        return lower(self.mapping, self.chip, operands=self.operands(exact).layers)
