"""Small questions about a node that all patterns ask."""

from __future__ import annotations

from ..nodes import Graph, Links, Node


def live_and_scalar(graph: Graph, node: Node | None, *ops: str) -> tuple[str, float] | None:
    """(live operand, number) of a node of one of these operators; the number second unless they commute."""
    if node is None or node.op not in ops or len(node.inputs) != 2:
        return None
    first, second = node.inputs
    number = graph.scalar(second)
    if number is not None and not graph.is_static(first):
        return first, number
    number = graph.scalar(first)
    if number is not None and not graph.is_static(second) and node.op in ("Add", "Mul"):
        return second, number
    return None


def is_close(value: float, expected: float) -> bool:
    """Equal but for the rounding of half precision."""
    return abs(value - expected) <= 2e-3 * max(1.0, abs(expected))


def other(node: Node, name: str) -> str | None:
    """The other operand of a two-operand node that reads `name` once."""
    if len(node.inputs) != 2 or node.inputs.count(name) != 1:
        return None
    return node.inputs[1 - node.inputs.index(name)]


def is_square(graph: Graph, node: Node | None) -> str | None:
    """x if the node is x * x or x ** 2."""
    if node is None:
        return None
    if node.op == "Mul" and node.inputs[0] == node.inputs[1]:
        return node.inputs[0]
    power = live_and_scalar(graph, node, "Pow")
    return power[0] if power is not None and power[1] == 2 else None


def static_factor(graph: Graph, node: Node | None, name: str, op: str) -> str | None:
    """The static operand if the node multiplies (or adds) one to `name`."""
    if node is None or node.op != op:
        return None
    operand = other(node, name)
    return operand if operand is not None and graph.is_static(operand) else None


def renamed(last: Node, op: str, inputs: list[str], **attributes: object) -> Node:
    """A node that takes the place of a pattern's last node."""
    return Node(last.name, op, inputs, list(last.outputs), dict(attributes), version=last.version)


def only_reader(links: Links, node: Node | None) -> Node | None:
    """The node that alone reads the (first) output of `node`."""
    return None if node is None else links.only_consumer(node.outputs[0])
