"""Stand-ins by (domain, operator)."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from .body import Body, Unknown

StandIn = Callable[[Body], None]

STAND_INS: dict[tuple[str, str], StandIn] = {}
MICROSOFT = "com.microsoft"


def stand_in(*ops: str, domain: str = MICROSOFT) -> Callable[[StandIn], StandIn]:
    """Register a function that writes the nodes for these operators."""

    def register(function: StandIn) -> StandIn:
        for op in ops:
            STAND_INS[domain, op] = function
        return function

    return register


def is_common(node: onnx.NodeProto) -> bool:
    """Whether it is an operator of ONNX in its common form, which stands for itself."""
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if node.domain or node.op_type not in ("Einsum", "LSTM", "GRU", "RNN"):
        return False
    if node.op_type == "Einsum":
        return is_plain(values.get("equation", b"").decode("utf-8", "replace"))
    return not values.get("layout", 0)


def is_plain(equation: str) -> bool:
    """Whether an Einsum is a product of two operands: each index once in one, summed only if in both."""
    terms, arrow, result = equation.replace(" ", "").partition("->")
    parts = terms.split(",")
    if len(parts) != 2 or not arrow or "." in equation or any(len(set(p)) < len(p) for p in parts):
        return False
    return all(sum(i in p for p in parts) == 2 or i in result for i in set(terms) - {","})


def in_file(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with stand-ins in their places, as far as they need to know no shape of a live tensor."""
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
    stored = {t.name: t for t in model.graph.initializer}

    def shape(name: str) -> tuple[int, ...]:
        if name not in stored:
            raise Unknown(name)
        return tuple(stored[name].dims)

    def dtype(name: str) -> int:
        return stored[name].data_type if name in stored else onnx.TensorProto.FLOAT

    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        write = STAND_INS.get((node.domain, node.op_type))
        body = Body(node, opset, shape, dtype)
        try:
            if write is not None and not is_common(node):
                write(body)
            else:
                write = None
        except (LookupError, TypeError, ValueError):  # more must be known than the file says
            write = None
        nodes += body.nodes if write is not None else [node]
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    del changed.graph.node[:]
    changed.graph.node.extend(nodes)
    domains = {o.domain for o in changed.opset_import}
    if any(n.domain == MICROSOFT for n in nodes) and MICROSOFT not in domains:
        changed.opset_import.append(onnx.helper.make_opsetid(MICROSOFT, 1))
    return changed
