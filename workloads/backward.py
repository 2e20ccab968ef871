"""Gradients of operators without weights: what a digital unit has to do on the way back.

Costs are element operations of the functions that units offer. Where an operator has no rule of its own, its
backward pass is taken to cost what its forward pass does (assumption).
"""

from __future__ import annotations

from .graph import Grid, Operator, Tensor, Window

Work = tuple[tuple[str, int], ...]
"""Functions with their operations per element (or per token)."""

FROM_OUTPUT: dict[str, Work] = {
    "relu": (("mul", 1),),
    "clip": (("mul", 1),),
    "leaky_relu": (("mul", 1),),
    "prelu": (("mul", 1),),
    "sigmoid": (("sub", 1), ("mul", 2)),
    "tanh": (("sub", 1), ("mul", 2)),
    "exp": (("mul", 1),),
    "sqrt": (("div", 1),),
}
"""Derivative from the output y alone, times the error: g (y > 0), g y (1 - y), g (1 - y y), g y, g / 2y."""

FROM_INPUT = frozenset(
    {
        "abs",
        "cos",
        "elu",
        "erf",
        "gelu",
        "hard_sigmoid",
        "hard_swish",
        "log",
        "pow",
        "silu",
        "sin",
        "softplus",
    }
)
"""The derivative needs the input: the function's own unit makes it (assumption), then one multiplication."""

NEEDS_INPUT = frozenset({"max_pool", "lrn", "softmax", "log_softmax", "layer_norm", "rms_norm", "group_norm"})
"""Other functions whose backward pass needs the activation that went in."""

NO_GRADIENT = frozenset({"compare", "round"})
"""Steps: no error passes through them."""


def derivative(function: str) -> Work:
    """Operations per element for the error through an element-wise function."""
    return FROM_OUTPUT.get(function) or ((function, 1), ("mul", 1))


def is_elementwise(function: str) -> bool:
    """Whether it is a function of one element that has a derivative."""
    return function in FROM_OUTPUT or function in FROM_INPUT


def transposed(window: Window, made: Grid, used: Grid) -> Window:
    """The outputs that depend on one input token: the window of the way back.

    Parameters
    ----------
    window : Window
        Of the way forward: the input tokens (of `made`) that an output token (of `used`) needs.

    Notes
    -----
    Output o needs input ``(o * stride - pad + i * dilation) // up``; so input r is needed by the outputs from
    ``ceil((r * up + pad - (kernel - 1) * dilation) / stride)`` to
    ``floor((r * up + up - 1 + pad) / stride)``. The first of them is rounded down here, which keeps one more
    token for longer and needs nothing later.
    """
    if window.kind == "same" and made.n_tokens == used.n_tokens:
        return Window("same")
    if window.kind != "window":
        return Window("all")
    reach = [(k - 1) * d for k, d in zip(window.kernel, window.dilation, strict=True)]
    return Window(
        "window",
        kernel=(reach[0] + window.up[0], reach[1] + window.up[1]),
        stride=window.up,
        pad=(reach[0] - window.pad[0], reach[1] - window.pad[1]),
        up=window.stride,
    )


def spread_work(operator: Operator, source: Tensor) -> Work:
    """The operations of the forward pass, spread over the tokens of an input."""
    tokens = operator.output.grid.n_tokens
    forward = operator.state_work or ((operator.function, operator.work),)
    return tuple((f, max(1, -(-work * tokens // source.grid.n_tokens))) for f, work in forward)
