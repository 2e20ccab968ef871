"""Gradients of operators without weights: what a digital unit has to do on the way back.

Costs are element operations of the functions that units offer; what each function's way back takes stands in
its record (`functions.py`).
"""

from __future__ import annotations

from .functions import Work
from .graph import Grid, Operator, Tensor, Window


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
