"""Shapes and types of what a node makes: by inference, and by what the file says where that is silent.

What is written in a file (value_info, graph outputs) may come from another version of the graph. It never
overrides what follows from the inputs, and a size below 1 says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import checker, helper, numpy_helper, shape_inference

from ..errors import NetworkError
from .checks import Checker
from .nodes import Graph, Shape
from .order import label

DATA_INPUT_ELEMENTS = 1024  # values handed to shape inference: targets, axes, scales
NOT_INFERRED = (
    shape_inference.InferenceError, checker.ValidationError,
    LookupError, MemoryError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What ONNX's inference raises where it does not understand a node."""
COUNTS = frozenset({onnx.TensorProto.INT32, onnx.TensorProto.INT64})
BY_NUMBERS = frozenset({"Resize", "Upsample", "Range"})  # shapes that hang on values of any type
MICROSOFT = "com.microsoft"
PACKED_PRODUCTS = frozenset({"MatMulNBits", "MatMulBnb4"})
LIKE_THE_FIRST = frozenset(
    {"LayerNormalization", "RMSNormalization", "Gelu", "HardSwish", "Mish", "Swish", "RotaryEmbedding"}
)

Partial = tuple[int | None, ...]
Types = dict[str, tuple[Shape, int]]


class Shapes:
    """What is known of the shapes of a model.

    Parameters
    ----------
    model : onnx.ModelProto
    graph : Graph
        Where shapes, types and values of the tensors so far stand.
    opsets : dict of str to int
        By domain.
    trust : bool
        The shapes written in the file are those of these inputs (no dimension was bound or overridden).
    checker : Checker
        What every node has to pass before ONNX's inference, written in C++, sees it.
    """

    def __init__(
        self, model: onnx.ModelProto, graph: Graph, opsets: dict[str, int], trust: bool, checker: Checker
    ) -> None:
        self.graph = graph
        self.checker = checker
        self.opsets = opsets
        self.ir_version = model.ir_version
        self.imports = [helper.make_opsetid(d, v) for d, v in opsets.items()]
        self.written = _written(model.graph) if trust else {}
        self._contradictions: list[str] = []

    def schema(self, node: onnx.NodeProto) -> onnx.defs.OpSchema | None:
        """The operator's definition, None if ONNX has none."""
        domain = node.domain if node.domain != "ai.onnx" else ""
        try:
            return onnx.defs.get_schema(node.op_type, self.opsets.get(domain, 1), domain)
        except onnx.defs.SchemaError:
            return None

    def type_of(self, name: str) -> onnx.TypeProto:
        """The type of a tensor so far; empty for an input that is left out."""
        if not name:
            return onnx.TypeProto()
        return helper.make_tensor_type_proto(self.graph.dtypes[name], self.graph.shapes[name])

    def of_outputs(self, node: onnx.NodeProto) -> Types:
        """Outputs of a node whose shape is known, inferred or written."""
        inferred = self.inferred(node)
        found: Types = {}
        for name in filter(None, node.output):
            shape, dtype = inferred.get(name, (None, 0))
            whole = self._with_written(name, shape)
            if whole is not None:
                found[name] = whole, dtype or self.written.get(name, (None, 0))[1]
        return found

    def inferred(self, node: onnx.NodeProto) -> dict[str, tuple[Partial | None, int]]:
        """Shapes by ONNX's own inference of this one node, sizes that stay open as None."""
        schema = self.schema(node)
        if schema is None:
            return self._without_schema(node)
        self.checker.valid(node)
        names = [name for name in node.input if name]
        asked = names if node.op_type in BY_NUMBERS else [n for n in names if self.graph.dtypes[n] in COUNTS]
        data = {n: numpy_helper.from_array(v, n) for n in asked if (v := self._small_value(n)) is not None}
        try:
            found = shape_inference.infer_node_outputs(
                schema,
                node,
                {name: self.type_of(name) for name in names},
                data,
                opset_imports=self.imports,
                ir_version=self.ir_version,
            )
        except NOT_INFERRED as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise NetworkError(
                f"{self.graph.file}: node {label(node)}: its shapes do not fit: {reason}"
            ) from None
        return {name: (_partial(proto), proto.tensor_type.elem_type) for name, proto in found.items()}

    def _without_schema(self, node: onnx.NodeProto) -> dict[str, tuple[Partial | None, int]]:
        """Operators of ONNX of a later opset (which runtimes run in earlier ones too), and packed weights."""
        graph, first, out = self.graph, node.input[0] if node.input else "", node.output[0]
        integers = {a.name: a.i for a in node.attribute}
        alike = node.op_type in LIKE_THE_FIRST and node.domain in ("", "ai.onnx")
        if alike or node.domain == "ohmsum.function":
            return {out: (graph.shapes[first], graph.dtypes[first])}
        if node.op_type == "DequantizeLinear":
            return {out: (graph.shapes[first], graph.dtypes[node.input[1]])}
        if node.op_type in PACKED_PRODUCTS and node.domain == MICROSOFT:
            return {out: ((*graph.shapes[first][:-1], integers["N"]), graph.dtypes[first])}
        if node.op_type == "GatherBlockQuantized" and node.domain == MICROSOFT:
            data, scale = graph.shapes[first], node.input[2]
            per_byte = 8 // integers.get("bits", 4) if graph.dtypes[first] == onnx.TensorProto.UINT8 else 1
            return {out: ((*data[:-1], data[-1] * per_byte), graph.dtypes[scale])}
        return {}

    def notes(self) -> list[str]:
        """That the file contradicts itself, if it does."""
        if not self._contradictions:
            return []
        more = len(self._contradictions) - 1
        also = f" and {more} more" if more else ""
        return [f"the file contradicts itself: {self._contradictions[0]}{also}; the graph is believed"]

    def _with_written(self, name: str, shape: Partial | None) -> Shape | None:
        """The shape, completed by what is written; None if it stays open."""
        written = self.written.get(name, (None, 0))[0]
        if written is not None and shape is not None:
            differs = len(shape) != len(written) or any(
                None not in (a, b) and a != b for a, b in zip(shape, written, strict=True)
            )
            if differs:
                self._contradictions.append(f"{name!r} is {_times(shape)}, written as {_times(written)}")
            else:
                shape = tuple(a if a is not None else b for a, b in zip(shape, written, strict=True))
        elif shape is None:
            shape = written
        if shape is None or any(d is None for d in shape):
            return None
        return tuple(d for d in shape if d is not None)

    def _small_value(self, name: str) -> Any:
        static = self.graph.statics.get(name)
        if static is None or static.size > DATA_INPUT_ELEMENTS:
            return None
        return self.graph.value(name)


def _partial(proto: onnx.TypeProto) -> Partial | None:
    """Sizes of a tensor, None for those that are open or below 0; None if not even their number is known."""
    tensor = proto.tensor_type
    if not proto.HasField("tensor_type") or not tensor.HasField("shape"):
        return None
    return tuple(
        d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in tensor.shape.dim
    )


def _written(graph: onnx.GraphProto) -> dict[str, tuple[Partial | None, int]]:
    """What the file says of its tensors; a size below 1 says nothing."""
    said: dict[str, tuple[Partial | None, int]] = {}
    for value in (*graph.value_info, *graph.output):
        shape = _partial(value.type)
        positive = None if shape is None else tuple(d if d else None for d in shape)
        said[value.name] = positive, value.type.tensor_type.elem_type
    return said


def _times(shape: Sequence[int | None]) -> str:
    return "x".join("?" if d is None else str(d) for d in shape) or "a scalar"
