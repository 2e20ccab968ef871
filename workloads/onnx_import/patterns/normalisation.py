"""RMSNorm, LayerNorm and softmax, taken apart into means, roots, exponentials and quotients."""

from __future__ import annotations

from ..nodes import Graph, Links, Node
from .match import is_square, live_and_scalar, only_reader, renamed, static_factor

FIRST_SOFTMAX_OF_ONE_AXIS = 13  # opset; before, it ran over all axes from `axis` on


def rms_norm(graph: Graph, links: Links) -> None:
    """x / sqrt(mean(x^2) + epsilon), times a weight if one follows."""
    for root in graph.nodes:
        x, axis = _root_mean_square(graph, links, root)
        if x is None:
            continue
        last = _quotient(links, root, x)
        if last is not None:
            _with_affine(graph, links, last, "RMSNormalization", x, axis)


def layer_norm(graph: Graph, links: Links) -> None:
    """d / sqrt(mean(d^2) + epsilon) with d = x - mean(x), times a weight, plus a bias, if they follow."""
    for root in graph.nodes:
        d, axis = _root_mean_square(graph, links, root)
        if d is None:
            continue
        x = _centred(links, d)
        if x is None:
            continue
        centres = [n.outputs[0] for n in links.consumers.get(x, []) if _centred(links, n.outputs[0]) == x]
        last = next((q for c in centres if (q := _quotient(links, root, c)) is not None), None)
        if last is not None:
            _with_affine(graph, links, last, "LayerNormalization", x, axis)


def softmax(graph: Graph, links: Links) -> None:
    """exp(x - max(x)) / sum(exp(x - max(x))) along one axis; the maximum may be missing."""
    for node in graph.nodes:
        if node.op != "Div":
            continue
        exponential = links.made_by(node.inputs[0], "Exp")
        total = _behind_views(links, node.inputs[1], "ReduceSum")
        if exponential is None or total is None or total.inputs[0] != node.inputs[0]:
            continue
        axes = total.attributes.get("axes") or graph.integers(total, 1)
        if axes is None or len(axes) != 1:
            continue
        shifted = links.made_by(exponential.inputs[0], "Sub")
        maximum = _behind_views(links, shifted.inputs[1], "ReduceMax") if shifted is not None else None
        is_shift = shifted is not None and maximum is not None and maximum.inputs[0] == shifted.inputs[0]
        x = shifted.inputs[0] if shifted is not None and is_shift else exponential.inputs[0]
        replacement = renamed(node, "Softmax", [x], axis=axes[0] % len(graph.shape(x)))
        replacement.version = FIRST_SOFTMAX_OF_ONE_AXIS
        links.replace(node, replacement)


def _behind_views(links: Links, name: str, op: str) -> Node | None:
    """The node `op` that makes `name`, looked for behind reshapes and bounds."""
    node = links.producer.get(name)
    while node is not None and node.op in ("Reshape", "Unsqueeze", "Squeeze", "Expand", "Max"):
        live = [n for n in node.inputs if n and not links.graph.is_static(n)]
        node = links.producer.get(live[0]) if len(live) == 1 else None
    return node if node is not None and node.op == op else None


def _root_mean_square(graph: Graph, links: Links, root: Node) -> tuple[str | None, int]:
    """x and the first reduced axis (from the end), if `root` is sqrt(mean(x^2) + epsilon)."""
    if root.op != "Sqrt":
        return None, 0
    shifted = live_and_scalar(graph, links.producer.get(root.inputs[0]), "Add")
    mean = links.made_by(shifted[0] if shifted else root.inputs[0], "ReduceMean")
    if mean is None:
        return None, 0
    return is_square(graph, links.producer.get(mean.inputs[0])), _first_axis(graph, mean)


def _first_axis(graph: Graph, mean: Node) -> int:
    rank = len(graph.shape(mean.inputs[0]))
    axes = mean.attributes.get("axes") or graph.integers(mean, 1) or list(range(rank))
    return min(a % rank for a in axes) - rank


def _centred(links: Links, name: str) -> str | None:
    """x if `name` is x - mean(x)."""
    node = links.made_by(name, "Sub")
    if node is None or len(node.inputs) != 2:
        return None
    mean = links.made_by(node.inputs[1], "ReduceMean")
    return node.inputs[0] if mean is not None and mean.inputs[0] == node.inputs[0] else None


def _quotient(links: Links, root: Node, x: str) -> Node | None:
    """The node x / root, or x * (1 / root)."""
    for reader in links.consumers.get(root.outputs[0], []):
        if reader.op == "Div" and reader.inputs == [x, root.outputs[0]]:
            return reader
        inverse = reader if reader.op == "Reciprocal" or _is_one_over(links, reader, root) else None
        if inverse is not None:
            for product in links.consumers.get(inverse.outputs[0], []):
                if product.op == "Mul" and sorted(product.inputs) == sorted([x, inverse.outputs[0]]):
                    return product
    return None


def _is_one_over(links: Links, node: Node, root: Node) -> bool:
    return node.op == "Div" and node.inputs[1] == root.outputs[0] and links.graph.scalar(node.inputs[0]) == 1


def _with_affine(graph: Graph, links: Links, last: Node, op: str, x: str, axis: int) -> None:
    """Put the operator in the place of the last node that belongs to it: quotient, weight or bias."""
    inputs = [x]
    for step in ("Mul", "Add") if op == "LayerNormalization" else ("Mul",):
        reader = only_reader(links, last)
        factor = static_factor(graph, reader, last.outputs[0], step)
        if reader is None or factor is None or graph.statics[factor].size == 1:
            break
        inputs.append(factor)
        last = reader
    links.replace(last, renamed(last, op, inputs, axis=axis))
