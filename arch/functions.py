"""What a digital unit can be asked to do to one element.

The names are those of the operators of a network; a test keeps both lists the same. ``"mac"`` comes on
top: one multiply-accumulate of two activations (the products of attention).
"""

from __future__ import annotations

MAC = "mac"

FUNCTIONS: tuple[str, ...] = (
    "pass", "add", "sub", "mul", "div", "min", "max", "neg", "abs", "sqrt", "pow", "exp", "log",
    "compare", "select", "relu", "clip", "leaky_relu", "prelu", "elu", "sigmoid", "hard_sigmoid", "tanh",
    "gelu", "silu", "hard_swish", "erf", "softplus", "sin", "cos", "round",
    "softmax", "log_softmax", "layer_norm", "rms_norm", "batch_norm", "group_norm", "lrn",
    "max_pool", "average_pool", "reduce", "cumsum", "rotary", "interpolate", "unknown",
    MAC,
)  # fmt: skip
