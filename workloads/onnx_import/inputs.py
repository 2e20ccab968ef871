"""How a graph input is seen as a stream: told by the first operator that says which axis holds the channels."""

from __future__ import annotations

from collections.abc import Sequence

from .nodes import Graph, Links, Node, Shape
from .view import View, fresh

THROUGH = frozenset({"Relu", "Clip", "Pad", "BatchNormalization", "Add", "Sub", "Mul", "Div", "Concat", "Slice", "Pow", "Abs"})
IMAGE = frozenset({"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "LRN",
                   "Upsample", "InstanceNormalization", "GroupNormalization", "DepthToSpace", "SpaceToDepth"})  # fmt: skip
FEATURES = frozenset({"MatMul", "Gemm", "LayerNormalization", "RMSNormalization"})
RECURRENT = frozenset({"LSTM", "GRU", "RNN"})


def input_view(name: str, graph: Graph, links: Links) -> View:
    """View of a graph input.

    An image is (rows, columns) with its channels as elements, a sequence (1, length) with its features,
    indices one element per token; a batch counts as further tokens.
    """
    shape = graph.shape(name)
    channel = _channel_axis(name, graph, links, list(range(len(shape))))
    if channel is None:
        channel = [_usual(shape)] if _usual(shape) is not None else []  # type: ignore[list-item]
    positions = [i for i in range(len(shape)) if i not in channel]
    if len(positions) <= 1 or all(shape[i] == 1 for i in positions[:-1]):
        return fresh(name, shape, [], positions)
    return fresh(name, shape, positions[:-1], positions[-1:])


def _usual(shape: Shape) -> int | None:
    """Channels of (N, C, H, W), features of (N, D), (B, T, D) and the rest."""
    return None if not shape else 1 if len(shape) == 4 else len(shape) - 1


def _channel_axis(name: str, graph: Graph, links: Links, place: Sequence[int]) -> list[int] | None:
    """Follow the input through transposes and element-wise operators; `place` says where its axes are now."""
    for node in links.consumers.get(name, []):
        found = _asked(node, name, graph, links, place)
        if found is not None:
            return found
    return None


def _asked(node: Node, name: str, graph: Graph, links: Links, place: Sequence[int]) -> list[int] | None:
    if node.op == "Gather" and node.input(1) == name and name != node.input(0):
        return []
    if node.op in IMAGE and node.input(0) == name:
        return [place[1]]
    if node.op in FEATURES:
        first = node.input(0) == name
        transposed = node.attributes.get("transA", 0) if first else not node.attributes.get("transB", 0)
        if node.op == "Gemm":
            return [place[0 if transposed else 1]]
        return [place[-1]] if first or len(place) < 2 or not graph.is_static(node.input(0)) else [place[-2]]
    if node.op in RECURRENT and node.input(0) == name:
        return [place[-1]]
    if node.op == "Transpose":
        perm = node.attributes.get("perm") or list(range(len(place)))[::-1]
        return _channel_axis(node.outputs[0], graph, links, [place[i] for i in perm])
    if node.op in ("Squeeze", "Unsqueeze"):
        return _regrouped(node, name, graph, links, place)
    if node.op in THROUGH and len(graph.shape(node.outputs[0])) == len(place):
        return _channel_axis(node.outputs[0], graph, links, place)
    return None


def _regrouped(node: Node, name: str, graph: Graph, links: Links, place: Sequence[int]) -> list[int] | None:
    """Axes of one that come or go: the others keep their order."""
    old, new = graph.shape(name), graph.shape(node.outputs[0])
    kept = [p for p, n in zip(place, old, strict=True) if n > 1]
    if len(kept) != sum(n > 1 for n in new):
        return None
    following = iter(kept)
    moved = [next(following) if n > 1 else -1 for n in new]
    found = _channel_axis(node.outputs[0], graph, links, moved)
    return None if found is None else [i for i in found if i >= 0]
