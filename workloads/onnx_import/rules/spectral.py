"""Fourier transforms, as fast ones: 5/2 n log2 n operations for n real numbers, twice that for complex ones.

The count is that of a radix-2 transform (Cooley and Tukey 1965), which is used for other lengths too.
"""

from __future__ import annotations

from math import log2

from ...graph import Port, Window
from ..builder import Builder, split_dims
from ..nodes import Node
from ..view import Axis, element_axis, fresh
from .registry import rule


def operations(n: int, *, is_complex: bool) -> int:
    """Additions and multiplications of one transform of length n."""
    whole = 5 * n * max(1.0, log2(n))
    return round(whole if is_complex else whole / 2)


@rule("DFT")
def transform(node: Node, b: Builder) -> None:
    """Along one axis, for all others; the last axis is the real and the imaginary part."""
    view, shape = b.view(node), b.graph.shape(node.outputs[0])
    rank = len(shape)
    axis = node.attributes.get("axis")
    if axis is None:
        given = b.graph.integers(node, 2)
        axis = given[0] if given else (-2 if node.version >= 20 else 1)
    axis = int(axis) % rank
    axes: list[Axis] = [
        element_axis(shape[i]) if i in (axis, rank - 1) else a for i, a in enumerate(view.axes)
    ]
    out = b.materialise(node, node.outputs[0], axes)
    n = max(view.shape[axis], shape[axis])
    each = operations(n, is_complex=view.shape[-1] == 2 and shape[-1] == 2)
    work = each * (out.grid.n_tokens and _transforms(shape, axis) // out.grid.n_tokens)
    port = b.port(view, *split_dims(out), out.grid)
    b.result(node, b.emit(node, "vector", out, [port], function="mul", work=work))


def _transforms(shape: tuple[int, ...], axis: int) -> int:
    total = 1
    for i, n in enumerate(shape[:-1]):
        total *= 1 if i == axis else n
    return total


@rule("STFT")
def frames(node: Node, b: Builder) -> None:
    """One transform for each frame of a signal (batch, samples, 1), times a window."""
    (step,) = b.graph.integers(node, 1) or [1]
    length = (b.graph.integers(node, 3) or [0])[0]
    if not length:
        length = b.graph.shape(node.input(2))[0]
    view = b.view(node)
    signal = b.grid_view(node, view, [0], [1])
    shape = b.graph.shape(node.outputs[0])
    out = fresh(node.outputs[0], shape, [0], [1])
    window = Window("window", (1, length), (1, step))
    work = operations(length, is_complex=view.shape[-1] == 2) + (length if node.input(2) else 0)
    b.result(node, b.emit(node, "vector", out, [Port(signal.tensor, window)], function="mul", work=work))
