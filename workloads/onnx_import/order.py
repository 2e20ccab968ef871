"""Nodes in an order in which each comes after those that it reads; cycles and loose ends are reported."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

import onnx

from ..errors import NetworkError
from .modules import origin


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
    # Kahn's algorithm; of the nodes that are ready, the first in the file comes first.
    missing = {i: {name for name in reads(node) if name not in ready} for i, node in enumerate(pending)}
    waiting: dict[str, list[int]] = {}
    for i, names in missing.items():
        for name in names:
            waiting.setdefault(name, []).append(i)
    queue = [i for i, names in missing.items() if not names]
    ordered: list[onnx.NodeProto] = []
    while queue:
        node = pending[heappop(queue)]
        ordered.append(node)
        for name in node.output:
            for i in waiting.pop(name, ()):
                missing[i].discard(name)
                if not missing[i]:
                    heappush(queue, i)
    if len(ordered) < len(pending):
        stuck = [node for i, node in enumerate(pending) if missing[i]]
        raise NetworkError(f"{file}: the graph has a cycle: {_cycle(stuck, makers, missing, pending)}")
    return ordered


def needed(nodes: Iterable[onnx.NodeProto], outputs: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that an output depends on, in the same order."""
    wanted, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if wanted & set(node.output):
            wanted |= reads(node)
            kept.append(node)
    return kept[::-1]


def label(node: onnx.NodeProto) -> str:
    """How a node is called in a message, with the line of the module that it was exported from."""
    name = node.name or next((o for o in node.output if o), "")
    return f"{name!r} ({', '.join(filter(None, (node.op_type, origin(node))))})"


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


def _cycle(
    stuck: list[onnx.NodeProto],
    makers: dict[str, onnx.NodeProto],
    missing: dict[int, set[str]],
    nodes: list[onnx.NodeProto],
) -> str:
    """Follow missing inputs back until a node comes again."""
    number = {id(node): i for i, node in enumerate(nodes)}
    path = [stuck[0]]
    while True:
        maker = makers[min(missing[number[id(path[-1])]])]
        for start, node in enumerate(path):
            if node is maker:
                names = [label(n) for n in reversed(path[start:])]
                shown = names if len(names) <= 5 else [*names[:4], "..."]
                return " -> ".join([*shown, names[0]])
        path.append(maker)
