"""Nodes in an order in which each comes after those that it reads; cycles and loose ends are reported."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from ..errors import NetworkError


def topological(nodes: Iterable[onnx.NodeProto], known: Iterable[str], file: str) -> list[onnx.NodeProto]:
    """Sort nodes, stable: a file that is in order already keeps its order.

    Raises
    ------
    NetworkError
        Two nodes make the same tensor, a node reads a tensor that nobody makes, or nodes feed each other.
    """
    pending = list(nodes)
    ready = {*known, ""}
    makers: dict[str, onnx.NodeProto] = {}
    for node in pending:
        for name in node.output:
            if name and (name in makers or name in ready):
                raise NetworkError(
                    f"{file}: node {label(node)}: tensor {name!r} is made twice, expected once"
                )
            makers[name] = node
    for node in pending:
        for name in reads(node):
            if name not in makers and name not in ready:
                raise NetworkError(
                    f"{file}: node {label(node)}: input {name!r} is made by no node and is neither an input"
                    " nor a stored tensor; the file is damaged or cut off"
                )
    ordered: list[onnx.NodeProto] = []
    while pending:
        waiting = []
        for node in pending:
            if all(name in ready for name in reads(node)):
                ordered.append(node)
                ready.update(node.output)
            else:
                waiting.append(node)
        if len(waiting) == len(pending):
            raise NetworkError(f"{file}: the graph has a cycle: {_cycle(waiting, makers, ready)}")
        pending = waiting
    return ordered


def label(node: onnx.NodeProto) -> str:
    """How a node is called in a message."""
    name = node.name or next((o for o in node.output if o), "")
    return f"{name!r} ({node.op_type})"


def reads(node: onnx.NodeProto) -> set[str]:
    """Names that a node reads, those that its subgraphs take from outside included."""
    names = set(node.input)
    for attribute in node.attribute:
        for graph in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            inside = {v.name for v in graph.input} | {t.name for t in graph.initializer}
            inside.update(name for inner in graph.node for name in inner.output)
            for inner in graph.node:
                names |= reads(inner) - inside
            names |= {v.name for v in graph.output} - inside
    return names - {""}


def _cycle(waiting: list[onnx.NodeProto], makers: dict[str, onnx.NodeProto], ready: set[str]) -> str:
    """Follow missing inputs back until a node comes again."""
    path = [waiting[0]]
    while True:
        missing = next(name for name in sorted(reads(path[-1])) if name not in ready)
        maker = makers[missing]
        for start, node in enumerate(path):
            if node is maker:
                names = [label(n) for n in reversed(path[start:])]
                shown = names if len(names) <= 5 else [*names[:4], "..."]
                return " -> ".join([*shown, names[0]])
        path.append(maker)
