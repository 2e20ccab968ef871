"""Element-wise operators, with NumPy broadcasting, and activation functions."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from ...graph import Port, Window
from ..builder import Builder, Constant, split_dims
from ..nodes import Node, Shape
from ..view import REPEAT, Axis, View, as_elements, expand, tokens
from .registry import rule
from .tables import table_params

# ONNX operator -> what a digital unit does per element; the nearest of `FUNCTIONS` if none is exact.
FUNCTION_OF: dict[str, str] = {
    **dict.fromkeys(("Add", "Sum", "Mean"), "add"), "Sub": "sub", "Mul": "mul",
    **dict.fromkeys(("Div", "Mod", "Reciprocal", "Softsign"), "div"),
    "Min": "min", "Max": "max", "Pow": "pow", "Sqrt": "sqrt", "Neg": "neg", "Abs": "abs", "Erf": "erf",
    **dict.fromkeys(("Exp", "Sinh", "Cosh"), "exp"),
    **dict.fromkeys(("Log", "Asinh", "Acosh", "Atanh"), "log"),
    **dict.fromkeys(("Sin", "Tan", "Asin", "Atan"), "sin"),
    **dict.fromkeys(("Cos", "Acos"), "cos"),
    **dict.fromkeys(("Floor", "Ceil", "Round"), "round"),
    **dict.fromkeys(
        ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Not", "IsNaN",
         "IsInf", "Sign", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift"), "compare"),
    "Where": "select", "Trilu": "select",
    **dict.fromkeys(("Relu", "ThresholdedRelu"), "relu"), **dict.fromkeys(("Clip", "Shrink"), "clip"),
    "LeakyRelu": "leaky_relu", "PRelu": "prelu", **dict.fromkeys(("Elu", "Selu", "Celu"), "elu"),
    "Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid", **dict.fromkeys(("Tanh", "Mish"), "tanh"),
    **dict.fromkeys(("Gelu", "QuickGelu"), "gelu"), **dict.fromkeys(("Silu", "Swish"), "silu"),
    "HardSwish": "hard_swish", "Softplus": "softplus", "RotaryEmbedding": "rotary",
}  # fmt: skip


@rule(*FUNCTION_OF)
def elementwise(node: Node, b: Builder) -> None:
    """One element operation per output element and further operand."""
    out_shape = b.graph.shape(node.outputs[0])
    live = [expand(b.view(node, i), out_shape) for i in b.live(node)]
    leader = max(live, key=lambda v: prod(f.size for f in tokens(v.axes)))
    axes = [_axis(i, leader, live) for i in range(len(out_shape))]
    constants = [b.graph.statics[n].size for n in node.inputs if n and b.graph.is_static(n)]
    # A function of one tensor and of numbers is done before that tensor is repeated.
    once = len(live) == 1 and max(constants, default=1) == 1
    out = b.materialise(node, node.outputs[0], leader.axes if once else axes, keep_repeats=once)
    rows, cols = split_dims(out)
    ports = list(dict.fromkeys(b.port(v, rows, cols, out.grid) for v in live))
    n_operations = max(1, len(node.inputs) - 1) if node.op in ("Sum", "Mean", "Min", "Max") else 1
    work = n_operations * prod(out.stored_shape) // out.grid.n_tokens
    params = b.params(node.absorbed, formula=True)
    for name in node.inputs:
        if name and b.graph.is_static(name):
            by_token = _varies(b.graph.shape(name), out) == "by token"
            params += table_params(name, b) if by_token else b.params([name], formula=True)
    b.result(
        node, b.emit(node, "vector", out, ports, function=FUNCTION_OF[node.op], work=work, params=params)
    )
    if len(live) == 1 and constants and node.op in ("Add", "Sub", "Mul", "Div"):
        b.constant_operand[b.operators[-1].name] = _variation(node, b, out)


@rule("RotaryEmbedding")
def rotary(node: Node, b: Builder) -> None:
    """x turned by its positions; tables by position are no weights, and to read their rows is no work."""
    shape = b.graph.shape(node.outputs[0])
    tables = [
        n for n in node.inputs[1:3] if not b.graph.is_static(n) and _broadcasts(b.graph.shape(n), shape)
    ]
    elementwise(replace(node, inputs=[node.inputs[0], *tables]), b)


def _broadcasts(shape: Shape, to: Shape) -> bool:
    return len(shape) <= len(to) and all(a in (1, n) for a, n in zip(shape[::-1], to[::-1], strict=False))


def _variation(node: Node, b: Builder, out: View) -> Constant:
    """What the constant operands of a node vary with."""
    shapes = [b.graph.shape(n) for n in node.inputs if n and b.graph.is_static(n)]
    kinds = {_varies(shape, out) for shape in shapes}
    return next(kind for kind in ("by token", "by element", "number") if kind in kinds)


def _varies(shape: Shape, out: View) -> Constant:
    """What a constant operand of this shape varies with."""
    if prod(shape) == 1:
        return "number"
    axes = out.axes[len(out.axes) - len(shape) :]
    by_token = any(n > 1 and tokens([axis]) for n, axis in zip(shape, axes, strict=True))
    return "by token" if by_token else "by element"


def same_layout(
    node: Node,
    b: Builder,
    function: str,
    statistics: tuple[int, ...] = (),
    params: int = 0,
    causal: bool = False,
) -> None:
    """An operator whose output is laid out like input 0.

    An output element depends on all elements along the axes `statistics`; with `causal`, on those before it.
    """
    view = b.view(node)
    out = b.materialise(node, node.outputs[0], view.axes)
    rows, cols = split_dims(out)
    crossing = tokens(view.axes[i] for i in statistics)
    port = b.port(view, rows, cols, out.grid)
    if crossing:
        ordered = causal and port.window == Window() and crossing == tokens(view.axes)
        port = Port(view.tensor, Window("prefix" if ordered else "all"))
    work = prod(out.shape) // out.grid.n_tokens
    b.result(node, b.emit(node, "vector", out, [port], function=function, work=work, params=params))


def _axis(index: int, leader: View, live: list[View]) -> Axis:
    """Tokens come from the leader; what it only repeats is elements, whoever brings them."""
    axis = leader.axes[index]
    if axis and axis[0].dim == REPEAT and len(axis) == 1:
        return as_elements(next((v.axes[index] for v in live if v.axes[index]), axis))
    return axis
