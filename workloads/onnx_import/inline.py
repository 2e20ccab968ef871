"""Nodes that stand for others: branches that are taken, and operators that ONNX defines by simpler ones."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from ..errors import NetworkError
from .order import label


def branch(
    node: onnx.NodeProto, taken: bool, file: str
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto], list[str]]:
    """Nodes, stored tensors and result names of one branch of an If, under names of their own."""
    wanted = "then_branch" if taken else "else_branch"
    body = next((a.g for a in node.attribute if a.name == wanted), None)
    if body is None:
        raise NetworkError(f"{file}: node {label(node)}: it has no {wanted}, expected a graph")
    prefix = (node.name or node.output[0]) + "/"
    names = {t.name: prefix + t.name for t in body.initializer}
    names.update({o: prefix + o for inner in body.node for o in inner.output if o})
    tensors = []
    for tensor in body.initializer:
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        copy.name = names[tensor.name]
        tensors.append(copy)
    results = [names.get(result.name, result.name) for result in body.output]
    return [renamed(n, names, prefix) for n in body.node], tensors, results


def definition(
    node: onnx.NodeProto, schema: onnx.defs.OpSchema, types: Sequence[onnx.TypeProto]
) -> list[onnx.NodeProto] | None:
    """The nodes by which ONNX itself defines this operator, None if it does not.

    Parameters
    ----------
    types : sequence of onnx.TypeProto
        Of the node's inputs; empty for one that is left out.
    """
    if schema.has_context_dependent_function:  # type: ignore[attr-defined]
        inputs = [t.SerializeToString() for t in types]
        body = onnx.FunctionProto.FromString(
            schema.get_context_dependent_function(node.SerializeToString(), inputs)  # type: ignore[attr-defined]
        )
    elif schema.has_function:  # type: ignore[attr-defined]
        body = schema.function_body
    else:
        return None
    prefix = (node.name or node.output[0]) + "/"
    names = {o: prefix + o for inner in body.node for o in inner.output if o}
    given = list(node.input) + [""] * (len(body.input) - len(node.input))
    names.update(zip(body.input, given, strict=False))
    names.update({formal: actual for formal, actual in zip(body.output, node.output, strict=False) if actual})
    defaults = {name: a.default_value for name, a in schema.attributes.items()}
    values = {**defaults, **{a.name: a for a in node.attribute}}
    return [_with_attributes(renamed(n, names, prefix), values) for n in body.node]


def renamed(node: onnx.NodeProto, names: dict[str, str], prefix: str) -> onnx.NodeProto:
    """A copy of a node with its tensors renamed, inside its subgraphs too."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = prefix + node.name if node.name else ""
    copy.input[:] = [names.get(n, n) for n in node.input]
    copy.output[:] = [names.get(n, n) for n in node.output]
    for attribute in copy.attribute:
        if attribute.HasField("g"):
            body = [renamed(n, names, prefix) for n in attribute.g.node]
            del attribute.g.node[:]
            attribute.g.node.extend(body)
            for value in attribute.g.output:
                value.name = names.get(value.name, value.name)
    return copy


def _with_attributes(node: onnx.NodeProto, values: dict[str, onnx.AttributeProto]) -> onnx.NodeProto:
    """The node with attributes that refer to those of the defined operator filled in, or left out."""
    kept = []
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            kept.append(attribute)
        elif (value := values.get(attribute.ref_attr_name)) is not None and value.type:
            filled = onnx.AttributeProto()
            filled.CopyFrom(value)
            filled.name = attribute.name
            kept.append(filled)
    del node.attribute[:]
    node.attribute.extend(kept)
    return node
