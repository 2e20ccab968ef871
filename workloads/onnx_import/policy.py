"""What becomes of operators that nobody here knows: refused, taken as the user says, or vector work.

One with a stored matrix is never taken for one operation per element: its work is hidden in that matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Literal

import onnx
from onnx import helper

from ..errors import NetworkError
from ..functions import names
from .nodes import Graph
from .order import label
from .standins import Body

GROUP = "ohmsum.operators"
MATMUL = "matmul"
FUNCTION_DOMAIN = "ohmsum.function"


@dataclass(frozen=True)
class Policy:
    """How unknown operators are taken.

    Parameters
    ----------
    unknown : {"error", "vector"}
        Of those for which nothing is said.
    operators : dict of str to str
        What an operator is, by "domain:Name" (or "Name"): "matmul" (its input times its stored matrix), the
        name of an ONNX operator with the same inputs and attributes, or a function of each element.
    used : set of str
        Those of `operators` that were asked for.
    """

    unknown: Literal["error", "vector"] = "error"
    operators: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set, compare=False)

    def said(self, node: onnx.NodeProto) -> str:
        """What the user says that an operator is, "" for nothing."""
        for key in (f"{node.domain}:{node.op_type}", node.op_type):
            if key in self.operators:
                self.used.add(key)
                return self.operators[key]
        return ""

    def check_used(self, file: str, model: onnx.ModelProto) -> None:
        """Every rule is for an operator of the network.

        Raises
        ------
        NetworkError
            One is not.
        """
        names = {f"{n.domain}:{n.op_type}" if n.domain else n.op_type for n in model.graph.node}
        for key in self.operators.keys() - self.used:
            if key not in names and not any(name.endswith(f":{key}") for name in names):
                close = get_close_matches(key, names, n=1, cutoff=0.4)
                near = f"; did you mean {close[0]!r}?" if close else ""
                raise NetworkError(f"{file}: `operator`: {key!r} does not occur in the network{near}")


def registered(node: onnx.NodeProto) -> Callable[[Body], None] | None:
    """The function that an installed package gives for an operator (entry point "domain:Name")."""
    key = f"{node.domain}:{node.op_type}" if node.domain else node.op_type
    for entry in entry_points(group=GROUP):
        if entry.name == key:
            found: Callable[[Body], None] = entry.load()
            return found
    return None


def as_said(node: onnx.NodeProto, rule: str, graph: Graph, body: Body) -> list[onnx.NodeProto]:
    """The nodes that an operator is, by the user's word.

    Raises
    ------
    NetworkError
        The word is none, or does not fit the node's inputs.
    """
    if rule == MATMUL:
        _matmul(node, graph, body)
        return body.nodes
    if rule in names():
        live = [n for n in node.input if n and not graph.is_static(n)]
        inputs = live + [n for n in node.input if n and graph.is_static(n)]
        made = helper.make_node(rule, inputs, [node.output[0]], name=node.name, domain=FUNCTION_DOMAIN)
        return [made]
    if any(s.name == rule and s.domain == "" for s in onnx.defs.get_all_schemas()):
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.op_type, copy.domain = rule, ""
        return [copy]
    raise _error(
        node, graph, f"`operator`: found {rule!r}, expected 'matmul', an ONNX operator, or one of"
        f" {', '.join(names()[:6])} ...",
    )  # fmt: skip


def _matmul(node: onnx.NodeProto, graph: Graph, b: Body) -> None:
    """The live input times the stored matrix, plus a stored vector."""
    live = [n for n in node.input if n and not graph.is_static(n)]
    matrices = [n for n in node.input if n and graph.is_static(n) and len(graph.shape(n)) == 2]
    if not live or len(matrices) != 1:
        raise _error(
            node, graph, f"as matmul: {len(live)} live inputs and {len(matrices)} stored matrices,"
            " expected a live input and one stored matrix",
        )  # fmt: skip
    x, w = live[0], matrices[0]
    k, shape = graph.shape(x)[-1], graph.shape(w)
    if k not in shape:
        raise _error(
            node, graph, f"as matmul: its input has {k} features, its matrix is {shape[0]}x{shape[1]}"
        )
    y = b("MatMul", x, w if shape[0] == k else b("Transpose", w, perm=[1, 0]), main=True)
    n = shape[1] if shape[0] == k else shape[0]
    for name in node.input:
        if name and graph.is_static(name) and graph.shape(name) == (n,):
            y = b("Add", y, name)
    b.give(0, y)


def hidden_matrix(node: onnx.NodeProto, graph: Graph) -> str:
    """A stored tensor of two or more dimensions that an operator has, "" for none."""
    for name in node.input:
        if name and graph.is_static(name) and len(graph.shape(name)) > 1:
            return f"{name!r} ({'x'.join(map(str, graph.shape(name)))})"
    for attribute in node.attribute:
        for tensor in (*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])):
            if len(tensor.dims) > 1:
                return f"{attribute.name!r} ({'x'.join(map(str, tensor.dims))})"
    return ""


def refusal(node: onnx.NodeProto, graph: Graph, matrix: str, shaped: bool, *, asked: bool) -> NetworkError:
    """Why an unknown operator is refused, and what would help."""
    where = f" of domain {node.domain!r}" if node.domain else ""
    key = f"{node.domain}:{node.op_type}" if node.domain else node.op_type
    if matrix:
        how = f"; its work hides in its stored {matrix}: say what it is with `operator: {key}=matmul`"
    elif not shaped:
        how = f"; the file does not say the shape of its output: say what it is with `operator: {key}=gelu`"
    elif not asked:
        how = "; `unknown_operators: vector` takes it as one operation per output element"
    else:
        how = ""
    return _error(node, graph, f"operator {node.op_type!r}{where} is not known{how}")


def _error(node: onnx.NodeProto, graph: Graph, message: str) -> NetworkError:
    return NetworkError(f"{graph.file}: node {label(node)}: {message}")
