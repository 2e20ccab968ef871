"""Gather, scatter and their kin: which elements go where, known beforehand or not."""

from __future__ import annotations

from itertools import pairwise
from math import prod

from ...graph import Port, Window
from ..builder import Builder, split_dims
from ..nodes import Node, Shape
from ..view import Axis, View, element_axis, fresh, tokens
from .moves import cut
from .registry import rule
from .tables import table_params
from .views import plain_layout


@rule("Gather")
def gather(node: Node, b: Builder) -> None:
    """An embedding (stored table, live indices), a fixed choice (live data, known indices) or both live."""
    data = b.graph.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", 0)) % len(data)
    if 0 not in b.live(node):
        _embedding(node, b, data, axis)
    elif 1 not in b.live(node):
        _choice(node, b, axis)
    else:
        _free(node, b)


def _embedding(node: Node, b: Builder, data: Shape, axis: int) -> None:
    indices = b.view(node, 1)
    around = [element_axis(n) for n in data]
    out = b.materialise(node, node.outputs[0], [*around[:axis], *indices.axes, *around[axis + 1 :]])
    follow = [[i - axis for i in dim] for dim in split_dims(out)]
    port = b.port(indices, follow[0], follow[1], out.grid)
    b.result(node, b.emit(node, "move", out, [port], params=b.params(node.inputs)))


def _choice(node: Node, b: Builder, axis: int) -> None:
    view, shape = b.view(node), b.graph.shape(node.inputs[1])
    values = b.graph.integers(node, 1) or []
    n = view.shape[axis]
    picked = [v % n for v in values]
    steps = {y - x for x, y in pairwise(picked)}
    even = len(shape) <= 1 and len(steps) <= 1 and min(steps, default=1) > 0
    if even:
        taken = cut(node, b, view, node.outputs[0], {axis: (picked[0], len(picked), min(steps, default=1))})
        if not shape:
            taken = View(taken.tensor, taken.grid, taken.axes[:axis] + taken.axes[axis + 1 :])
        b.result(node, taken)
        return
    axes: list[Axis] = [*view.axes[:axis], *(element_axis(d) for d in shape), *view.axes[axis + 1 :]]
    out = b.materialise(node, node.outputs[0], axes)
    back = [[i if i < axis else i - len(shape) + 1 for i in dim] for dim in split_dims(out)]
    b.result(node, b.emit(node, "move", out, [b.port(view, back[0], back[1], out.grid)]))


@rule(
    "GatherElements",
    "GatherND",
    "ScatterND",
    "ScatterElements",
    "Scatter",
    "OneHot",
    "ReverseSequence",
    "Compress",
)
def _free(node: Node, b: Builder) -> None:
    """Any element may go anywhere: all is needed first. Tokens are those of an input of the same shape."""
    shape = b.graph.shape(node.outputs[0])
    live = [b.view(node, i) for i in b.live(node)]
    alike = [v for v in live if v.shape == shape]
    if alike:
        leader = max(alike, key=lambda v: prod(f.size for f in tokens(v.axes)))
        out = b.materialise(node, node.outputs[0], leader.axes)
    else:
        out = fresh(node.outputs[0], shape, *plain_layout(shape))
    ports = dict.fromkeys(Port(v.tensor, Window("all")) for v in live)
    params = sum(table_params(n, b) for n in node.inputs if n and b.graph.is_static(n))
    b.result(node, b.emit(node, "move", out, ports, params=params))
