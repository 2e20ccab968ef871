"""Convolutions, as one matrix per output pixel (im2col)."""

from __future__ import annotations

from math import gcd, prod

import numpy as np

from ...graph import Matrix, Port, Product, Window
from ..builder import Builder, whole
from ..nodes import Node, Shape
from ..view import View, fresh
from .registry import rule


def pixel_axes(shape: Shape, out: Shape) -> tuple[list[int], list[int]]:
    """Row and column axes of (N, C, L) or (N, C, H, W): the batch counts as rows.

    An image that is one pixel wide is a sequence.
    """
    if len(shape) == 4 and shape[3] == out[3] == 1:
        return [0], [2]
    return [0, *range(2, len(shape) - 1)], [len(shape) - 1]


def spatial(node: Node, b: Builder, kernel: Shape) -> tuple[Shape, Shape, Shape]:
    """Strides, dilations and paddings at the beginning, per spatial axis."""
    n = len(kernel)
    strides = tuple(node.attributes.get("strides") or [1] * n)
    dilations = tuple(node.attributes.get("dilations") or [1] * n)
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = []
        for i in range(n):
            size, out = (b.graph.shape(name)[2 + i] for name in (node.inputs[0], node.outputs[0]))
            total = max((out - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - size, 0)
            pads.append((total + (auto == "SAME_LOWER")) // 2)
        return strides, dilations, tuple(pads)
    return strides, dilations, tuple(node.attributes.get("pads") or [0] * 2 * n)[:n]


def clipped(node: Node, b: Builder, kernel: Shape) -> Shape:
    """The taps of a kernel that can lie on the input and its pads (a window may be larger than both)."""
    n = len(kernel)
    dilations = tuple(node.attributes.get("dilations") or [1] * n)
    pads = tuple(node.attributes.get("pads") or [0] * 2 * n)
    sizes = b.graph.shape(node.inputs[0])[2:]
    reach = [size + before + after for size, before, after in zip(sizes, pads[:n], pads[n:], strict=True)]
    if node.attributes.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return kernel
    return tuple(min(k, -(-r // d)) for k, r, d in zip(kernel, reach, dilations, strict=True))


def pixel_view(node: Node, b: Builder) -> View:
    """The input as an image: pixels are tokens, channels their elements."""
    view = b.view(node)
    return b.grid_view(node, view, *pixel_axes(view.shape, b.graph.shape(node.outputs[0])))


def pixel_output(node: Node, b: Builder) -> View:
    """The output as an image."""
    shape = b.graph.shape(node.outputs[0])
    if len(shape) not in (3, 4, 5):
        raise b.graph.error(
            node, f"output {shape}; images of 1 to 3 dimensions (N, C, D, H, W) are supported"
        )
    return fresh(node.outputs[0], shape, *pixel_axes(b.graph.shape(node.inputs[0]), shape))


def slide(node: Node, b: Builder, out: View, kernel: Shape) -> Port:
    """The input seen through a kernel that slides over an image or a sequence."""
    strides, dilations, pads = spatial(node, b, kernel)
    view = b.view(node)
    kernel = clipped(node, b, kernel)
    if set(kernel) == set(strides) == {1} and not any(pads):
        return b.port(view, *pixel_axes(view.shape, out.shape), out.grid)
    if out.grid.n_tokens == 1:
        return whole(view, out.grid)
    view = pixel_view(node, b)
    if len(kernel) == 2 and view.shape[3] == out.shape[3] == 1:
        kernel, strides, dilations, pads = kernel[:1], strides[:1], dilations[:1], pads[:1]
    if len(kernel) == 3:
        window = _volume(view.shape, out.shape, kernel, strides, pads, dilations)
    elif len(kernel) == 1:
        window = Window("window", (1, kernel[0]), (1, strides[0]), (0, pads[0]), (1, dilations[0]))
    elif view.shape[0] > 1 and view.shape[2] != out.shape[2] * strides[0]:
        window = Window("all")  # the rows of several images do not line up under one stride
    else:
        window = Window("window", _pair(kernel), _pair(strides), _pair(pads), _pair(dilations))
    return Port(view.tensor, window)


def _volume(size: Shape, out: Shape, kernel: Shape, strides: Shape, pads: Shape, dilations: Shape) -> Window:
    """The window over (N, C, D, H, W), whose rows are those of all planes one after the other.

    The first row that output row r needs is no multiple of r where both depth and height have strides. It
    lies in a band around one, and the window covers the band.
    """
    (n, _, depth, height, _), (_, _, d_out, h_out, _) = size, out
    image, plane, row = np.indices((n, d_out, h_out), np.int64).reshape(3, -1)
    first = (image * depth + plane * strides[0] - pads[0]) * height + row * strides[1] - pads[1]
    last = first + (kernel[0] - 1) * dilations[0] * height + (kernel[1] - 1) * dilations[1]
    step, up = depth * height, d_out * h_out
    common = gcd(step, up)
    step, up = step // common, up // common
    even = np.arange(len(first)) * step
    before = -int((first * up - even).min())
    reach = int((last * up - even).max()) + before + 1
    return Window(
        "window", (reach, kernel[2]), (step, strides[2]), (before, pads[2]), (1, dilations[2]), (up, 1)
    )


@rule("Conv")
def conv(node: Node, b: Builder) -> None:
    weight = b.graph.shape(node.inputs[1])
    if not b.graph.is_static(node.inputs[1]):
        _computed_weights(node, b, weight)
        return
    groups = int(node.attributes.get("group", 1))
    channels = b.graph.shape(node.inputs[0])[1]
    if channels != weight[1] * groups:
        raise b.graph.error(
            node, f"weights for {weight[1] * groups} input channels, its input has {channels}"
        )
    out = pixel_output(node, b)
    port = slide(node, b, out, weight[2:])
    matrix = Matrix(prod(weight[1:]), weight[0] // groups, groups, weight=b.weight(node.inputs[1]))
    b.result(node, b.emit(node, "matrix", out, [port], matrix=matrix, params=_params(node, b)))


def _computed_weights(node: Node, b: Builder, weight: Shape) -> None:
    """Weights that come with the input: a product of two activations, the weights the stationary one."""
    groups = int(node.attributes.get("group", 1))
    weights = b.view(node, 1)
    out = pixel_output(node, b)
    product = Product(groups, prod(weight[1:]), weight[0] // groups)
    if b.graph.is_static(node.inputs[0]):
        raise b.graph.error(node, "its image is constant and its weights are not, expected the reverse")
    ports = [slide(node, b, out, weight[2:]), whole(weights, out.grid)]
    b.result(node, b.emit(node, "product", out, ports, product=product, params=b.params(node.inputs[2:])))


@rule("DeformConv")
def deformable(node: Node, b: Builder) -> None:
    """Columns are read at places that come with the input, then multiplied (Dai et al. 2017)."""
    weight = b.graph.shape(node.inputs[1])
    if not b.graph.is_static(node.inputs[1]):
        raise b.graph.error(node, f"its weights {node.inputs[1]!r} are not constant, expected stored ones")
    groups = int(node.attributes.get("group", 1))
    out = pixel_output(node, b)
    image = pixel_view(node, b)
    k = prod(weight[1:]) * groups
    shape = (out.shape[0], k, *out.shape[2:])
    columns = fresh(f"{node.name}/columns", shape, *pixel_axes(b.graph.shape(node.inputs[0]), shape))
    places = [b.view(node, i) for i in b.live(node) if i > 1]
    ports = [Port(image.tensor, Window("all")), *(whole(v, columns.grid) for v in places)]
    b.emit(node, "vector", columns, ports, part="columns", function="interpolate", work=4 * k)
    matrix = Matrix(prod(weight[1:]), weight[0] // groups, groups, weight=b.weight(node.inputs[1]))
    params = b.params([node.input(1), node.input(3)], node.absorbed)
    b.result(node, b.emit(node, "matrix", out, [Port(columns.tensor)], matrix=matrix, params=params))


@rule("Col2Im")
def columns_to_image(node: Node, b: Builder) -> None:
    """Blocks are added up where they overlap."""
    view, shape = b.view(node), b.graph.shape(node.outputs[0])
    out = fresh(node.outputs[0], shape, *pixel_axes(shape, shape))
    work = max(1, prod(view.shape) // out.grid.n_tokens)
    port = Port(view.tensor, Window("all")) if view.grid.n_tokens > 1 else whole(view, out.grid)
    b.result(node, b.emit(node, "vector", out, [port], function="add", work=work))


@rule("ConvTranspose")
def conv_transpose(node: Node, b: Builder) -> None:
    """One matrix per input pixel that makes its whole patch of outputs, then the patches are added up."""
    weight = b.graph.shape(node.inputs[1])
    if not b.graph.is_static(node.inputs[1]):
        raise b.graph.error(
            node, f"its weights {node.inputs[1]!r} are not constant, expected a stored tensor"
        )
    view, out = pixel_view(node, b), pixel_output(node, b)
    groups, kernel = int(node.attributes.get("group", 1)), weight[2:]
    n_patch = weight[1] * prod(kernel)
    shape = (view.shape[0], n_patch * groups, *view.shape[2:])
    patches = fresh(f"{node.name}/patches", shape, *pixel_axes(view.shape, out.shape))
    matrix = Matrix(weight[0] // groups, n_patch, groups, weight=b.weight(node.inputs[1]))
    b.emit(
        node, "matrix", patches, [Port(view.tensor)], part="patches", matrix=matrix, params=_params(node, b)
    )
    strides, dilations, pads = spatial(node, b, kernel)
    overlap = prod(-(-k // s) for k, s in zip(kernel, strides, strict=True))
    window = _gather_patches(view, out, kernel, strides, dilations, pads)
    work = weight[1] * groups * overlap
    b.result(node, b.emit(node, "vector", out, [Port(patches.tensor, window)], function="add", work=work))


def _gather_patches(
    view: View, out: View, kernel: Shape, strides: Shape, dilations: Shape, pads: Shape
) -> Window:
    """Output position o takes from the inputs i with i * stride - pad + tap * dilation = o."""
    reach = tuple((k - 1) * d - p for k, d, p in zip(kernel, dilations, pads, strict=True))
    if len(kernel) == 3:
        return Window("all")
    if len(kernel) == 1 or view.shape[3] == out.shape[3] == 1:
        return Window("window", (1, kernel[0]), (1, 1), (0, reach[0]), (1, dilations[0]), (1, strides[0]))
    if view.shape[0] > 1 and out.shape[2] != view.shape[2] * strides[0]:
        return Window("all")
    return Window("window", _pair(kernel), (1, 1), _pair(reach), _pair(dilations), _pair(strides))


def _params(node: Node, b: Builder) -> int:
    return b.params(node.inputs, node.absorbed)


def _pair(values: Shape) -> tuple[int, int]:
    return values[0], values[1]
