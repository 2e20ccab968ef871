"""Products whose inputs are quantised when they come: the scale is that of the whole tensor."""

from __future__ import annotations

from typing import Any

from .body import Body
from .qlinear import dequantised
from .registry import stand_in


def on_the_fly(b: Body, x: str) -> str:
    """x as it is after being quantised to 8 bits."""
    codes, scale, point = b.add("DynamicQuantizeLinear", x, n=3)
    return b("DequantizeLinear", codes, scale, point)


@stand_in("DynamicQuantizeMatMul")
def matmul(b: Body) -> None:
    """A quantised as it comes, B stored as codes."""
    right = dequantised(b, b.input(1), b.input(2), b.input(3), -1)
    b.give(0, b.plus(b("MatMul", on_the_fly(b, b.input(0)), right, main=True), b.input(4)))


@stand_in("DynamicQuantizeLSTM")
def lstm(b: Body) -> None:
    """W and R are stored as codes, (directions, inputs, 4 hidden)."""
    weights = [
        b.transpose(_gates(b, b.input(i), b.input(s), b.input(z)), [0, 2, 1])
        for i, s, z in ((1, 8, 9), (2, 10, 11))
    ]
    rest = [b.input(i) for i in range(3, 8)]
    outputs = b.add("LSTM", on_the_fly(b, b.input(0)), *weights, *rest, n=3, main=True, **b.attributes)
    for index, name in enumerate(outputs):
        b.give(index, name)


def _gates(b: Body, codes: str, scale: str, point: str) -> str:
    """Weights of all directions; each has a scale of its own, or each of its columns has."""
    directions, scales = b.shape(codes)[0], b.shape(scale)
    parts = b.split(codes, [1] * directions, 0) if directions > 1 else [codes]
    made = []
    for i, part in enumerate(parts):
        of_part = [b("Gather", name, b.constant(i, 7), axis=0) for name in (scale, point)]
        by_column = len(scales) > 1 and scales[1] > 1
        if len(scales) > 1 and not by_column:
            of_part = [b.reshape(name, []) for name in of_part]
        axis: dict[str, Any] = {"axis": 2} if by_column else {}
        made.append(b("DequantizeLinear", part, *of_part, **axis))
    return b("Concat", *made, axis=0) if len(made) > 1 else made[0]
