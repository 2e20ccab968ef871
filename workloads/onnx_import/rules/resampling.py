"""Resize and Upsample: an output pixel reads its nearest input pixels."""

from __future__ import annotations

from fractions import Fraction

from ...graph import Port, Window
from ..builder import Builder
from ..nodes import Node
from .convolution import pixel_output, pixel_view
from .registry import rule

TAPS = {"nearest": 1, "linear": 2, "bilinear": 2, "cubic": 4}  # input pixels per axis for one output pixel


@rule("Resize", "Upsample")
def resize(node: Node, b: Builder) -> None:
    view = pixel_view(node, b)
    shape = b.graph.shape(node.outputs[0])
    out = pixel_output(node, b)
    mode = str(node.attributes.get("mode", "nearest"))
    taps = TAPS.get(mode)
    if taps is None or shape[:2] != view.shape[:2]:
        raise b.graph.error(
            node, f"mode {mode!r} from {view.shape} to {shape}: expected a resize of the pixels only"
        )
    axes = [_axis(old, new, taps) for old, new in zip(view.shape[2:], shape[2:], strict=True)]
    is_sequence = len(axes) == 1 or shape[3] == view.shape[3] == 1
    port = Port(view.tensor, _window([(1, 1, 0, 1), axes[0]] if is_sequence else axes))
    interpolated = [a for a in axes if a[1] != 1 or a[3] != 1]
    work = shape[1] * taps ** len(interpolated)
    if mode == "nearest":
        b.result(node, b.emit(node, "move", out, [port]))
    else:
        b.result(node, b.emit(node, "vector", out, [port], function="interpolate", work=work))


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
