"""Convolutions, products and activation functions that an optimiser joined."""

from __future__ import annotations

from .activation import activated, fast_gelu, gelu, silu
from .body import Body
from .registry import stand_in

CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


@stand_in("FusedConv")
def fused_conv(b: Body) -> None:
    """activation(conv(X, W) + B + Z)."""
    y = b("Conv", b.input(0), b.input(1), b.input(2), main=True, **b.given(*CONV))
    y = b.plus(y, b.input(3))
    b.give(0, activated(b, y, b.text("activation"), list(b.attributes.get("activation_params", []))))


@stand_in("FusedGemm")
def fused_gemm(b: Body) -> None:
    """activation(Gemm)."""
    given = b.given("alpha", "beta", "transA", "transB")
    y = b("Gemm", b.input(0), b.input(1), b.input(2), main=True, **given)
    numbers = [float(b.attributes[n]) for n in ("activation_alpha", "activation_beta") if n in b.attributes]
    b.give(0, activated(b, y, b.text("activation"), numbers))


@stand_in("FusedMatMul", "TransposeMatMul", "FusedMatMulActivation")
def fused_matmul(b: Body) -> None:
    """alpha times the product, either side transposed first."""
    sides = []
    for index, (swap, rotate) in enumerate((("transA", "transBatchA"), ("transB", "transBatchB"))):
        x = b.input(index)
        if b.integer(swap) or b.integer(rotate):
            order = list(range(len(b.shape(x))))
            if b.integer(rotate) and len(order) > 2:
                order = [*order[1:-1], order[0], order[-1]]
            if b.integer(swap) and len(order) > 1:
                order[-2:] = order[:-3:-1]
            x = b.transpose(x, order)
        sides.append(x)
    y = b.times(b("MatMul", *sides, main=True), b.number("alpha", 1.0))
    numbers = [
        float(b.attributes[n])
        for n in ("activation_alpha", "activation_beta", "activation_gamma")
        if n in b.attributes
    ]
    b.give(0, activated(b, y, b.text("activation"), numbers))


@stand_in("GemmFastGelu")
def gemm_fast_gelu(b: Body) -> None:
    """fast_gelu(X W + bias)."""
    b.give(0, fast_gelu(b, b.plus(b("MatMul", b.input(0), b.input(1), main=True), b.input(2))))


@stand_in("BiasGelu", "Gelu")
def bias_gelu(b: Body) -> None:
    b.give(0, gelu(b, b.plus(b.input(0), b.input(1))))


@stand_in("FastGelu")
def biased_fast_gelu(b: Body) -> None:
    b.give(0, fast_gelu(b, b.plus(b.input(0), b.input(1))))


@stand_in("QuickGelu")
def quick_gelu(b: Body) -> None:
    b.give(0, silu(b, b.input(0), b.number("alpha", 1.702)))


@stand_in("BiasAdd")
def bias_add(b: Body) -> None:
    """X + bias + skip."""
    b.give(0, b("Add", b.plus(b.input(0), b.input(1)), b.input(2)))


@stand_in("BiasDropout", "BitmaskBiasDropout")
def bias_dropout(b: Body) -> None:
    """data + bias + residual: nothing is dropped when a network is used."""
    b.give(0, b.plus(b.plus(b.input(0), b.input(1)), b.input(2)))


@stand_in("BiasSplitGelu")
def bias_split_gelu(b: Body) -> None:
    """The first half times gelu of the second."""
    x = b("Add", b.input(0), b.input(1))
    n = b.shape(b.input(0))[-1] // 2
    left, right = b.split(x, [n, n], -1)
    b.give(0, b("Mul", left, gelu(b, right)))


@stand_in("BiasSoftmax")
def bias_softmax(b: Body) -> None:
    x, bias, axis = b.input(0), b.input(1), b.integer("axis", 1)
    rank, own = len(b.shape(x)), b.shape(bias)
    if not b.integer("is_inner_broadcast", 1) and len(own) < rank:  # the bias lies at the outer axes
        bias = b.reshape(bias, [*own[: axis % rank], *[1] * (rank - len(own)), *own[axis % rank :]])
    b.give(0, b("Softmax", b("Add", x, bias), axis=axis if b.opset < 13 else -1))


@stand_in("Trilu")
def trilu(b: Body) -> None:
    b.give(0, b("Trilu", b.input(0), b.input(1), **b.given("upper")))


@stand_in("ExpandDims")
def expand_dims(b: Body) -> None:
    b.give(0, b("Unsqueeze", b.input(0), b("Reshape", b.input(1), b.integers(1))))
