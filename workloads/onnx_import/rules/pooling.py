"""Pooling and reductions."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from ..builder import Builder, split_dims, whole
from ..nodes import Node
from ..view import Axis, element_axis, elements, fresh, tokens
from .convolution import clipped, pixel_output, slide
from .registry import rule


@rule("MaxPool", "AveragePool", "LpPool")
def pool(node: Node, b: Builder) -> None:
    out = pixel_output(node, b)
    kernel = tuple(node.attributes["kernel_shape"])
    port = slide(node, b, out, kernel)
    function = "max_pool" if node.op == "MaxPool" else "average_pool"
    work = prod(clipped(node, b, kernel)) * out.shape[1]
    b.result(node, b.emit(node, "vector", out, [port], function=function, work=work))
    if any(node.outputs[1:]):  # where the largest were
        places = replace(out, tensor=node.outputs[1])
        made = b.emit(node, "vector", places, [port], part="indices", function=function, work=work)
        b.result(node, made, 1)


@rule("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(node: Node, b: Builder) -> None:
    function = "max_pool" if node.op == "GlobalMaxPool" else "average_pool"
    _reduce(node, b, list(range(2, len(b.view(node).axes))), True, function)


@rule(
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceSumSquare",
)  # fmt: skip
def reduction(node: Node, b: Builder) -> None:
    rank = len(b.view(node).axes)
    axes = node.attributes.get("axes") or b.graph.integers(node, 1)
    if not axes:
        axes = [] if node.attributes.get("noop_with_empty_axes", 0) else list(range(rank))
    _reduce(node, b, [a % rank for a in axes], bool(node.attributes.get("keepdims", 1)), "reduce")


@rule("DynamicRange")
def dynamic_range(node: Node, b: Builder) -> None:
    """The largest and the smallest element of a whole tensor, which say its scale and its zero point."""
    view = b.view(node)
    for index, name in enumerate(node.outputs):
        out = fresh(name, (), [], [])
        part = "" if index == 0 else "zero point"
        work = _work(view.axes, list(range(len(view.axes))), 1)
        b.result(
            node,
            b.emit(node, "vector", out, [whole(view, out.grid)], part=part, function="reduce", work=work),
            index,
        )


@rule("ArgMax", "ArgMin")
def arg_reduction(node: Node, b: Builder) -> None:
    axis = int(node.attributes.get("axis", 0)) % len(b.view(node).axes)
    _reduce(node, b, [axis], bool(node.attributes.get("keepdims", 1)), "reduce")


@rule("TopK")
def top_k(node: Node, b: Builder) -> None:
    """The k largest along an axis; the indices come out beside the values."""
    view = b.view(node)
    axis = int(node.attributes.get("axis", -1)) % len(view.axes)
    k = b.graph.shape(node.outputs[0])[axis]
    for index, name in enumerate(node.outputs):
        if name:
            axes = [a if i != axis else element_axis(k) for i, a in enumerate(view.axes)]
            out = b.materialise(node, name, axes)
            rows, cols = split_dims(out)
            part = "" if index == 0 else "indices"
            work = _work(view.axes, [axis], out.grid.n_tokens)
            port = b.port(view, rows, cols, out.grid)
            b.result(
                node, b.emit(node, "vector", out, [port], part=part, function="compare", work=work), index
            )


def _reduce(node: Node, b: Builder, reduced: list[int], keepdims: bool, function: str) -> None:
    view = b.view(node)
    axes = [() if i in reduced else axis for i, axis in enumerate(view.axes) if keepdims or i not in reduced]
    out = b.materialise(node, node.outputs[0], axes)
    kept = [i for i in range(len(view.axes)) if keepdims or i not in reduced]
    rows, cols = ([kept[i] for i in dim] for dim in split_dims(out))
    port = b.port(view, rows, cols, out.grid)
    work = _work(view.axes, reduced, out.grid.n_tokens)
    b.result(node, b.emit(node, "vector", out, [port], function=function, work=work))


def _work(axes: tuple[Axis, ...], reduced: list[int], n_tokens: int) -> int:
    """Elements that go into one output token."""
    total = prod(elements(axis) for axis in axes) * prod(f.size for f in tokens(axes))
    return total // n_tokens
