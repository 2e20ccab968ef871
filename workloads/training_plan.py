"""What a training step has to know of the hardware, and which networks have one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .errors import NetworkError
from .functions import NotModelled, get
from .graph import Network, Operator

Method = Literal["pulses", "write", "digital"]


@dataclass(frozen=True)
class TrainingPlan:
    """What a training step has to know of the hardware.

    Parameters
    ----------
    batch : int
        Samples of one step.
    methods : mapping of str to {"pulses", "write", "digital"}
        How the weights of each matrix operator change: by pulses in the array after each token; or once per
        step, written into cells, or kept digitally.
    gradient_at_once : bool
        Gradients of weights are one product over the whole batch (MAC arrays), not added sample by sample.
    gradient_functions : tuple of str
        What a multiply-accumulate of a gradient is on a digital unit: ("mac",) or ("mul", "add").
    storage : {"buffer", "memory"}
        Where activations wait for the backward pass.
    """

    batch: int
    methods: Mapping[str, Method]
    gradient_at_once: bool = False
    gradient_functions: tuple[str, ...] = ("mac",)
    storage: Literal["buffer", "memory"] = "buffer"


def check_trainable(network: Network, operator: Operator) -> None:
    """Raise `NetworkError` if the way back of an operator is not modelled."""
    reason = None
    if operator.matrix is not None and operator.matrix.recurrent_k:
        reason = "backward through time is not modelled"
    elif operator.product is not None:
        reason = "the backward pass of a product of two activations is not modelled"
    elif operator.kind == "move" and operator.params:
        reason = "training of a table is not modelled"
    elif operator.function and isinstance(get(operator.function).gradient, NotModelled):
        reason = "the backward pass of an unknown operator is not known"
    elif operator.reach is not None or any(p.window.kind == "routed" for p in operator.inputs):
        reason = "the backward pass of its stream is not modelled"
    if reason:
        raise NetworkError(
            f"{network.name}: operator {operator.name!r} ({operator.op}) cannot be trained: {reason}; "
            "expected convolutions, linear layers, pooling, normalisation, functions and data movement"
        )
