"""Attention: guards against rows without any key, and rotary position embedding."""

from __future__ import annotations

from ..nodes import Graph, Links, Node
from .match import renamed


def drop_nan_guards(graph: Graph, links: Links) -> None:
    """where(isnan(p), 0, p) is p: it only matters when every key is masked. So is where(never, 0, p)."""
    for node in graph.nodes:
        if node.op == "Where":
            condition = graph.value(node.inputs[0])
            same = graph.shapes.get(node.inputs[2]) == graph.shape(node.outputs[0])
            if condition is not None and not condition.any() and same and not graph.is_static(node.inputs[2]):
                links.bypass(node, node.inputs[2])
                continue
            test = links.made_by(node.inputs[0], "IsNaN")
            if test is not None and test.inputs[0] == node.inputs[2] and graph.scalar(node.inputs[1]) == 0:
                links.bypass(node, node.inputs[2])


def drop_empty_masks(graph: Graph, links: Links) -> None:
    """x + 0 is x, where the zeros are a mask that is not there: made up, not stored."""
    for node in graph.nodes:
        if node.op != "Add":
            continue
        for x, mask in (node.inputs, node.inputs[::-1]):
            if (
                graph.is_static(x)
                or not graph.is_static(mask)
                or graph.shape(x) != graph.shape(node.outputs[0])
            ):
                continue
            static = graph.statics[mask]
            made_up = all(root in graph.fills for root in static.roots)
            if made_up and min(static.shape[-2:], default=1) > 1 and len(static.shape) > 1:
                values = graph.value(mask)
                if values is not None and not values.any():
                    links.bypass(node, x)
                    break


def rotary(graph: Graph, links: Links) -> None:
    """x cos + concat(-x2, x1) sin, where x1, x2 are the halves of x."""
    for node in graph.nodes:
        if node.op != "Add":
            continue
        for direct, turned in (node.inputs, node.inputs[::-1]):
            x, cosine = _product(graph, links, direct)
            half_turn, sine = _product(graph, links, turned)
            if x is not None and half_turn is not None and _turned(links, half_turn) == x:
                links.replace(node, renamed(node, "RotaryEmbedding", [x, cosine, sine]))
                break


def _product(graph: Graph, links: Links, name: str) -> tuple[str | None, str]:
    """(x, table) of x * table; the table is static, or comes from other inputs than x."""
    node = links.made_by(name, "Mul")
    if node is None or len(node.inputs) != 2:
        return None, ""
    first, second = node.inputs
    if (
        graph.is_static(first)
        or len(graph.shape(first)) < len(graph.shape(second))
        or _is_table(graph, first, second)
    ):
        first, second = second, first
    return (first, second) if not graph.is_static(first) else (None, "")


def _is_table(graph: Graph, first: str, second: str) -> bool:
    """Whether `first` is the operand that is repeated over the heads."""
    if graph.is_static(second):
        return False
    return sum(d == 1 for d in graph.shape(first)) > sum(d == 1 for d in graph.shape(second))


def _turned(links: Links, name: str) -> str | None:
    """x if `name` is concat(-second half of x, first half of x)."""
    join = links.made_by(name, "Concat")
    if join is None or len(join.inputs) != 2:
        return None
    negated = links.made_by(join.inputs[0], "Neg")
    if negated is None:
        return None
    high, low = (_half(links, negated.inputs[0]), _half(links, join.inputs[1]))
    return high if high is not None and high == low else None


def _half(links: Links, name: str) -> str | None:
    node: Node | None = links.made_by(name, "Slice", "Split")
    return node.inputs[0] if node is not None else None
