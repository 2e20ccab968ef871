"""Operators that move nothing: another view of the same stream."""

from __future__ import annotations

from math import prod

from ..builder import Builder, whole
from ..nodes import Node, Shape
from ..view import expand, fresh, reshape, transpose
from .registry import rule


@rule("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def regroup(node: Node, b: Builder) -> None:
    """A new shape of the same elements in the same order."""
    view, shape = b.view(node), b.graph.shape(node.outputs[0])
    if prod(view.shape) != prod(shape):
        raise b.graph.error(node, f"{view.shape} cannot be seen as {shape}: another number of elements")
    seen = reshape(view, shape)
    if seen is None:  # cuts across the axes: the tokens are other ones from here on
        rows, cols = plain_layout(shape)
        out = fresh(node.outputs[0], shape, rows, cols)
        seen = b.emit(node, "move", out, [whole(view, out.grid)])
    b.result(node, seen)


@rule("Transpose")
def permute(node: Node, b: Builder) -> None:
    view = b.view(node)
    b.result(node, transpose(view, node.attributes.get("perm") or range(len(view.axes))[::-1]))


@rule("Expand")
def broadcast(node: Node, b: Builder) -> None:
    b.result(node, expand(b.view(node), b.graph.shape(node.outputs[0])))


@rule("DepthToSpace")
def depth_to_space(node: Node, b: Builder) -> None:
    """Blocks of channels become pixels: (N, C r r, H, W) -> (N, C, H r, W r)."""
    n, c, h, w = b.graph.shape(node.inputs[0])
    r = int(node.attributes["blocksize"])
    if node.attributes.get("mode", "DCR") == "DCR":
        split, perm = (n, r, r, c // (r * r), h, w), (0, 3, 4, 1, 5, 2)
    else:
        split, perm = (n, c // (r * r), r, r, h, w), (0, 1, 4, 2, 5, 3)
    _through(node, b, split, perm)


@rule("SpaceToDepth")
def space_to_depth(node: Node, b: Builder) -> None:
    n, c, h, w = b.graph.shape(node.inputs[0])
    r = int(node.attributes["blocksize"])
    _through(node, b, (n, c, h // r, r, w // r, r), (0, 3, 5, 1, 2, 4))


def _through(node: Node, b: Builder, split: Shape, perm: tuple[int, ...]) -> None:
    seen = reshape(b.view(node), split)
    merged = reshape(transpose(seen, perm), b.graph.shape(node.outputs[0])) if seen is not None else None
    if merged is None:
        regroup(node, b)
    else:
        b.result(node, merged)


def plain_layout(shape: Shape) -> tuple[list[int], list[int]]:
    """Row and column axes of a tensor of which only the shape is known: the last axis holds the elements."""
    leading = list(range(len(shape) - 1))
    return leading[:-1], leading[-1:]
