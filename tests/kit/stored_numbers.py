"""Parameters of an ONNX file, counted without the project: what `Network.params` has to be.

Every stored tensor of floats, of codes of few bits, or of integers that are the bias of a quantised layer
counts once, if an output depends on it. Not counted are scales and zero points, single numbers outside of
layers (they belong to formulas), first states of recurrences, and tensors that are given as masks or tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

NUMBERS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}
CODES = {TensorProto.INT8, TensorProto.UINT8, TensorProto.INT4, TensorProto.UINT4}
WITH_BIAS = {"DequantizeLinear", "QLinearConv", "QGemm", "ConvInteger"}
LAYERS = {"Conv", "ConvTranspose", "Gemm", "MatMul", "LayerNormalization", "BatchNormalization"} | WITH_BIAS
ASIDE: dict[str, tuple[int, ...]] = {  # inputs that are scales, zero points and first states
    "QuantizeLinear": (1, 2), "DequantizeLinear": (1, 2), "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7), "QGemm": (1, 2, 4, 5, 7, 8), "QLinearAdd": (1, 2, 4, 5, 6, 7),
    "QLinearMul": (1, 2, 4, 5, 6, 7), "QLinearSigmoid": (1, 2, 3, 4), "QLinearLeakyRelu": (1, 2, 3, 4),
    "QLinearGlobalAveragePool": (1, 2, 3, 4), "QLinearAveragePool": (1, 2, 3, 4),
    "QLinearSoftmax": (1, 2, 3, 4),
    "LSTM": (5, 6), "GRU": (5,), "RNN": (5,), "MatMulInteger": (2, 3), "ConvInteger": (2, 3),
    "QLinearConcat": tuple(i for i in range(99) if i < 2 or (i - 2) % 3),
}  # fmt: skip


def stored_numbers(path: Path, but: Collection[np.ndarray[Any, Any]] = ()) -> int:
    """The count; `but` are the values of masks and tables."""
    graph = onnx.load(path).graph
    makers = {name: node for node in graph.node for name in node.output}
    readers: dict[str, list[tuple[str, int]]] = {}
    pending, seen = [o.name for o in graph.output], set[str]()
    while pending:
        name = pending.pop()
        if name in seen or name not in makers:
            continue
        seen.update(makers[name].output)
        for i, source in enumerate(makers[name].input):
            readers.setdefault(source, []).append((makers[name].op_type, i))
            pending.append(source)
    for name, where in [*readers.items()]:  # a single number behind its codes is what its readers make of it
        for op, i in where:
            if op == "DequantizeLinear" and i == 0:
                made = [n.output[0] for n in graph.node if n.op_type == op and n.input[0] == name]
                readers[name] = [*where, *(r for m in made for r in readers.get(m, []))]
    return sum(
        prod(tensor.dims)
        for name, tensor in _stored(graph)
        if name in readers
        and not any(np.array_equal(numpy_helper.to_array(tensor).squeeze(), table) for table in but)
        and _counts(tensor.data_type, prod(tensor.dims), readers[name])
    )


def _stored(graph: onnx.GraphProto) -> Iterator[tuple[str, TensorProto]]:
    """Initializers and constants, and their names."""
    for tensor in graph.initializer:
        yield tensor.name, tensor
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].HasField("t"):
            yield node.output[0], node.attribute[0].t


def _counts(kind: int, size: int, readers: list[tuple[str, int]]) -> bool:
    operators = {op for op, _ in readers}
    if all(i in ASIDE.get(op, ()) for op, i in readers):
        return False
    if size == 1 and not (operators - {"DequantizeLinear"}) & LAYERS:
        return False
    return kind in NUMBERS | CODES or (kind == TensorProto.INT32 and bool(operators & WITH_BIAS))
