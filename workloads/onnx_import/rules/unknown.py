"""Operators without a rule, which the user wants all the same."""

from __future__ import annotations

from math import prod

from ...graph import Port, Window
from ..builder import Builder
from ..nodes import Node
from ..view import fresh, tokens
from .elementwise import same_layout
from .views import plain_layout


def unknown(node: Node, b: Builder) -> None:
    """One element operation per output element; every input is needed whole, as nothing is known."""
    live = [b.view(node, i) for i in b.live(node)]
    params = b.params(node.inputs, formula=True)
    for index, name in enumerate(node.outputs):
        if name:
            shape = b.graph.shape(name)
            alike = [v for v in live if v.shape == shape]
            if alike:
                leader = max(alike, key=lambda v: prod(f.size for f in tokens(v.axes)))
                out = b.materialise(node, name, leader.axes)
            else:
                out = fresh(name, shape, *plain_layout(shape))
            ports = dict.fromkeys(Port(v.tensor, Window("all")) for v in live)
            work = prod(shape) // out.grid.n_tokens
            part = "" if index == 0 else str(index)
            b.emit(node, "vector", out, ports, part=part, function="unknown", work=work, params=params)
            b.result(node, out, index)
            params = 0
    b.graph.notes.append(
        f"node {node.name!r}: operator {node.op!r} is not known; taken as one operation per output element,"
        " every input needed whole, on a unit that does unknown functions or else on the host"
    )


def said(node: Node, b: Builder) -> None:
    """A function of each element (or of each token), as the user says."""
    same_layout(node, b, node.op, params=b.params(node.inputs[1:], formula=True))
