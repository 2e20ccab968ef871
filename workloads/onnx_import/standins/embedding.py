"""The first layer of encoders: words, positions and segments, and their norm."""

from __future__ import annotations

from .body import Body
from .norms import layer_norm
from .qlinear import dequantised
from .registry import stand_in


@stand_in("EmbedLayerNormalization")
def embed(b: Body) -> None:
    tables = [b.input(i) for i in range(2, 7)]
    _embed(b, tables, b.input(7), b.input(8))


@stand_in("QEmbedLayerNormalization")
def embed_quantised(b: Body) -> None:
    scales = [b.input(i) for i in range(8, 13)]
    points = [b.input(i) for i in range(13, 18)]
    tables = [b.input(i) for i in range(2, 7)]
    numbers = [dequantised(b, t, s, z) if t else "" for t, s, z in zip(tables, scales, points, strict=True)]
    _embed(b, numbers, b.input(7), "")


def _embed(b: Body, tables: list[str], mask: str, positions: str) -> None:
    words, places, segments, gamma, beta = tables
    length = b.shape(b.input(0))[1]
    x = b("Gather", words, b.input(0), axis=0)
    if positions:
        x = b("Add", x, b("Gather", places, positions, axis=0))
    else:
        starts, ends, axes = b.integers(0), b.integers(length), b.integers(0)
        x = b("Add", x, b("Slice", places, starts, ends, axes))
    if b.input(1) and segments:
        x = b("Add", x, b("Gather", segments, b.input(1), axis=0))
    b.give(0, layer_norm(b, x, gamma, beta, b.number("epsilon", 1e-12)))
    if b.wants(1):
        if mask and b.opset >= 13:
            b.give(1, b("ReduceSum", mask, b.integers(1), keepdims=0))
        elif mask:
            b.give(1, b("ReduceSum", mask, axes=[1], keepdims=0))
        else:
            b.give(1, b("ConstantOfShape", b.integers(b.shape(b.input(0))[0])))
    b.give(2, x)
