"""Integer operators with scales: DequantizeLinear, the plain operator, QuantizeLinear."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import numpy_helper

from .body import Body, Unknown
from .fused import CONV
from .registry import MICROSOFT, stand_in

FIRST_WITH_AXIS = 13  # opset of DequantizeLinear by channel


def dequantised(b: Body, codes: str, scale: str, point: str, axis: int | None = None) -> str:
    """Numbers of codes; by channel along `axis` where the scale has more than one element."""
    try:
        single = len(b.shape(scale)) == 0 or b.shape(scale) == (1,)
    except Unknown:
        single = True
    domain = "" if single or b.opset >= FIRST_WITH_AXIS else MICROSOFT
    chosen: dict[str, Any] = {} if single or axis is None else {"axis": axis}
    return b("DequantizeLinear", codes, _number(b, scale), _number(b, point), domain=domain, **chosen)


def _from(b: Body, index: int) -> str:
    """Numbers of the codes at input `index`, whose scale and zero point come after them."""
    return dequantised(b, b.input(index), b.input(index + 1), b.input(index + 2))


def _number(b: Body, name: str) -> str:
    """A scale or zero point as a scalar, where the file has it as a list of one."""
    if not name:
        return name
    try:
        listed = b.shape(name) == (1,)
    except Unknown:
        listed = False
    return b.reshape(name, []) if listed else name


def quantised(b: Body, x: str, scale: str, point: str) -> None:
    """Output 0 is x as codes."""
    b.give(0, b("QuantizeLinear", x, _number(b, scale), _number(b, point)))


def _bias(b: Body, bias: str, scale: str, weight_scale: str) -> str:
    """A bias of 32 bits: its scale is that of the products."""
    both = b("Mul", _number(b, scale), _number(b, weight_scale))
    per_channel = b.shape(weight_scale) not in ((), (1,))
    domain = MICROSOFT if per_channel and b.opset < FIRST_WITH_AXIS else ""
    axis: dict[str, Any] = {"axis": 0} if per_channel else {}
    return b("DequantizeLinear", bias, both, domain=domain, **axis)


def to_last(b: Body, x: str, rank: int) -> str:
    """Channels from place 1 to the end."""
    return b.transpose(x, [0, *range(2, rank), 1])


def to_first(b: Body, x: str, rank: int) -> str:
    """Channels from the end to place 1."""
    return b.transpose(x, [0, rank - 1, *range(1, rank - 1)])


@stand_in("QLinearConv", domain="")
@stand_in("QLinearConv")
@stand_in("QLinearConvTranspose")
def conv(b: Body) -> None:
    x, xs, xz, w, ws, wz, ys, yz, bias = (b.input(i) for i in range(9))
    op = "ConvTranspose" if b.node.op_type == "QLinearConvTranspose" else "Conv"
    last, rank = b.integer("channels_last"), len(b.shape(w))
    values = dequantised(b, x, xs, xz)
    weights = dequantised(b, w, ws, wz, 1 if op == "ConvTranspose" else 0)
    if last:
        values = to_first(b, values, rank)
    if bias:
        bias = _bias(b, bias, xs, ws)
    given = b.given(*CONV, "output_padding", "output_shape")
    y = b(op, values, weights, bias, main=True, **given)
    quantised(b, to_last(b, y, rank) if last else y, ys, yz)


@stand_in("ConvInteger", domain="")
def conv_integer(b: Body) -> None:
    """The sums as 32-bit integers."""
    x, w = (_shifted(b, b.input(i), b.input(i + 2), axis=0) for i in (0, 1))
    b.give(0, b("Cast", b("Conv", x, w, main=True, **b.given(*CONV)), to=6))


@stand_in("QLinearMatMul", domain="")
def matmul(b: Body) -> None:
    left = dequantised(b, b.input(0), b.input(1), b.input(2), -2)
    right = dequantised(b, b.input(3), b.input(4), b.input(5), -1)
    quantised(b, b("MatMul", left, right, main=True), b.input(6), b.input(7))


@stand_in("MatMulInteger", domain="")
@stand_in("MatMulInteger16")
def matmul_integer(b: Body) -> None:
    """The sums as 32-bit integers."""
    left = _shifted(b, b.input(0), b.input(2), axis=-2)
    right = _shifted(b, b.input(1), b.input(3), axis=-1)
    b.give(0, b("Cast", b("MatMul", left, right, main=True), to=6))


def _shifted(b: Body, codes: str, point: str, axis: int) -> str:
    """Codes less their zero point, as numbers: a scale of 1."""
    shape: tuple[int, ...] = ()
    if point:
        try:
            shape = b.shape(point)
        except Unknown:
            shape = ()
    if shape in ((), (1,)):
        return b("DequantizeLinear", codes, b.constant(1.0), _number(b, point))
    ones = b("ConstantOfShape", b.integers(shape[0]), value=numpy_helper.from_array(np.ones(1, np.float32)))
    domain = "" if b.opset >= FIRST_WITH_AXIS else MICROSOFT
    return b("DequantizeLinear", codes, ones, point, axis=axis, domain=domain)


@stand_in("QGemm")
def gemm(b: Body) -> None:
    a, a_s, az, w, ws, wz, bias, ys, yz = (b.input(i) for i in range(9))
    channels = 0 if b.integer("transB") else 1
    left, right = dequantised(b, a, a_s, az), dequantised(b, w, ws, wz, channels)
    if bias:
        bias = _bias(b, bias, a_s, ws)
        bias = b.times(bias, b.number("alpha", 1.0))
    y = b("Gemm", left, right, bias, main=True, **b.given("alpha", "transA", "transB"))
    if ys:
        quantised(b, y, ys, yz)
    else:
        b.give(0, y)


@stand_in("QLinearAdd", "QLinearMul")
def binary(b: Body) -> None:
    sides = [_from(b, i) for i in (0, 3)]
    quantised(b, b(b.node.op_type.removeprefix("QLinear"), *sides, main=True), b.input(6), b.input(7))


@stand_in("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", "QLinearReduceMean")
@stand_in("QLinearAveragePool", "QLinearGlobalAveragePool")
def unary(b: Body) -> None:
    op = b.node.op_type.removeprefix("QLinear")
    given = {k: v for k, v in b.attributes.items() if k not in ("opset", "channels_last")}
    x = _from(b, 0)
    last = b.integer("channels_last")
    rank = len(b.shape(b.input(0))) if last else 0
    y = b(op, to_first(b, x, rank) if last else x, main=True, **given)
    quantised(b, to_last(b, y, rank) if last else y, b.input(3), b.input(4))


@stand_in("QLinearConcat")
def concat(b: Body) -> None:
    parts = [dequantised(b, *b.node.input[i : i + 3]) for i in range(2, len(b.node.input), 3)]
    quantised(b, b("Concat", *parts, main=True, axis=b.integer("axis")), b.input(0), b.input(1))


@stand_in("QLinearWhere")
def where(b: Body) -> None:
    sides = [_from(b, i) for i in (1, 4)]
    quantised(b, b("Where", b.input(0), *sides, main=True), b.input(7), b.input(8))


@stand_in("MatMulIntegerToFloat")
def matmul_to_float(b: Body) -> None:
    a, w, a_s, ws, az, wz, bias = (b.input(i) for i in range(7))
    left, right = dequantised(b, a, a_s, az), dequantised(b, w, ws, wz, -1)
    b.give(0, b.plus(b("MatMul", left, right, main=True), bias))


@stand_in("MulInteger")
def mul_integer(b: Body) -> None:
    sides = [_shifted(b, b.input(i), b.input(i + 1), axis=-1) for i in (0, 2)]
    b.give(0, b("Cast", b("Mul", *sides, main=True), to=6))
