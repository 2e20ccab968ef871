"""Fold what is constant, look through what does nothing, and find every shape."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import onnx
from onnx import helper, numpy_helper

from ..errors import NetworkError
from ..formats import Format
from . import constants, control, quantise, replaced, sequences, statics
from .checks import Checker
from .control import CONTROL
from .nodes import Graph, Node, Static, alive
from .order import label, needed, topological
from .policy import FUNCTION_DOMAIN, Policy, hidden_matrix, refusal
from .quantise import is_quantiser
from .read import LARGEST_SIZE
from .rules import RULES
from .sequences import SEQUENCES
from .shapes import Shapes, Types
from .standins import STAND_INS
from .tails import DEPENDENT, Tail

COPIES = frozenset({"Identity", "Cast", "CastLike", "Dropout"})
RANDOM = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)


class Simplifier:
    """Walks a model once, in topological order, and fills a `Graph`.

    Parameters
    ----------
    model : onnx.ModelProto
    graph : Graph
        With file, inputs, outputs and the inputs' shapes; the rest is filled here.
    folder : Path
        Where external data would lie.
    trust_shapes : bool
        The shapes written in the file hold (no dimension was bound or overridden).
    policy : Policy
        What becomes of unknown operators.
    """

    def __init__(
        self, model: onnx.ModelProto, graph: Graph, folder: Path, trust_shapes: bool, policy: Policy
    ) -> None:
        self.model = model
        self.graph = graph
        self.folder = folder
        self.policy = policy
        self.opsets = {o.domain if o.domain != "ai.onnx" else "": o.version for o in model.opset_import}
        self.checker = Checker(model, graph, self.opsets)
        self.types = Shapes(model, graph, self.opsets, trust_shapes, self.checker)
        self.alias: dict[str, str] = {}
        self.formats: dict[str, Format] = {}  # of live tensors that are codes, or have been
        self.sequences: dict[str, list[str]] = {}
        self.absent: set[str] = set()  # optionals without a value
        self.tail = Tail()
        self.open: dict[str, str] = {}  # constants of which not even the shape is known, and why

    def run(self) -> None:
        """Fill the graph."""
        graph = self.graph
        for tensor in self.model.graph.initializer:
            self.add_static(tensor.name, statics.stored(tensor, self.folder, graph))
        for sparse in self.model.graph.sparse_initializer:
            name = sparse.values.name
            self.add_static(name, statics.declared(tuple(sparse.dims), sparse.values.data_type, name, graph))
        known = [*graph.shapes, *(v.name for v in self.model.graph.input)]
        for node in needed(topological(self.model.graph.node, known, graph.file), graph.outputs):
            self.visit(node)
        graph.outputs = self.tail.outputs(graph.outputs, graph)
        for output in graph.outputs:
            if output not in graph.shapes:
                raise NetworkError(
                    f"{graph.file}: output {output!r} is made by no node; the file is damaged or cut off"
                )
        graph.outputs = list(dict.fromkeys(self.alias.get(o, o) for o in graph.outputs))
        graph.nodes = alive(graph.nodes, graph.outputs)
        graph.notes += self.types.notes()

    @property
    def known(self) -> list[str]:
        """Names of all tensors so far."""
        return [*self.graph.shapes, *self.sequences, *self.absent, *self.open, *self.tail.lost]

    def add_static(self, name: str, static: Static) -> None:
        self.graph.statics[name] = static
        self.graph.shapes[name] = static.shape
        self.graph.dtypes[name] = static.dtype

    def visit(self, node: onnx.NodeProto) -> None:
        graph, op = self.graph, node.op_type
        if (self.tail.lost or op in DEPENDENT) and self.tail.takes(node, graph, self._begins_tail(node)):
            return
        if op == "Constant":
            constants.constant(self, node)
        elif op in CONTROL:
            control.visit(self, node)
        elif op in SEQUENCES:
            sequences.visit(self, node)
        elif op == "Identity" and node.input[0] in self.sequences:
            self.same(node.output[0], node.input[0])
        elif op in ("Shape", "Size"):
            constants.shape_of(self, node)
        elif is_quantiser(node) and not self._is_constant(node):
            quantise.quantised(self, node)
        elif op == "DynamicQuantizeLinear" and not self._is_constant(node):
            quantise.dynamically(self, node)
        elif op not in RANDOM and self._is_constant(node):
            constants.fold(self, node)
        elif op in RANDOM:
            self._random(node)
        elif op in COPIES:  # also CastLike of a constant, to the type of a live tensor
            self._copy(node)
        else:
            self._live(node)

    def _begins_tail(self, node: onnx.NodeProto) -> bool:
        """Whether the size of what a node makes depends on the data."""
        return node.op_type in DEPENDENT and not all(
            self.graph.is_static(n) or n in self.tail.lost for n in node.input if n
        )

    def _is_constant(self, node: onnx.NodeProto) -> bool:
        """Whether no input of the network can change what a node makes.

        Raises
        ------
        NetworkError
            It reads a tensor of which nothing is known.
        """
        for name in node.input:
            if name in self.open:
                raise NetworkError(
                    f"{self.graph.file}: node {label(node)}: its input {name!r} is not known:"
                    f" {self.open[name]}"
                )
        return all(not name or self.graph.is_static(name) for name in node.input)

    def same(self, name: str, source: str) -> None:
        """`name` is another name for `source`."""
        graph, before = self.graph, source
        if source in self.sequences:
            self.sequences[name] = self.sequences[source]
            return
        source = self.alias.get(source, source)
        self.alias[name] = source
        graph.shapes[name], graph.dtypes[name] = graph.shapes[source], graph.dtypes[source]
        if before in self.formats:
            self.formats.setdefault(name, self.formats[before])
        if graph.is_static(source):
            graph.statics[name] = graph.statics[source]

    def _copy(self, node: onnx.NodeProto) -> None:
        graph, name = self.graph, node.output[0]
        self.same(name, node.input[0])
        target = next((a.i for a in node.attribute if a.name == "to"), None)
        inferred = None if target is not None else self.types.inferred(node).get(name)
        graph.dtypes[name] = target or (inferred[1] if inferred is not None else graph.dtypes[name])
        for mask in node.output[1:]:  # of a dropout: nothing is dropped
            if mask:
                self.add_static(mask, Static(graph.shapes[name], onnx.TensorProto.BOOL, (), lambda: None))

    def _random(self, node: onnx.NodeProto) -> None:
        """Random numbers come in from outside: a network is the same work for all of them."""
        graph, name = self.graph, node.output[0]
        graph.shapes[name], graph.dtypes[name] = self._output_types(node)[name]
        graph.inputs.append(name)
        graph.notes.append(f"the random numbers of node {label(node)} are an input of the network")

    def _live(self, node: onnx.NodeProto) -> None:
        graph = self.graph
        domain = "" if node.domain == "ai.onnx" else node.domain
        key = (domain, node.op_type)
        if key in RULES and key in STAND_INS and not replaced.is_common(self, node):
            self.check(node)
            replaced.stand_in(self, node)
            return
        if (domain, node.op_type) in RULES:
            self.check(node)
        elif replaced.by_others(self, node):
            return
        elif domain != FUNCTION_DOMAIN:
            matrix, asked = hidden_matrix(node, graph), self.policy.unknown == "vector"
            shaped = all(name in self.types.of_outputs(node) for name in node.output if name)
            if not asked or matrix or not shaped:
                raise refusal(node, graph, matrix, shaped, asked=asked)
        for name, (shape, dtype) in self._output_types(node).items():
            if 0 in shape:
                raise NetworkError(
                    f"{graph.file}: node {label(node)}: its output {name!r} has shape {shape},"
                    " a tensor without elements; expected dimensions of at least 1"
                )
            graph.shapes[name], graph.dtypes[name] = shape, dtype
        title = node.name or next(o for o in node.output if o)
        for name in node.input:
            if name in self.formats:
                graph.read_as[title, self.alias.get(name, name)] = self.formats[name]
        graph.nodes.append(
            Node(
                name=title,
                op=node.op_type,
                inputs=[self.alias.get(name, name) for name in node.input],
                outputs=list(node.output),
                attributes={a.name: _plain(helper.get_attribute_value(a)) for a in node.attribute},
                domain=domain,
                version=self.opsets.get(domain, 0),
            )
        )

    def check(self, node: onnx.NodeProto) -> None:
        """An operator that ONNX defines is what its definition says."""
        if self.types.schema(node) is not None:
            self.checker.valid(node)

    def _output_types(self, node: onnx.NodeProto) -> Types:
        """Shapes and types of all outputs.

        Raises
        ------
        NetworkError
            One cannot be told.
        """
        found = self.told_types(node)
        for name in filter(None, node.output):
            if name not in found:
                raise NetworkError(
                    f"{self.graph.file}: node {label(node)}: the shape of its output {name!r}"
                    " cannot be told: it depends on the data, or on values that are not in the file"
                )
        return found

    def told_types(self, node: onnx.NodeProto) -> Types:
        """Shapes and types of those outputs of which they can be told."""
        found = self.types.of_outputs(node)
        names = [name for name in node.output if name]
        if any(name not in found for name in names):
            found = {**replaced.by_definition(self, node), **found}
        for name in names:
            if name in found and prod(found[name][0]) > LARGEST_SIZE:
                raise NetworkError(
                    f"{self.graph.file}: node {label(node)}: its output {name!r} of shape {found[name][0]}"
                    f" has more than {LARGEST_SIZE} elements"
                )
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return list(value) if not isinstance(value, (int, float, str)) else value
