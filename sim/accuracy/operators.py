"""ONNX nodes with stored weights as matrix products that crossbars can take over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from ...workloads.graph import Matrix
from ..errors import SimulationError
from .unfold import Sliding

Floats = npt.NDArray[np.float32]
Product = Callable[[str, Floats], Floats]
"""A named matrix applied to vectors: (n_vectors, groups * k) to (n_vectors, groups * n)."""


@dataclass(frozen=True)
class Mapped:
    """What the mapping made of a node.

    Parameters
    ----------
    names : tuple of str
        Of its operators with a matrix: one, or one for each direction.
    matrix : Matrix
        Of each of them.
    """

    names: tuple[str, ...]
    matrix: Matrix


class ComputedOperator(ABC):
    """A node whose matrices lie on crossbars and whose other arithmetic is digital.

    Attributes
    ----------
    name : str
        Of the operator in the mapping.
    inputs, outputs : list of str
        Live tensors it reads, tensors it makes.
    matrices : dict of str to array
        (groups, k, n) for every operator of the mapping that the node became.
    input_parts : tuple of int
        Rows of inputs that have a scale of their own; empty if all share one.
    """

    name: str
    inputs: list[str]
    outputs: list[str]
    matrices: dict[str, Floats]
    input_parts: tuple[int, ...] = ()

    @abstractmethod
    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        """Outputs by name; every application of a matrix goes through `product`."""


class Conv(ComputedOperator):
    """Convolution over any number of spatial axes, grouped or not."""

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        given = attributes(node)
        weight = weights_of(node, 1, stored)
        groups, n_axes = int(given.get("group", 1)), weight.ndim - 2
        self.name, self.inputs, self.outputs = name, [node.input[0]], [node.output[0]]
        self.bias = bias_of(node, 2, stored)
        self.sliding = Sliding(
            kernel=tuple(weight.shape[2:]),
            strides=tuple(given.get("strides") or [1] * n_axes),
            dilations=tuple(given.get("dilations") or [1] * n_axes),
            pads=tuple(given.get("pads") or [0] * 2 * n_axes),
            auto_pad=text(given.get("auto_pad", "NOTSET")),
        )
        matrix = weight.reshape(groups, weight.shape[0] // groups, -1).transpose(0, 2, 1)
        self.matrices = {name: np.ascontiguousarray(matrix)}

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.inputs[0]]
        rows, sizes = self.sliding.patches(x)
        y = product(self.name, rows)
        if self.bias is not None:
            y = y + self.bias
        y = np.moveaxis(y.reshape(x.shape[0], *sizes, -1), -1, 1)
        return {self.outputs[0]: np.ascontiguousarray(y)}


class Gemm(ComputedOperator):
    """alpha A' B' + beta C, with stored B and C."""

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        given = attributes(node)
        weight = weights_of(node, 1, stored)
        self.name, self.inputs, self.outputs = name, [node.input[0]], [node.output[0]]
        self.transposed = bool(given.get("transA", 0))
        matrix = weight.T if given.get("transB", 0) else weight
        self.matrices = {name: np.ascontiguousarray(matrix * np.float32(given.get("alpha", 1.0)))[None]}
        bias = bias_of(node, 2, stored)
        self.bias = None if bias is None else bias * np.float32(given.get("beta", 1.0))

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.inputs[0]]
        y = product(self.name, np.ascontiguousarray(x.T if self.transposed else x))
        return {self.outputs[0]: y if self.bias is None else y + self.bias}


class MatMul(ComputedOperator):
    """Vectors times a stored matrix, on either side."""

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        self.left = node.input[0] in stored
        weight = weights_of(node, 0 if self.left else 1, stored)
        self.flat = weight.ndim == 1
        if self.flat:  # a vector: one column
            weight = weight[:, None]
            self.left = False
        self.name, self.outputs = name, [node.output[0]]
        self.inputs = [next(n for n in node.input if n not in stored)]
        self.matrices = {name: np.ascontiguousarray(weight.T if self.left else weight)[None]}

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.inputs[0]]
        columns = self.left and x.ndim > 1
        x = np.swapaxes(x, -1, -2) if columns else x
        y = product(self.name, np.ascontiguousarray(x.reshape(-1, x.shape[-1])))
        y = y.reshape(*x.shape[:-1], *([] if self.flat else [y.shape[-1]]))
        return {self.outputs[0]: np.ascontiguousarray(np.swapaxes(y, -1, -2) if columns else y)}


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Attributes of a node by name."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def text(value: object) -> str:
    """An attribute of text, which ONNX keeps as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def weights_of(node: onnx.NodeProto, index: int, stored: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """A stored weight tensor, finite.

    Raises
    ------
    SimulationError
        It holds NaN or infinity.
    """
    name = node.input[index]
    if name not in stored:
        raise unsupported(node.name or node.output[0], f"{node.op_type} whose input {index} is not stored")
    array = stored[name]
    n_bad = int(np.count_nonzero(~np.isfinite(array)))
    if n_bad:
        raise SimulationError(
            f"weight tensor {name!r} of node {node.name or node.output[0]!r}: {n_bad} of {array.size} values "
            "are NaN or infinite, expected finite numbers"
        )
    return array.astype(np.float32, copy=False)


def bias_of(node: onnx.NodeProto, index: int, stored: Mapping[str, npt.NDArray[Any]]) -> Floats | None:
    """A stored bias, None if the node has none."""
    if len(node.input) <= index or not node.input[index]:
        return None
    if node.input[index] not in stored:
        raise unsupported(node.name or node.output[0], f"a bias {node.input[index]!r} that is not stored")
    return weights_of(node, index, stored)


class UnsupportedError(SimulationError):
    """An operator that the functional run cannot put on crossbars."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        self.found = tuple(found)
        told = "; ".join(f"operator {name!r}: {what}" for name, what in found)
        hint = ", ".join(f"`digital: {name}`" for name, _ in found)
        super().__init__(f"{told} cannot be computed on crossbars; keep it digital: {hint}")


def unsupported(name: str, what: str) -> UnsupportedError:
    """One operator, by its name in the mapping."""
    return UnsupportedError([(name, what)])
