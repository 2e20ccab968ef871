"""Writes the nodes that stand for one node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...errors import NetworkError
from ..nodes import Array
from ..order import label

NUMBERS = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE})


class Unknown(LookupError):
    """The shape of a tensor is not known here."""


class Body:
    """The nodes that are written, in order.

    Parameters
    ----------
    node : onnx.NodeProto
        The one that they stand for.
    opset : int
        Of the standard operators.
    shape : callable
        Shape of a tensor by name; raises `Unknown`.
    dtype : callable
        Element type of a tensor by name.
    value : callable
        Values of a constant by name, None of any other tensor and of those that are not known.
    """

    def __init__(
        self,
        node: onnx.NodeProto,
        opset: int,
        shape: Callable[[str], tuple[int, ...]],
        dtype: Callable[[str], int],
        value: Callable[[str], Array | None] = lambda name: None,
    ) -> None:
        self.node = node
        self.opset = opset
        self.shape = shape
        self.dtype = dtype
        self.value = value
        self.nodes: list[onnx.NodeProto] = []
        self.title = node.name or next((o for o in node.output if o), node.op_type)
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def input(self, index: int) -> str:
        """Name of input `index` of the node, "" if it is left out."""
        return self.node.input[index] if index < len(self.node.input) else ""

    def wants(self, index: int) -> bool:
        """Whether output `index` of the node has a name."""
        return index < len(self.node.output) and bool(self.node.output[index])

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute that is an integer."""
        return int(self.attributes.get(name, default))

    def number(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        return float(self.attributes.get(name, default))

    def text(self, name: str, default: str = "") -> str:
        """An attribute that is a text."""
        value = self.attributes.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def given(self, *names: str) -> dict[str, Any]:
        """Those of these attributes that the node has."""
        return {n: self.attributes[n] for n in names if n in self.attributes}

    def add(
        self, op: str, *inputs: str, n: int = 1, main: bool = False, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Write a node; returns the names of its outputs. The `main` one has the name of the whole."""
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        place = f"{self.title}/{op}#{len(self.nodes)}"
        outputs = [f"{place}:{i}" if n > 1 else place for i in range(n)]
        name = self.title if main else place
        kept = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(op, list(inputs), outputs, name=name, domain=domain, **kept))
        return outputs

    def __call__(self, op: str, *inputs: str, main: bool = False, domain: str = "", **attributes: Any) -> str:
        """Write a node of one output; returns its name."""
        return self.add(op, *inputs, main=main, domain=domain, **attributes)[0]

    def constant(self, value: Any, dtype: int = TensorProto.FLOAT) -> str:
        """A constant tensor."""
        array = np.asarray(value).astype(helper.tensor_dtype_to_np_dtype(dtype))
        return self("Constant", value=numpy_helper.from_array(array))

    def scalar(self, value: float, like: str) -> str:
        """A number of the type of a tensor; of one that is written here, the node's own type."""
        written = any(like in node.output for node in self.nodes)
        return self.constant(value, self.computes_in if written else self.dtype(like))

    @property
    def computes_in(self) -> int:
        """The first type among the node's inputs that is no integer."""
        types = [self.dtype(name) for name in self.node.input if name]
        return next((t for t in types if t in NUMBERS), TensorProto.FLOAT)

    def integers(self, *values: int) -> str:
        """A list of 64-bit integers."""
        return self.constant(list(values), TensorProto.INT64)

    def give(self, index: int, tensor: str) -> None:
        """Output `index` of the node is this tensor."""
        if self.wants(index):
            self.nodes.append(
                helper.make_node(
                    "Identity", [tensor], [self.node.output[index]], name=f"{self.title}/out{index}"
                )
            )

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """The same elements in another shape; 0 keeps a size, one may be -1."""
        return self("Reshape", x, self.integers(*shape))

    def transpose(self, x: str, perm: Sequence[int]) -> str:
        """The axes in another order."""
        return self("Transpose", x, perm=list(perm))

    def plus(self, x: str, y: str) -> str:
        """x + y, or x if there is no y."""
        return self("Add", x, y) if y else x

    def times(self, x: str, factor: float) -> str:
        """x times a number, or x if that is 1."""
        return x if factor == 1 else self("Mul", x, self.scalar(factor, x))

    def split(self, x: str, sizes: Sequence[int], axis: int) -> list[str]:
        """Cut a tensor along an axis."""
        if self.opset >= 13:
            return self.add("Split", x, self.integers(*sizes), n=len(sizes), axis=axis)
        return self.add("Split", x, n=len(sizes), axis=axis, split=list(sizes))

    def first(self, x: str, n: int) -> str:
        """The first n of the first axis."""
        if self.opset >= 10:
            return self("Slice", x, self.integers(0), self.integers(n), self.integers(0))
        return self("Slice", x, starts=[0], ends=[n], axes=[0])

    def zeros_after(self, x: str, n: int, rank: int) -> str:
        """n zeros more on the first of `rank` axes."""
        pads = [*[0] * rank, n, *[0] * (rank - 1)]
        return self("Pad", x, self.integers(*pads)) if self.opset >= 11 else self("Pad", x, pads=pads)

    def unsqueeze(self, x: str, *axes: int) -> str:
        """Axes of size 1, at these places of the result."""
        if self.opset >= 13:
            return self("Unsqueeze", x, self.integers(*axes))
        return self("Unsqueeze", x, axes=list(axes))

    def error(self, message: str) -> NetworkError:
        """An error about the node."""
        return NetworkError(f"node {label(self.node)}: {message}")
