"""Sequences and optionals whose length is known: names for tensors, without work of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import helper

from ..errors import NetworkError
from . import statics
from .order import label

if TYPE_CHECKING:
    from .simplify import Simplifier

MOST_PARTS = 4096
"""Of a tensor that is split into a sequence: each becomes an operator."""
SEQUENCES = frozenset(
    {"SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceAt", "SequenceLength"}
    | {"SplitToSequence", "ConcatFromSequence", "Optional", "OptionalHasElement", "OptionalGetElement"}
)


def visit(walker: Simplifier, node: onnx.NodeProto) -> None:
    """Follow a sequence through a node.

    Raises
    ------
    NetworkError
        Its length, or a place in it, depends on the data.
    """
    op, out = node.op_type, node.output[0]
    if op == "SequenceConstruct":
        walker.sequences[out] = list(node.input)
    elif op == "SequenceEmpty":
        walker.sequences[out] = []
    elif op == "SplitToSequence":
        _split(walker, node)
    elif op in ("Optional", "OptionalHasElement", "OptionalGetElement"):
        _optional(walker, node)
    elif op == "ConcatFromSequence":
        _concat(walker, node)
    else:
        parts = _sequence(walker, node)
        if op == "SequenceLength":
            walker.add_static(out, statics.known(np.array(len(parts))))
        elif op == "SequenceAt":
            walker.same(out, parts[_place(walker, node, 1, len(parts))])
        elif op == "SequenceErase":
            place = _place(walker, node, 1, len(parts)) if len(node.input) > 1 and node.input[1] else -1
            walker.sequences[out] = [p for i, p in enumerate(parts) if i != place % len(parts)]
        else:
            given = len(node.input) > 2 and node.input[2]
            place = _place(walker, node, 2, len(parts) + 1) if given else len(parts)
            walker.sequences[out] = [*parts[:place], node.input[1], *parts[place:]]


def _sequence(walker: Simplifier, node: onnx.NodeProto) -> list[str]:
    name = node.input[0]
    if name not in walker.sequences:
        raise _error(walker, node, f"its input {name!r} is no sequence of known length")
    return walker.sequences[name]


def _place(walker: Simplifier, node: onnx.NodeProto, index: int, length: int) -> int:
    value = walker.graph.value(node.input[index])
    if value is None:
        raise _error(
            walker, node, f"its place {node.input[index]!r} depends on the data, expected a constant"
        )
    place = int(value.reshape(-1)[0])
    if not -length <= place < length:
        raise _error(walker, node, f"place {place} of a sequence of {length}")
    return place % length


def _split(walker: Simplifier, node: onnx.NodeProto) -> None:
    """Parts of the sizes that are given, or of one each."""
    attributes = {a.name: a.i for a in node.attribute}
    x, out = node.input[0], node.output[0]
    shape = walker.graph.shapes[x]
    axis = attributes.get("axis", 0) % len(shape)
    if shape[axis] > MOST_PARTS:
        raise _error(walker, node, f"{shape[axis]} places along axis {axis}, expected at most {MOST_PARTS}")
    sizes, single = [1] * shape[axis], True
    if len(node.input) > 1 and node.input[1]:
        value = walker.graph.value(node.input[1])
        if value is None:
            raise _error(walker, node, f"its sizes {node.input[1]!r} depend on the data, expected constants")
        single = False
        if value.ndim:
            sizes = [int(v) for v in value]
        else:
            step = int(value)
            if step < 1:
                raise _error(walker, node, f"parts of {step}, expected at least 1")
            sizes = [min(step, shape[axis] - i) for i in range(0, shape[axis], step)]
    if sum(sizes) != shape[axis] or min(sizes) < 1:
        raise _error(walker, node, f"parts of {sizes[:6]} of {shape[axis]} along axis {axis}")
    title, parts, start = node.name or out, [], 0
    for i, n in enumerate(sizes):
        name = f"{title}/{i}"
        if single and not attributes.get("keepdims", 1):
            at = f"{name}/at"
            walker.add_static(at, statics.known(np.array(i)))
            walker.visit(helper.make_node("Gather", [x, at], [name], name=name, axis=axis))
        else:
            _cut(walker, x, name, axis, start, start + n)
        parts.append(name)
        start += n
    walker.sequences[out] = parts


def _cut(walker: Simplifier, x: str, name: str, axis: int, start: int, end: int) -> None:
    if walker.opsets.get("", 1) < 10:
        cut = helper.make_node("Slice", [x], [name], name=name, starts=[start], ends=[end], axes=[axis])
        walker.visit(cut)
        return
    bounds = []
    for what, value in (("starts", start), ("ends", end), ("axes", axis)):
        walker.add_static(f"{name}/{what}", statics.known(np.array([value])))
        bounds.append(f"{name}/{what}")
    walker.visit(helper.make_node("Slice", [x, *bounds], [name], name=name))


def _concat(walker: Simplifier, node: onnx.NodeProto) -> None:
    attributes = {a.name: a.i for a in node.attribute}
    parts, title, axis = _sequence(walker, node), node.name or node.output[0], attributes["axis"]
    if not parts:
        raise _error(walker, node, "the sequence is empty")
    if attributes.get("new_axis", 0):
        wide = [f"{title}/{i}" for i in range(len(parts))]
        for part, name in zip(parts, wide, strict=True):
            walker.add_static(name + "/axes", statics.known(np.array([axis])))
            walker.visit(helper.make_node("Unsqueeze", [part, name + "/axes"], [name], name=name))
        parts = wide
    walker.visit(helper.make_node("Concat", parts, node.output, name=title, axis=axis))


def _optional(walker: Simplifier, node: onnx.NodeProto) -> None:
    given, out = (node.input[0] if node.input else ""), node.output[0]
    there = bool(given) and given not in walker.absent
    if node.op_type == "OptionalHasElement":
        walker.add_static(out, statics.known(np.array(there)))
    elif there:
        walker.same(out, given)
    elif node.op_type == "Optional":
        walker.absent.add(out)
    else:
        raise _error(walker, node, f"{given!r} is an optional without a value")


def _error(walker: Simplifier, node: onnx.NodeProto, message: str) -> NetworkError:
    return NetworkError(f"{walker.graph.file}: node {label(node)}: {message}")
