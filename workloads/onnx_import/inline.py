"""Nodes that stand for others: branches that are taken, and operators that ONNX defines by simpler ones."""

from __future__ import annotations

from collections.abc import Sequence

import onnx


def body(
    graph: onnx.GraphProto, prefix: str, shared: str, given: dict[str, str]
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto], list[str]]:
    """Nodes, stored tensors and result names of a graph inside a node, under names of their own.

    Parameters
    ----------
    prefix : str
        Of what is made in this turn.
    shared : str
        Of what is stored in the body: the same at every turn.
    given : dict of str to str
        What the graph's inputs are called outside.
    """
    stored = [*graph.initializer]
    constants = {n.output[0]: n.attribute[0].t for n in graph.node if _holds_tensor(n)}
    names = {**given, **{t.name: shared + t.name for t in stored}, **{c: shared + c for c in constants}}
    names.update({o: prefix + o for n in graph.node for o in n.output if o and o not in constants})
    tensors = []
    for name, tensor in (*((t.name, t) for t in stored), *constants.items()):
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        copy.name = names[name]
        tensors.append(copy)
    nodes = [renamed(n, names, prefix) for n in graph.node if not _holds_tensor(n)]
    return nodes, tensors, [names.get(result.name, result.name) for result in graph.output]


def _holds_tensor(node: onnx.NodeProto) -> bool:
    return node.op_type == "Constant" and len(node.attribute) == 1 and node.attribute[0].HasField("t")


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
