"""SiLU, hard-swish and GELU, written out by exporters that have no operator for them."""

from __future__ import annotations

from math import sqrt

from ..nodes import Graph, Links, Node
from .match import is_close, live_and_scalar, other, renamed


def silu(graph: Graph, links: Links) -> None:
    """x * sigmoid(x), and x * sigmoid(1.702 x), which some call quick GELU."""
    for node in graph.nodes:
        if node.op != "Sigmoid":
            continue
        argument = node.inputs[0]
        scaled = live_and_scalar(graph, links.producer.get(argument), "Mul")
        for product in list(links.consumers.get(node.outputs[0], [])):
            operand = other(product, node.outputs[0]) if product.op == "Mul" else None
            if operand == argument:
                links.replace(product, renamed(product, "Silu", [argument]))
            elif scaled is not None and operand == scaled[0]:
                links.replace(product, renamed(product, "QuickGelu", [scaled[0]]))


def hard_swish(graph: Graph, links: Links) -> None:
    """x * clip(x + 3, 0, 6) / 6, the factor before or after, or x * hard_sigmoid(x)."""
    for node in graph.nodes:
        if node.op == "HardSigmoid" and is_close(node.attributes.get("alpha", 0.2), 1 / 6):
            _times_argument(links, node, node.inputs[0], sixth_done=True, graph=graph)
        elif node.op == "Clip":
            shifted = live_and_scalar(graph, links.producer.get(node.inputs[0]), "Add")
            if shifted is not None and is_close(shifted[1], 3) and _clips_to_six(graph, node):
                _times_argument(links, node, shifted[0], sixth_done=False, graph=graph)


def _clips_to_six(graph: Graph, node: Node) -> bool:
    low = node.attributes.get("min", graph.scalar(node.input(1)))
    high = node.attributes.get("max", graph.scalar(node.input(2)))
    return low == 0 and high == 6


def _times_argument(links: Links, node: Node, x: str, *, sixth_done: bool, graph: Graph) -> None:
    """Follow single readers until x and the sixth have both been multiplied in."""
    current, x_done = node, False
    while not (sixth_done and x_done):
        reader = links.only_consumer(current.outputs[0])
        if reader is None:
            return
        if reader.op == "Mul" and other(reader, current.outputs[0]) == x and not x_done:
            x_done = True
        elif not sixth_done and _is_sixth(graph, reader):
            sixth_done = True
        else:
            return
        current = reader
    links.replace(current, renamed(current, "HardSwish", [x]))


def _is_sixth(graph: Graph, node: Node) -> bool:
    by = live_and_scalar(graph, node, "Mul", "Div")
    return by is not None and is_close(by[1], 6 if node.op == "Div" else 1 / 6)


def gelu(graph: Graph, links: Links) -> None:
    """x / 2 (1 + erf(x / sqrt 2)), and x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    for node in graph.nodes:
        if node.op == "Erf":
            by = live_and_scalar(graph, links.producer.get(node.inputs[0]), "Div", "Mul")
            x = by[0] if by is not None and is_close(max(by[1], 1 / by[1]), sqrt(2)) else None
            approximate = "none"
        elif node.op == "Tanh":
            x, approximate = _cubic_argument(graph, links, node.inputs[0]), "tanh"
        else:
            continue
        last = _half_of_one_plus(graph, links, node, x) if x is not None else None
        if last is not None and x is not None:
            links.replace(last, renamed(last, "Gelu", [x], approximate=approximate))


def _half_of_one_plus(graph: Graph, links: Links, node: Node, x: str) -> Node | None:
    """The node after which 1 has been added and x and 1/2 (or x/2) multiplied in."""
    current = links.only_consumer(node.outputs[0])
    one = live_and_scalar(graph, current, "Add")
    if current is None or one is None or one[1] != 1:
        return None
    missing = {"x", "half"}
    while missing:
        reader = links.only_consumer(current.outputs[0])
        if reader is None or reader.op not in ("Mul", "Div"):
            return None
        operand = other(reader, current.outputs[0])
        if operand is None:
            return None
        done = {"x"} if operand == x else _half(graph, links, reader, operand, x)
        if not done or not done <= missing or (reader.op == "Div" and done != {"half"}):
            return None
        missing -= done
        current = reader
    return current


def _half(graph: Graph, links: Links, reader: Node, operand: str, x: str) -> set[str]:
    number = graph.scalar(operand)
    if number is not None:
        return {"half"} if is_close(number, 2 if reader.op == "Div" else 0.5) else set()
    halved = live_and_scalar(graph, links.producer.get(operand), "Mul", "Div")
    if halved is not None and halved[0] == x and any(is_close(halved[1], h) for h in (0.5, 2)):
        return {"x", "half"}
    return set()


def _cubic_argument(graph: Graph, links: Links, name: str) -> str | None:
    """x if `name` is c (x + d x^3), or c x (1 + d x^2), however the products are bracketed."""
    scaled = live_and_scalar(graph, links.producer.get(name), "Mul")
    for node in (links.producer.get(scaled[0] if scaled else name), links.producer.get(name)):
        if node is None or node.op not in ("Add", "Mul") or len(node.inputs) != 2:
            continue
        for first, rest in (node.inputs, node.inputs[::-1]):
            factor = live_and_scalar(graph, links.producer.get(first), "Mul") if node.op == "Mul" else None
            x = first if factor is None else factor[0]
            if not graph.is_static(x) and not graph.is_static(rest) and _only_of(graph, links, rest, x):
                return x
    return None


def _only_of(graph: Graph, links: Links, name: str, x: str) -> bool:
    """Whether `name` is a product or power of x and numbers alone, at most five nodes deep."""
    frontier, seen_x = [name], False
    for _ in range(6):
        deeper: list[str] = []
        for current in frontier:
            if current == x:
                seen_x = True
                continue
            if graph.scalar(current) is not None:
                continue
            node = links.made_by(current, "Mul", "Pow", "Add")
            if node is None:
                return False
            deeper += node.inputs
        if not deeper:
            return seen_x
        frontier = deeper
    return False
