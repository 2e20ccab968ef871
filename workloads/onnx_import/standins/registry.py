"""Stand-ins by (domain, operator)."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from .body import Body, Unknown

StandIn = Callable[[Body], None]

STAND_INS: dict[tuple[str, str], StandIn] = {}
COMMON_FORMS: dict[tuple[str, str], Callable[[Body], bool]] = {}
MICROSOFT = "com.microsoft"


def stand_in(
    *ops: str, domain: str = MICROSOFT, common: Callable[[Body], bool] | None = None
) -> Callable[[StandIn], StandIn]:
    """Register a function that writes the nodes for these operators, but for their `common` form."""

    def register(function: StandIn) -> StandIn:
        for op in ops:
            STAND_INS[domain, op] = function
            if common is not None:
                COMMON_FORMS[domain, op] = common
        return function

    return register


def is_common(b: Body) -> bool:
    """Whether a node is an operator of ONNX in its common form, which stands for itself."""
    form = COMMON_FORMS.get((b.node.domain, b.node.op_type))
    return form is not None and form(b)


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
            if write is not None and not is_common(body):
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
