"""Activation functions that fused operators name in an attribute."""

from __future__ import annotations

from .body import Body

PLAIN = {
    "relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign",
    "elu": "Elu", "selu": "Selu", "hardswish": "HardSwish",
}  # fmt: skip


def activated(b: Body, x: str, name: str, numbers: list[float]) -> str:
    """An activation function of x, "" for none."""
    key = name.lower()
    if not key:
        return x
    if key in PLAIN:
        return b(PLAIN[key], x)
    if key == "leakyrelu":
        return b("LeakyRelu", x, alpha=numbers[0] if numbers else 0.01)
    if key == "hardsigmoid":
        alpha, beta = numbers[:2] if len(numbers) > 1 else (0.2, 0.5)
        return b("HardSigmoid", x, alpha=alpha, beta=beta)
    if key == "clip" and len(numbers) > 1:
        if b.opset >= 11:
            return b("Clip", x, b.scalar(numbers[0], x), b.scalar(numbers[1], x))
        return b("Clip", x, min=numbers[0], max=numbers[1])
    if key in ("silu", "swish"):
        return silu(b, x)
    if key == "gelu":
        return gelu(b, x)
    raise b.error(f"activation {name!r} is not known")


def gelu(b: Body, x: str) -> str:
    """x / 2 (1 + erf(x / sqrt 2))."""
    scaled = b("Erf", b("Div", x, b.scalar(2**0.5, x)))
    return b("Mul", b("Mul", x, b("Add", scaled, b.scalar(1, x))), b.scalar(0.5, x))


def fast_gelu(b: Body, x: str) -> str:
    """x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016)."""
    cube = b("Mul", b("Mul", b("Mul", x, x), x), b.scalar(0.044715, x))
    inner = b("Tanh", b("Mul", b("Add", x, cube), b.scalar(0.7978845608028654, x)))
    return b("Mul", b("Mul", x, b("Add", inner, b.scalar(1, x))), b.scalar(0.5, x))


def silu(b: Body, x: str, alpha: float = 1.0) -> str:
    """x sigmoid(alpha x)."""
    return b("Mul", x, b("Sigmoid", b.times(x, alpha)))
