"""Normalisations with what an optimiser joined to them."""

from __future__ import annotations

from .activation import silu
from .body import Body
from .registry import stand_in


def layer_norm(b: Body, x: str, gamma: str, beta: str, epsilon: float, main: bool = True) -> str:
    """LayerNormalization over the last axis."""
    return b("LayerNormalization", x, gamma, beta, main=main, axis=-1, epsilon=epsilon)


def rms_norm(b: Body, x: str, gamma: str, epsilon: float) -> str:
    """x / sqrt(mean(x^2) + epsilon) times gamma, over the last axis (Zhang and Sennrich 2019)."""
    square = b("Mul", x, x)
    if b.opset >= 18:
        mean = b("ReduceMean", square, b.integers(-1), keepdims=1)
    else:
        mean = b("ReduceMean", square, axes=[-1], keepdims=1)
    root = b("Sqrt", b("Add", mean, b.scalar(epsilon, x)))
    return b("Mul", b("Div", x, root), gamma)


@stand_in("LayerNormalization")
def plain_layer_norm(b: Body) -> None:
    given = b.given("axis", "epsilon")
    b.give(0, b("LayerNormalization", b.input(0), b.input(1), b.input(2), main=True, **given))


@stand_in("SimplifiedLayerNormalization")
@stand_in("SimplifiedLayerNormalization", domain="")
def simplified(b: Body) -> None:
    """The root mean square only."""
    axis = b.integer("axis", -1)
    if axis not in (-1, len(b.shape(b.input(0))) - 1):
        raise b.error(f"axis {axis}, expected the last one")
    b.give(0, rms_norm(b, b.input(0), b.input(1), b.number("epsilon", 1e-5)))


@stand_in("SkipLayerNormalization")
def skip_layer_norm(b: Body) -> None:
    """The norm of input + skip + bias, which comes out as well."""
    x = b.plus(b("Add", b.input(0), b.input(1)), b.input(4))
    b.give(0, layer_norm(b, x, b.input(2), b.input(3), b.number("epsilon", 1e-5)))
    b.give(3, x)


@stand_in("SkipSimplifiedLayerNormalization")
def skip_rms_norm(b: Body) -> None:
    x = b.plus(b("Add", b.input(0), b.input(1)), b.input(3))
    b.give(0, rms_norm(b, x, b.input(2), b.number("epsilon", 1e-5)))
    b.give(3, x)


@stand_in("GroupNorm", "SkipGroupNorm")
def group_norm(b: Body) -> None:
    """Groups of channels, which come last or not; before it a sum, after it SiLU, if so asked."""
    x = b.input(0)
    if b.node.op_type == "SkipGroupNorm":
        x = b.plus(b("Add", x, b.input(3)), b.input(4))
        b.give(1, x)
    last, rank = b.integer("channels_last", 1), len(b.shape(b.input(0)))
    if last:
        x = b.transpose(x, [0, rank - 1, *range(1, rank - 1)])
    x = grouped(b, x, b.input(1), b.input(2))
    if b.integer("activation"):
        x = silu(b, x)
    b.give(0, b.transpose(x, [0, *range(2, rank), 1]) if last else x)


def grouped(b: Body, x: str, gamma: str, beta: str) -> str:
    """GroupNormalization as of opset 21, its scale and bias by channel."""
    groups, epsilon = b.integer("groups"), b.number("epsilon", 1e-5)
    if b.opset >= 21:
        return b("GroupNormalization", x, gamma, beta, main=True, num_groups=groups, epsilon=epsilon)
    shape, rank = b.shape(b.input(0)), len(b.shape(b.input(0)))
    if b.integer("channels_last", 1):
        shape = (shape[0], shape[-1], *shape[1:-1])
    apart = b.reshape(x, [0, groups, -1])
    ones, zeros = b.constant([1.0] * groups), b.constant([0.0] * groups)
    normal = b.reshape(b("InstanceNormalization", apart, ones, zeros, main=True, epsilon=epsilon), shape)
    channels = [shape[1], *[1] * (rank - 2)]
    return b("Add", b("Mul", normal, b.reshape(gamma, channels)), b.reshape(beta, channels))
