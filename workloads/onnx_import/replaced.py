"""What stands in the place of a node: the user's word, a fused operator's graph, or ONNX's own definition."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import onnx

from ..errors import NetworkError
from . import inline
from .order import label, topological
from .policy import as_said, registered
from .shapes import Types
from .standins import STAND_INS, Body
from .standins import is_common as in_common_form

if TYPE_CHECKING:
    from .simplify import Simplifier


def by_others(walker: Simplifier, node: onnx.NodeProto) -> bool:
    """Put others in the place of a node; False if nothing says which."""
    return _as_said(walker, node) or stand_in(walker, node) or _expand(walker, node)


def _as_said(walker: Simplifier, node: onnx.NodeProto) -> bool:
    """Put what the user says in the place of an operator; False if nothing is said."""
    rule = walker.policy.said(node)
    if not rule:
        return False
    for inner in as_said(node, rule, walker.graph, _body(walker, node)):
        walker.visit(inner)
    return True


def stand_in(walker: Simplifier, node: onnx.NodeProto) -> bool:
    """Put the nodes in the place of one that a runtime wrote; False if they are not known."""
    write = STAND_INS.get((node.domain, node.op_type)) or registered(node)
    if write is None:
        return False
    graph, body = walker.graph, _body(walker, node)
    try:
        write(body)
    except NetworkError as error:
        raise NetworkError(f"{graph.file}: {error}") from None
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise NetworkError(
            f"{graph.file}: node {label(node)}: its inputs and attributes do not fit each other: {error}"
        ) from None
    for inner in body.nodes:
        walker.visit(inner)
    return True


def is_common(walker: Simplifier, node: onnx.NodeProto) -> bool:
    """Whether an operator of ONNX is in the form that the rules know."""
    try:
        return in_common_form(_body(walker, node))
    except NetworkError as error:
        raise NetworkError(f"{walker.graph.file}: {error}") from None


def _body(walker: Simplifier, node: onnx.NodeProto) -> Body:
    """What the nodes in the place of a node are written to."""
    graph = walker.graph
    return Body(
        node, walker.opsets.get("", 1), graph.shapes.__getitem__, partial(_type_of, walker), graph.value
    )


def _type_of(walker: Simplifier, name: str) -> int:
    """Element type of a tensor; of one that is still to be made, that of the numbers of this network."""
    return walker.graph.dtypes.get(name, int(onnx.TensorProto.FLOAT))


def _expand(walker: Simplifier, node: onnx.NodeProto) -> bool:
    """Put the nodes in the place of one that ONNX defines by them; False if it does not."""
    nodes = _definition(walker, node)
    for inner in topological(nodes or [], walker.known, walker.graph.file):
        walker.visit(inner)
    return nodes is not None


def by_definition(walker: Simplifier, node: onnx.NodeProto) -> Types:
    """What the nodes make by which ONNX defines this one, which are looked at and thrown away."""
    nodes = _definition(walker, node)
    if nodes is None:
        return {}
    aside = replace(
        walker.graph,
        nodes=[],
        shapes=dict(walker.graph.shapes),
        dtypes=dict(walker.graph.dtypes),
        statics=dict(walker.graph.statics),
        root_sizes=dict(walker.graph.root_sizes),
        fills=set(walker.graph.fills),
        unknown_values={},
    )
    other = type(walker)(walker.model, aside, walker.folder, False, walker.policy)
    other.alias = dict(walker.alias)
    for inner in topological(nodes, walker.known, aside.file):
        other.visit(inner)
    return {name: (aside.shapes[name], aside.dtypes[name]) for name in node.output if name in aside.shapes}


def _definition(walker: Simplifier, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    schema = walker.types.schema(node)
    if schema is None:
        return None
    return inline.definition(node, schema, [walker.types.type_of(name) for name in node.input])
