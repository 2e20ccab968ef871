"""The codes that a quantised network has itself: of what drives a layer, and of its stored weights.

A tile that has enough bits computes with whole multiples of these codes, as an integer runtime does, and
rounds nothing that the network has not rounded itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from ...workloads.graph import Operator
from ...workloads.onnx_import.quantise import BITS, is_quantiser
from .model import element_types, needed, part_of, run, session, static_values
from .operators import ComputedOperator

Array = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]
MOVES = frozenset({
    "Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Split",
    "Gather", "Expand", "DepthToSpace", "SpaceToDepth", "MaxPool", "Relu",
})  # fmt: skip
"""Operators whose outputs are elements of their first input, or zeros."""
WEIGHT_MOVES = frozenset({"Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze"})


@dataclass(frozen=True)
class InputSteps:
    """Inputs of a layer are whole multiples of a step.

    Parameters
    ----------
    step : float
    low, high : int
        The lowest and the highest multiple.
    """

    step: float
    low: int
    high: int


@dataclass(frozen=True)
class OwnCodes:
    """What a network says of one of its layers.

    Parameters
    ----------
    inputs : InputSteps or None
        None: its inputs are no codes, or not of one scale.
    weights : (groups * n,) array or None
        The step of the weights of every column, 0 where they are no codes or share none; None: unknown.
    """

    inputs: InputSteps | None = None
    weights: Doubles | None = None


NO_CODES = OwnCodes()
Make = Callable[[Mapping[str, Array]], ComputedOperator]
"""A node as matrix products, from the values of its stored tensors."""


class CodesOf:
    """Finds the codes of the layers of a model.

    Parameters
    ----------
    model : onnx.ModelProto
        Integer operators as the plain ones that they stand for.
    static : set of str
        Tensors that no input can change.
    """

    def __init__(self, model: onnx.ModelProto, static: set[str]) -> None:
        self.model, self.static = model, static
        self.makers = {o: node for node in model.graph.node for o in node.output if o}
        self.quantised = any(is_quantiser(node) for node in model.graph.node)
        self.types = element_types(model) if self.quantised else {}

    def __call__(
        self, node: onnx.NodeProto, values: Mapping[str, Array], make: Make, layer: Operator
    ) -> dict[str, OwnCodes]:
        """Codes of the operators that a node became, by name.

        Parameters
        ----------
        values : mapping of str to array
            Of the stored tensors that the node reads.
        layer : Operator
            One of them, for the bits of its input's codes.
        """
        if not self.quantised:
            return {}
        live = [n for n in node.input if n and n not in self.static]
        inputs = self._inputs(live[0], layer) if len(live) == 1 else None
        return {name: OwnCodes(inputs, steps) for name, steps in self._weights(node, values, make).items()}

    def _origin(self, name: str, moves: frozenset[str]) -> tuple[onnx.NodeProto | None, list[onnx.NodeProto]]:
        """The DequantizeLinear that the elements of a tensor come from, and the moves on the way."""
        path: list[onnx.NodeProto] = []
        while name in self.makers:
            node = self.makers[name]
            if is_quantiser(node):
                return node if node.op_type == "DequantizeLinear" else None, path[::-1]
            if node.op_type not in moves:
                break
            path.append(node)
            name = node.input[0]
        return None, []

    def _inputs(self, name: str, layer: Operator) -> InputSteps | None:
        origin, _ = self._origin(name, MOVES)
        if origin is None or origin.input[1] not in self.static:
            return None
        code = self._code_type(origin)
        if code not in BITS or "INT" not in TensorProto.DataType.Name(code):
            return None
        point = origin.input[2] if len(origin.input) > 2 else ""
        known = {n: v for n, v in self._values([origin.input[1], point]).items() if v.size == 1}
        if origin.input[1] not in known:
            return None
        low, high = _range(code, layer)
        if point and point not in known:  # found in every input anew: anywhere among the codes
            low, high = low - high, high - low
        elif point:
            zero = int(known[point].reshape(()))
            low, high = low - zero, high - zero
        return InputSteps(float(known[origin.input[1]].reshape(())), low, high)

    def _code_type(self, node: onnx.NodeProto) -> int:
        """Element type of the codes that a DequantizeLinear reads."""
        name = node.input[0]
        if name in self.types:
            return self.types[name]
        if len(node.input) > 2 and node.input[2] in self.types:
            return self.types[node.input[2]]
        return 0

    def _values(self, names: Sequence[str]) -> dict[str, Array]:
        return static_values(self.model, [n for n in names if n and n in self.static])

    def _weights(self, node: onnx.NodeProto, values: Mapping[str, Array], make: Make) -> dict[str, Doubles]:
        """By scales in the places of weights: what a column of the matrix then holds is its step."""
        steps = dict(values)
        for name in dict.fromkeys(n for n in node.input if n in values and values[n].dtype.kind == "f"):
            found = self._scales(name)
            steps[name] = np.zeros_like(values[name]) if found is None else found
        return {name: _by_column(m) for name, m in make(steps).matrices.items()}

    def _scales(self, name: str) -> Array | None:
        """The scale of every element of a stored tensor that is made of codes."""
        origin, path = self._origin(name, WEIGHT_MOVES)
        if origin is None or origin.input[1] not in self.static:
            return None
        made, scale = origin.output[0], origin.input[1]
        known = self._values([made, scale])
        scales = _spread(known[scale], known[made].shape, origin)
        if scales is None or not path:
            return scales
        beside = needed(self.model, [n for move in path for n in move.input[1:] if n])
        given = helper.make_tensor_value_info(made, TensorProto.FLOAT, scales.shape)
        part = part_of(self.model, [*beside, *path], [given], [name])
        moved: Array = run(session(part, "scales of weights"), {made: scales}, "scales of weights")[name]
        return moved


def _spread(scale: Array, shape: tuple[int, ...], node: onnx.NodeProto) -> Array | None:
    """Scales of every element: of the tensor, of channels along an axis; None for blocks."""
    given = {a.name: a.i for a in node.attribute}
    if given.get("block_size", 0):
        return None
    if scale.size == 1:
        return np.full(shape, scale.reshape(()), np.float32)
    axis = given.get("axis", 1) % len(shape)
    places = [1] * len(shape)
    places[axis] = -1
    return np.ascontiguousarray(np.broadcast_to(scale.reshape(places), shape), np.float32)


def _range(code: int, layer: Operator) -> tuple[int, int]:
    """Lowest and highest code of a type, or of the fewer bits that a layer's input is known to have."""
    signed = not TensorProto.DataType.Name(code).startswith("U")
    bits = BITS[code]
    if layer.input_format is not None:
        bits = min(bits, layer.input_format.bits)
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def _by_column(matrix: Array) -> Doubles:
    """The step of each column of (groups, k, n) scales, 0 where its rows have several."""
    first = np.abs(matrix[:, 0, :]).astype(np.float64)
    alike = (np.abs(matrix) == np.abs(matrix[:, :1])).all(axis=1)
    steps: Doubles = np.where(alike, first, 0.0).reshape(-1)
    return steps
