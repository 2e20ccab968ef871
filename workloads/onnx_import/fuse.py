"""Join operators: an activation function rides on the operator whose output it alone reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..functions import get
from ..graph import Operator, Window
from .builder import Constant

HOSTS = frozenset({"matrix", "product", "vector"})


def used(operators: Sequence[Operator], outputs: Iterable[str]) -> list[Operator]:
    """The operators that an output depends on, and the inputs."""
    wanted = set(outputs)
    kept = []
    for operator in reversed(operators):
        if operator.output.name in wanted or operator.kind == "input":
            wanted.update(port.tensor for port in operator.inputs)
            kept.append(operator)
    return kept[::-1]


def fuse(
    operators: Sequence[Operator], outputs: set[str], constant_operand: dict[str, Constant]
) -> list[Operator]:
    """Join what can be joined.

    - An activation function into the operator before it.
    - A constant factor or shift into the weights (or the rotation tables) before it.
    - A constant scale or mask into the product of two activations before it, or its scale after it.

    Parameters
    ----------
    operators : sequence of Operator
        In topological order.
    outputs : set of str
        Tensors that leave the network.
    constant_operand : dict of str to str
        For an addition or multiplication with a constant: whether that is one number, or varies with the
        element of a token, or with the token.
    """
    readers = Counter(port.tensor for operator in operators for port in operator.inputs)
    fused: list[Operator] = []
    place: dict[str, int] = {}  # of the operator that makes a tensor
    for operator in operators:
        operator = _without_scales(operator, fused, place, readers, constant_operand)
        at = place.get(operator.inputs[0].tensor) if len(operator.inputs) == 1 else None
        merged = None
        if at is not None and readers[fused[at].output.name] == 1 and fused[at].output.name not in outputs:
            merged = _join(fused[at], operator, constant_operand.get(operator.name))
        if merged is not None and at is not None:
            fused[at] = merged
            place[merged.output.name] = at
        else:
            place[operator.output.name] = len(fused)
            fused.append(operator)
    return used(fused, outputs)


def _without_scales(
    product: Operator,
    before: list[Operator],
    place: dict[str, int],
    readers: Counter[str],
    constant: dict[str, Constant],
) -> Operator:
    """Scales of the operands of a product of two activations become one scale of its result."""
    if product.kind != "product":
        return product
    ports, found = [], False
    for port in product.inputs:
        maker = before[place[port.tensor]]
        is_scale = (
            maker.function in ("mul", "div")
            and constant.get(maker.name) == "number"
            and len(maker.inputs) == 1
        )
        if is_scale and readers[port.tensor] == 1 and maker.inputs[0].window == Window() and not maker.fused:
            port, found = replace(port, tensor=maker.inputs[0].tensor), True
        ports.append(port)
    return replace(product, inputs=tuple(ports), fused=("mul", *product.fused)) if found else product


def _join(host: Operator, operator: Operator, constant: Constant | None) -> Operator | None:
    same = operator.inputs[0].window == Window() and host.output.size == operator.output.size
    if operator.kind != "vector" or not same or host.kind not in HOSTS or operator.fused:
        return None
    params = host.params + operator.params
    fuses = get(operator.function).fuses
    if fuses == "activation":
        return replace(host, output=operator.output, fused=(*host.fused, operator.function), params=params)
    if constant is None or fuses != "affine":
        return None
    if host.kind == "product":
        return replace(host, output=operator.output, fused=(*host.fused, operator.function), params=params)
    if not host.fused and _scalable(host, operator.function, constant):
        return replace(host, output=operator.output, params=params)
    return None


def _scalable(host: Operator, function: str, constant: Constant) -> bool:
    """Whether the host ends in weights (or tables) that can take up the constant."""
    if host.matrix is not None:
        each_has_its_own = host.matrix.applications == 1 and constant == "by element"
        return not host.state_work and (constant == "number" or each_has_its_own)
    is_factor = constant == "number" and function in ("mul", "div")
    return bool(host.function) and get(host.function).scales and len(host.inputs) == 1 and is_factor
