"""Nodes of constants are constants, of which the shape is known at least; values are made when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import helper, numpy_helper

from . import statics
from .folding import Evaluator
from .nodes import Array, Shape
from .quantise import BITS, PACKED, format_of, is_quantiser, unpacked

if TYPE_CHECKING:
    from .simplify import Simplifier


def constant(walker: Simplifier, node: onnx.NodeProto) -> None:
    attribute = node.attribute[0]
    value = helper.get_attribute_value(attribute)
    if attribute.name == "sparse_value":
        shape, dtype = tuple(value.dims), value.values.data_type
        walker.add_static(node.output[0], statics.declared(shape, dtype, node.output[0], walker.graph))
        return
    if isinstance(value, onnx.TensorProto):
        tensor = onnx.TensorProto()
        tensor.CopyFrom(value)
    else:
        dtype = np.float32 if attribute.name.startswith("value_float") else np.int64
        text = attribute.name.startswith("value_string")
        tensor = numpy_helper.from_array(np.array(value, dtype=object if text else dtype))
    tensor.name = node.output[0]
    walker.add_static(tensor.name, statics.stored(tensor, walker.folder, walker.graph))


def shape_of(walker: Simplifier, node: onnx.NodeProto) -> None:
    shape = walker.graph.shapes[node.input[0]]
    if node.op_type == "Size":
        value = np.array(np.prod(shape, dtype=np.int64))
    else:
        attributes = {a.name: a.i for a in node.attribute}
        value = np.array(shape[attributes.get("start", 0) : attributes.get("end")], dtype=np.int64)
    walker.add_static(node.output[0], statics.known(value))


def fold(walker: Simplifier, node: onnx.NodeProto) -> None:
    """A node of constants is a constant, whose shape is known at least."""
    walker.check(node)
    if is_quantiser(node):
        _stored_codes(walker, node)
    types = walker.told_types(node)
    names = [name for name in node.output if name]
    elements = sum(prod(types[name][0]) for name in names if name in types)
    evaluate = Evaluator(node, walker.graph, walker.opsets, elements)
    if any(name not in types for name in names):
        values = evaluate() or []
        for name, value in zip(node.output, values, strict=bool(values)):
            dtype = int(helper.np_dtype_to_tensor_dtype(value.dtype))
            types.setdefault(name, (value.shape, dtype))
    if node.op_type in PACKED and names[0] in types:
        _packed(walker, node, *types[names[0]], evaluate)
        return
    for index, name in enumerate(node.output):
        if name and name in types:
            shape, dtype = types[name]
            walker.add_static(name, statics.computed(node, index, shape, dtype, walker.graph, evaluate))
        elif name:
            walker.open[name] = walker.graph.unknown_values.get(name, "its shape cannot be told")


def _packed(
    walker: Simplifier,
    node: onnx.NodeProto,
    shape: Shape,
    dtype: int,
    evaluate: Callable[[], list[Array] | None],
) -> None:
    """Weights that lie packed in bytes: as many parameters as there are weights."""
    root, found = unpacked(node, walker.graph, prod(shape))
    walker.graph.root_sizes[root] = prod(shape)
    walker.graph.stored_as[root] = found
    walker.add_static(node.output[0], statics.unpacked(shape, dtype, root, evaluate))


def _stored_codes(walker: Simplifier, node: onnx.NodeProto) -> None:
    """Stored weights that are codes, or are made codes of; a bias of 32 bits is a parameter then, too."""
    graph, name = walker.graph, node.input[0]
    found = format_of(node, graph)
    static = graph.statics[name]
    if not static.roots and static.dtype in BITS:
        graph.root_sizes[name] = static.size
        graph.statics[name] = static = replace(static, roots=(name,))
    for root in static.roots:
        graph.stored_as[root] = found
