"""One node of any operator that ONNX has, with inputs and attributes of any number, shape and kind."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .kinds import CHIPS

OPSET = 20
SIZES = [1, 2, 3, 4, 1, 0, 2**31, 2**40]
NUMBERS = [0, 1, 2, 3, -1, -2, 5, 9, 100, 2**31, 2**40, 2**62, -(2**63)]
TYPES = [1, 1, 1, 7, 7, 9, 10, 2, 3, 6]
STORED = 64
"""Most elements of a tensor whose values are in the file."""
TEXTS = [
    "",
    "ij,jk->ik",
    "SAME_UPPER",
    "VALID",
    "linear",
    "...i->i",
    "NHWC",
    "->",
    "ij,,",
    "DCR",
    "sum",
    "none",
]
Kinds: Any = onnx.defs.OpSchema.AttrType


@cache
def _schemas() -> list[onnx.defs.OpSchema]:
    names = {schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain}
    known = [name for name in sorted(names) if onnx.defs.has(name, OPSET)]
    return [onnx.defs.get_schema(name, OPSET) for name in known]


def an_onnx_node(folder: Path, draw: random.Random) -> list[str]:
    schema = draw.choice(_schemas())
    n_in = draw.choice([schema.min_input, len(schema.inputs), draw.randint(0, 6)])
    n_out = max(1, draw.choice([1, schema.min_output, len(schema.outputs), draw.randint(0, 4)]))
    inputs = [draw.choice([f"x{i}"] * 9 + [""]) for i in range(n_in)]
    made = onnx.NodeProto(op_type=schema.name, input=inputs, output=[f"y{i}" for i in range(n_out)])
    for one in schema.attributes.values():
        if draw.random() < (0.95 if one.required else 0.4):
            kind: Any = one.type if draw.random() < 0.93 else draw.choice(list(_VALUES))
            if kind in _VALUES:
                value = _VALUES[kind](draw)
                made.attribute.append(helper.make_attribute(one.name, value, attr_type=kind.value))
    graph = onnx.GraphProto(name="node", node=[made], output=[onnx.ValueInfoProto(name="y0")])
    for name in filter(None, inputs):
        shape, dtype = [draw.choice(SIZES) for _ in range(draw.randint(0, 5))], draw.choice(TYPES)
        if 0 < prod(shape) <= STORED and draw.random() < 0.6:
            graph.initializer.append(_stored(name, shape, dtype, draw))
        else:
            graph.input.append(helper.make_tensor_value_info(name, dtype, shape))
    file = folder / "network.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    file.write_bytes(model.SerializeToString())
    more = ["--unknown-operators", "vector"] if draw.random() < 0.3 else []
    return ["run", str(file), "--chip", draw.choice(CHIPS), *more]


def _stored(name: str, shape: list[int], dtype: int, draw: random.Random) -> onnx.TensorProto:
    values = np.array([draw.choice(NUMBERS) for _ in range(prod(shape))], np.int64).reshape(shape)
    with np.errstate(all="ignore"):
        return numpy_helper.from_array(values.astype(helper.tensor_dtype_to_np_dtype(dtype)), name)


def _graph(draw: random.Random) -> onnx.GraphProto:
    inner = onnx.NodeProto(op_type=draw.choice(["Relu", "Identity", "Add"]), output=["b"])
    inner.input.extend(["a"] * draw.randint(0, 2))
    graph = onnx.GraphProto(name="inside", node=[inner])
    graph.input.extend([helper.make_tensor_value_info("a", 1, [1])] * draw.randint(0, 2))
    graph.output.extend([onnx.ValueInfoProto(name="b")] * draw.randint(0, 2))
    return graph


def _ones(draw: random.Random) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones([draw.choice([0, 1, 2]) for _ in range(draw.randint(0, 3))]))


_VALUES: dict[Any, Callable[[random.Random], Any]] = {
    Kinds.INT: lambda draw: draw.choice(NUMBERS),
    Kinds.FLOAT: lambda draw: draw.choice([0.0, 1.0, -1.0, 0.5, float("nan"), 1e30]),
    Kinds.STRING: lambda draw: draw.choice(TEXTS),
    Kinds.INTS: lambda draw: [draw.choice(NUMBERS) for _ in range(draw.randint(0, 5))],
    Kinds.FLOATS: lambda draw: [draw.choice([0.0, 0.5, 2.0]) for _ in range(draw.randint(0, 5))],
    Kinds.STRINGS: lambda draw: ["a"] * draw.randint(0, 4),
    Kinds.TENSOR: _ones,
    Kinds.GRAPH: _graph,
}
