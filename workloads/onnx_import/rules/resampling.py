"""Pixels that are read between pixels: resizes, and samples at places that come with the input."""

from __future__ import annotations

from fractions import Fraction

from ...graph import Port, Window
from ..builder import Builder
from ..nodes import Node
from ..view import fresh, transpose
from .convolution import pixel_axes, pixel_output
from .registry import rule

TAPS = {"nearest": 1, "linear": 2, "bilinear": 2, "cubic": 4}  # input pixels per axis for one output pixel


@rule("Resize", "Upsample")
def resize(node: Node, b: Builder) -> None:
    """A resize of pixels, wherever in the layout they lie."""
    shape, given = b.graph.shape(node.outputs[0]), b.view(node)
    resized = [i for i, (old, new) in enumerate(zip(given.shape, shape, strict=True)) if old != new]
    if not resized:
        b.result(node, given)
        return
    perm = _channels_first(len(shape), resized)
    if perm is None:
        raise b.graph.error(node, f"from {given.shape} to {shape}: expected a resize of the pixels only")
    mode = str(node.attributes.get("mode", "nearest"))
    taps = TAPS.get(mode)
    if taps is None:
        raise b.graph.error(node, f"mode {mode!r}, expected one of {', '.join(TAPS)}")
    turned, out_shape = transpose(given, perm), tuple(shape[i] for i in perm)
    pixels = pixel_axes(turned.shape, out_shape)
    view = b.grid_view(node, turned, *pixels)
    out = fresh(node.outputs[0], out_shape, *pixels)
    axes = [_axis(old, new, taps) for old, new in zip(view.shape[2:], out_shape[2:], strict=True)]
    is_sequence = len(axes) == 1 or out_shape[3] == view.shape[3] == 1
    if len(axes) == 3 or (len(axes) == 2 and view.shape[0] > 1 and view.shape[2] != out_shape[2]):
        port = Port(view.tensor, Window("all"))  # rows of several planes do not line up under one stride
    else:
        port = Port(view.tensor, _window([(1, 1, 0, 1), axes[0]] if is_sequence else axes))
    interpolated = [a for a in axes if a[1] != 1 or a[3] != 1]
    if mode == "nearest":
        made = b.emit(node, "move", out, [port])
    else:
        work = out_shape[1] * taps ** len(interpolated)
        made = b.emit(node, "vector", out, [port], function="interpolate", work=work)
    b.result(node, transpose(made, [perm.index(i) for i in range(len(perm))]))


def _channels_first(rank: int, resized: list[int]) -> list[int] | None:
    """The order of the axes in which what is resized comes after a batch and the channels."""
    if rank not in (3, 4, 5) or 0 in resized:
        return None
    if 1 not in resized:
        return list(range(rank))
    return None if rank - 1 in resized else [0, rank - 1, *range(1, rank - 1)]


@rule("GridSample")
def grid_sample(node: Node, b: Builder) -> None:
    """Each pixel is read at a place that comes with the input: the whole image must be there."""
    mode = str(node.attributes.get("mode", "linear"))
    taps = TAPS.get({"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode))
    if taps is None:
        raise b.graph.error(node, f"mode {mode!r}, expected one of {', '.join(TAPS)}")
    image, out = b.view(node), pixel_output(node, b)
    ports = [Port(image.tensor, Window("all"))]
    if 1 in b.live(node):
        rank = len(out.shape)
        places = b.grid_view(node, b.view(node, 1), list(range(rank - 2)), [rank - 2])
        ports.append(b.port(places, list(range(rank - 2)), [rank - 2], out.grid))
    work = out.shape[1] * taps ** (len(out.shape) - 2)
    b.result(node, b.emit(node, "vector", out, ports, function="interpolate", work=work))


@rule("RoiAlign", "MaxRoiPool")
def region(node: Node, b: Builder) -> None:
    """Each pixel of each region is made of samples of the image, at places that come with the input."""
    image, shape = b.view(node), b.graph.shape(node.outputs[0])
    out = fresh(node.outputs[0], shape, [0, 2], [3])
    ratio = int(node.attributes.get("sampling_ratio", 0))
    if not ratio:  # adaptive: as many as there are pixels in a bin of the whole image
        ratio = max(1, -(-image.shape[2] // shape[2]))
    taps = 4 * ratio * ratio if node.op == "RoiAlign" else ratio * ratio
    ports = [Port(b.view(node, i).tensor, Window("all")) for i in b.live(node)]
    function = "interpolate" if node.op == "RoiAlign" else "max_pool"
    b.result(node, b.emit(node, "vector", out, ports, function=function, work=taps * shape[1]))


@rule("MaxUnpool")
def unpool(node: Node, b: Builder) -> None:
    """Values go back to where they were the largest, which the second input says; zeros elsewhere."""
    out = pixel_output(node, b)
    ports = dict.fromkeys(Port(b.view(node, i).tensor, Window("all")) for i in b.live(node))
    b.result(node, b.emit(node, "move", out, ports))


def _axis(old: int, new: int, taps: int) -> tuple[int, int, int, int]:
    """(kernel, stride, pad, up) that covers the input positions of every output position.

    Output o lies at input (o + 1/2) old / new - 1/2 (half-pixel) or o old / new (asymmetric): both covered.
    """
    ratio = Fraction(old, new)
    stride, up = ratio.numerator, ratio.denominator
    if ratio == 1:
        return 1, 1, 0, 1
    if taps == 1:
        return 1, stride, 0, up
    # In units of 1 / up: half-pixel positions are shifted by (stride - up) / 2, taps reach taps / 2 inputs.
    reach = up * taps // 2
    return 2 * reach + stride, stride, reach, up


def _window(axes: list[tuple[int, int, int, int]]) -> Window:
    (k0, s0, p0, u0), (k1, s1, p1, u1) = axes
    return Window("window", (k0, k1), (s0, s1), (p0, p1), (1, 1), (u0, u1))
