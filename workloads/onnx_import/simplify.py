"""Fold what is constant, look through what does nothing, and find every shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..errors import NetworkError
from ..formats import Format
from . import control, inline, sequences, statics
from .checks import Checker
from .control import CONTROL
from .folding import Evaluator
from .nodes import Array, Graph, Node, Shape, Static, alive
from .order import label, needed, topological
from .policy import FUNCTION_DOMAIN, Policy, as_said, hidden_matrix, refusal, registered
from .quantise import BITS, PACKED, code_type, dynamic, format_of, is_quantiser, number_type, unpacked
from .read import LARGEST_SIZE
from .rules import RULES
from .sequences import SEQUENCES
from .shapes import Shapes, Types
from .standins import STAND_INS, Body, is_common
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
        self.types = Shapes(model, graph, self.opsets, trust_shapes)
        self.checker = Checker(model, graph, self.opsets)
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
            self._constant(node)
        elif op in CONTROL:
            control.visit(self, node)
        elif op in SEQUENCES:
            sequences.visit(self, node)
        elif op == "Identity" and node.input[0] in self.sequences:
            self.same(node.output[0], node.input[0])
        elif op in ("Shape", "Size"):
            self._shape_of(node)
        elif is_quantiser(node) and not self._is_constant(node):
            self._quantised(node)
        elif op == "DynamicQuantizeLinear" and not self._is_constant(node):
            self._dynamically(node)
        elif op not in RANDOM and self._is_constant(node):
            self._fold(node)
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

    def _constant(self, node: onnx.NodeProto) -> None:
        attribute = node.attribute[0]
        value = helper.get_attribute_value(attribute)
        if attribute.name == "sparse_value":
            shape, dtype = tuple(value.dims), value.values.data_type
            self.add_static(node.output[0], statics.declared(shape, dtype, node.output[0], self.graph))
            return
        if isinstance(value, onnx.TensorProto):
            tensor = onnx.TensorProto()
            tensor.CopyFrom(value)
        else:
            dtype = np.float32 if attribute.name.startswith("value_float") else np.int64
            text = attribute.name.startswith("value_string")
            tensor = numpy_helper.from_array(np.array(value, dtype=object if text else dtype))
        tensor.name = node.output[0]
        self.add_static(tensor.name, statics.stored(tensor, self.folder, self.graph))

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

    def _quantised(self, node: onnx.NodeProto) -> None:
        """A live tensor as codes, or read from codes: the same tensor, of which the format is known."""
        graph, name = self.graph, node.output[0]
        found = format_of(node, graph)
        before = self.formats.get(node.input[0], found)
        self.formats[name] = before if node.op_type == "DequantizeLinear" else found
        dtype = code_type(node, graph) if node.op_type == "QuantizeLinear" else number_type(node, graph)
        self.same(name, node.input[0])
        graph.dtypes[name] = dtype

    def _dynamically(self, node: onnx.NodeProto) -> None:
        """Codes of a live tensor, and the scale and zero point found from all its elements."""
        graph, (codes, *found) = self.graph, node.output
        self.formats[codes] = dynamic(onnx.TensorProto.UINT8)
        self.same(codes, node.input[0])
        graph.dtypes[codes] = int(onnx.TensorProto.UINT8)
        for name, dtype in zip(found, (onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8), strict=False):
            graph.shapes[name], graph.dtypes[name] = (), int(dtype)
        source = self.alias.get(node.input[0], node.input[0])
        graph.nodes.append(
            Node(f"{node.name or codes}/range", "DynamicRange", [source], [name for name in found if name])
        )

    def _shape_of(self, node: onnx.NodeProto) -> None:
        shape = self.graph.shapes[node.input[0]]
        if node.op_type == "Size":
            value = np.array(np.prod(shape, dtype=np.int64))
        else:
            attributes = {a.name: a.i for a in node.attribute}
            value = np.array(shape[attributes.get("start", 0) : attributes.get("end")], dtype=np.int64)
        self.add_static(node.output[0], statics.known(value))

    def _fold(self, node: onnx.NodeProto) -> None:
        """A node of constants is a constant, whose shape is known at least."""
        self._check(node)
        if is_quantiser(node):
            self._stored_codes(node)
        types = self._told_types(node)
        names = [name for name in node.output if name]
        elements = sum(prod(types[name][0]) for name in names if name in types)
        evaluate = Evaluator(node, self.graph, self.opsets, elements)
        if any(name not in types for name in names):
            values = evaluate() or []
            for name, value in zip(node.output, values, strict=bool(values)):
                dtype = int(helper.np_dtype_to_tensor_dtype(value.dtype))
                types.setdefault(name, (value.shape, dtype))
        if node.op_type in PACKED and names[0] in types:
            self._packed(node, *types[names[0]], evaluate)
            return
        for index, name in enumerate(node.output):
            if name and name in types:
                shape, dtype = types[name]
                self.add_static(name, statics.computed(node, index, shape, dtype, self.graph, evaluate))
            elif name:
                self.open[name] = self.graph.unknown_values.get(name, "its shape cannot be told")

    def _packed(
        self, node: onnx.NodeProto, shape: Shape, dtype: int, evaluate: Callable[[], list[Array] | None]
    ) -> None:
        """Weights that lie packed in bytes: as many parameters as there are weights."""
        root, found = unpacked(node, self.graph, prod(shape))
        self.graph.root_sizes[root] = prod(shape)
        self.graph.stored_as[root] = found
        self.add_static(node.output[0], statics.unpacked(shape, dtype, root, evaluate))

    def _stored_codes(self, node: onnx.NodeProto) -> None:
        """Stored weights that are codes, or are made codes of; a bias of 32 bits is a parameter then, too."""
        graph, name = self.graph, node.input[0]
        found = format_of(node, graph)
        static = graph.statics[name]
        if not static.roots and static.dtype in BITS:
            graph.root_sizes[name] = static.size
            graph.statics[name] = static = replace(static, roots=(name,))
        for root in static.roots:
            graph.stored_as[root] = found

    def _live(self, node: onnx.NodeProto) -> None:
        graph = self.graph
        domain = "" if node.domain == "ai.onnx" else node.domain
        key = (domain, node.op_type)
        if key in RULES and key in STAND_INS and not is_common(node):
            self._check(node)
            self._stand_in(node)
            return
        if (domain, node.op_type) in RULES:
            self._check(node)
        elif self._as_said(node) or self._stand_in(node) or self._expand(node):
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

    def _expand(self, node: onnx.NodeProto) -> bool:
        """Put the nodes in the place of one that ONNX defines by them; False if it does not."""
        nodes = self._definition(node)
        for inner in topological(nodes or [], self.known, self.graph.file):
            self.visit(inner)
        return nodes is not None

    def _as_said(self, node: onnx.NodeProto) -> bool:
        """Put what the user says in the place of an operator; False if nothing is said."""
        rule = self.policy.said(node)
        if not rule:
            return False
        for inner in as_said(node, rule, self.graph, self._body(node)):
            self.visit(inner)
        return True

    def _body(self, node: onnx.NodeProto) -> Body:
        return Body(node, self.opsets.get("", 1), self.graph.shapes.__getitem__, self._type_of)

    def _stand_in(self, node: onnx.NodeProto) -> bool:
        """Put the nodes in the place of one that a runtime wrote; False if they are not known."""
        write = STAND_INS.get((node.domain, node.op_type)) or registered(node)
        if write is None:
            return False
        graph, body = self.graph, self._body(node)
        try:
            write(body)
        except NetworkError as error:
            raise NetworkError(f"{graph.file}: {error}") from None
        except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise NetworkError(
                f"{graph.file}: node {label(node)}: its inputs and attributes do not fit each other: {error}"
            ) from None
        for inner in body.nodes:
            self.visit(inner)
        return True

    def _type_of(self, name: str) -> int:
        """Element type of a tensor; of one that is still to be made, that of the numbers of this network."""
        return self.graph.dtypes.get(name, int(onnx.TensorProto.FLOAT))

    def _check(self, node: onnx.NodeProto) -> None:
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
        found = self._told_types(node)
        for name in filter(None, node.output):
            if name not in found:
                raise NetworkError(
                    f"{self.graph.file}: node {label(node)}: the shape of its output {name!r}"
                    " cannot be told: it depends on the data, or on values that are not in the file"
                )
        return found

    def _told_types(self, node: onnx.NodeProto) -> Types:
        """Shapes and types of those outputs of which they can be told."""
        found = self.types.of_outputs(node)
        names = [name for name in node.output if name]
        if any(name not in found for name in names):
            found = {**self._by_definition(node), **found}
        for name in names:
            if name in found and prod(found[name][0]) > LARGEST_SIZE:
                raise NetworkError(
                    f"{self.graph.file}: node {label(node)}: its output {name!r} of shape {found[name][0]}"
                    f" has more than {LARGEST_SIZE} elements"
                )
        return found

    def _by_definition(self, node: onnx.NodeProto) -> Types:
        """What the nodes make by which ONNX defines this one, which are looked at and thrown away."""
        nodes = self._definition(node)
        if nodes is None:
            return {}
        aside = replace(
            self.graph,
            nodes=[],
            shapes=dict(self.graph.shapes),
            dtypes=dict(self.graph.dtypes),
            statics=dict(self.graph.statics),
            root_sizes=dict(self.graph.root_sizes),
            fills=set(self.graph.fills),
            unknown_values={},
        )
        other = Simplifier(self.model, aside, self.folder, False, self.policy)
        other.alias = dict(self.alias)
        for inner in topological(nodes, self.known, aside.file):
            other.visit(inner)
        return {
            name: (aside.shapes[name], aside.dtypes[name]) for name in node.output if name in aside.shapes
        }

    def _definition(self, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
        schema = self.types.schema(node)
        if schema is None:
            return None
        return inline.definition(node, schema, [self.types.type_of(name) for name in node.input])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return list(value) if not isinstance(value, (int, float, str)) else value
