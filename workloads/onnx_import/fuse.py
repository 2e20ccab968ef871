"""Join operators: an activation function rides on the operator whose output it alone reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..graph import Operator, Window

ACTIVATIONS = frozenset(
    {"relu", "clip", "leaky_relu", "elu", "sigmoid", "hard_sigmoid", "tanh", "gelu", "silu", "hard_swish", "softplus"}
)
HOSTS = frozenset({"matrix", "product", "vector"})
AFFINE = frozenset({"add", "sub", "mul", "div"})


def used(operators: Sequence[Operator], outputs: Iterable[str]) -> list[Operator]:
    """The operators that an output depends on, and the inputs."""
    wanted = set(outputs)
    kept = []
    for operator in reversed(operators):
        if operator.output.name in wanted or operator.kind == "input":
            wanted.update(port.tensor for port in operator.inputs)
            kept.append(operator)
    return kept[::-1]


def fuse(operators: Sequence[Operator], outputs: set[str], constant_operand: dict[str, int]) -> list[Operator]:
    """Join what can be joined.

    - An activation function into the operator before it.
    - A constant factor into the weights before it.
    - A constant scale or mask into the product of two activations before it.

    Parameters
    ----------
    operators : sequence of Operator
        In topological order.
    outputs : set of str
        Tensors that leave the network.
    constant_operand : dict of str to int
        For an addition or multiplication with a constant: how many elements that has.
    """
    readers = Counter(port.tensor for operator in operators for port in operator.inputs)
    joined: dict[str, Operator] = {}  # by output tensor, in order
    for operator in operators:
        host = joined.get(operator.inputs[0].tensor) if len(operator.inputs) == 1 else None
        if host is not None and readers[host.output.name] == 1 and host.output.name not in outputs:
            merged = _join(host, operator, constant_operand.get(operator.name))
            if merged is not None:
                del joined[host.output.name]
                joined[merged.output.name] = merged
                continue
        joined[operator.output.name] = operator
    return list(joined.values())


def _join(host: Operator, operator: Operator, constant: int | None) -> Operator | None:
    same = operator.inputs[0].window == Window() and host.output.size == operator.output.size
    if operator.kind != "vector" or not same or host.kind not in HOSTS or operator.fused:
        return None
    params = host.params + operator.params
    if operator.function in ACTIVATIONS:
        return replace(host, output=operator.output, fused=(*host.fused, operator.function), params=params)
    if constant is None or operator.function not in AFFINE:
        return None
    if host.kind == "matrix" and not host.fused and not host.state_work and constant == 1:
        return replace(host, output=operator.output, params=params)
    if host.kind == "product":
        return replace(host, output=operator.output, fused=(*host.fused, operator.function), params=params)
    return None
