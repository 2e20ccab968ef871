"""Fold what is constant, look through what does nothing, and find every shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import checker, helper, numpy_helper, shape_inference

from ..errors import NetworkError
from . import inline, statics
from .nodes import Graph, Node, Shape, Static, alive
from .order import label, topological
from .rules import RULES

COPIES = frozenset({"Identity", "Cast", "CastLike", "Dropout", "QuantizeLinear", "DequantizeLinear"})
RANDOM = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
CONTROL = frozenset({"Loop", "Scan", "SequenceMap"})
DATA_INPUT_ELEMENTS = 1024  # values handed to shape inference: targets, axes, scales


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
    lenient : bool
        An operator without a known shape rule makes a tensor of its first input's shape.
    """

    def __init__(
        self, model: onnx.ModelProto, graph: Graph, folder: Path, trust_shapes: bool, lenient: bool
    ) -> None:
        self.model = model
        self.graph = graph
        self.folder = folder
        self.lenient = lenient
        self.opsets = {o.domain if o.domain != "ai.onnx" else "": o.version for o in model.opset_import}
        self.opset_imports = [helper.make_opsetid(d, v) for d, v in self.opsets.items()]
        self.checks = checker.C.CheckerContext()
        self.checks.ir_version = model.ir_version
        self.checks.opset_imports = self.opsets
        self.alias: dict[str, str] = {}
        self.written = _written_shapes(model.graph) if trust_shapes else {}

    def run(self) -> None:
        """Fill the graph."""
        graph = self.graph
        for tensor in self.model.graph.initializer:
            self._add_static(tensor.name, statics.stored(tensor, self.folder, graph))
        for sparse in self.model.graph.sparse_initializer:
            name = sparse.values.name
            self._add_static(name, statics.declared(tuple(sparse.dims), sparse.values.data_type, name, graph))
        known = [*graph.shapes, *(v.name for v in self.model.graph.input)]
        for node in topological(self.model.graph.node, known, graph.file):
            self._visit(node)
        for output in graph.outputs:
            if output not in graph.shapes:
                raise NetworkError(
                    f"{graph.file}: output {output!r} is made by no node; the file is damaged or cut off"
                )
        graph.outputs = list(dict.fromkeys(self.alias.get(o, o) for o in graph.outputs))
        graph.nodes = alive(graph.nodes, graph.outputs)

    def _add_static(self, name: str, static: Static) -> None:
        self.graph.statics[name] = static
        self.graph.shapes[name] = static.shape
        self.graph.dtypes[name] = static.dtype

    def _visit(self, node: onnx.NodeProto) -> None:
        graph, op = self.graph, node.op_type
        if op == "Constant":
            self._constant(node)
        elif op == "If":
            self._branch(node)
        elif op in CONTROL:
            raise NetworkError(
                f"{graph.file}: node {label(node)}: loops are not supported; export the network unrolled"
            )
        elif op in ("Shape", "Size"):
            self._shape_of(node)
        elif op not in RANDOM and all(not name or graph.is_static(name) for name in node.input):
            self._fold(node)
        elif op in COPIES:  # also CastLike of a constant, to the type of a live tensor
            self._copy(node)
        else:
            self._live(node)

    def _constant(self, node: onnx.NodeProto) -> None:
        attribute = node.attribute[0]
        value = helper.get_attribute_value(attribute)
        if attribute.name == "sparse_value":
            shape, dtype = tuple(value.dims), value.values.data_type
            self._add_static(node.output[0], statics.declared(shape, dtype, node.output[0], self.graph))
            return
        if isinstance(value, onnx.TensorProto):
            tensor = onnx.TensorProto()
            tensor.CopyFrom(value)
        else:
            dtype = np.float32 if attribute.name.startswith("value_float") else np.int64
            text = attribute.name.startswith("value_string")
            tensor = numpy_helper.from_array(np.array(value, dtype=object if text else dtype))
        tensor.name = node.output[0]
        self._add_static(tensor.name, statics.stored(tensor, self.folder, self.graph))

    def _branch(self, node: onnx.NodeProto) -> None:
        """An If whose condition is known is the branch that is taken."""
        graph = self.graph
        condition = graph.value(node.input[0])
        if condition is None:
            raise NetworkError(
                f"{graph.file}: node {label(node)}: its condition {node.input[0]!r} is not constant;"
                " a network must do the same work for every input"
            )
        nodes, tensors, results = inline.branch(node, bool(condition.reshape(-1)[0]))
        for tensor in tensors:
            self._add_static(tensor.name, statics.stored(tensor, self.folder, graph))
        for inner in topological(nodes, graph.shapes, graph.file):
            self._visit(inner)
        for outer, result in zip(node.output, results, strict=True):
            if outer:
                self._same(outer, result)

    def _same(self, name: str, source: str) -> None:
        """`name` is another name for `source`."""
        graph = self.graph
        source = self.alias.get(source, source)
        self.alias[name] = source
        graph.shapes[name], graph.dtypes[name] = graph.shapes[source], graph.dtypes[source]
        if graph.is_static(source):
            graph.statics[name] = graph.statics[source]

    def _copy(self, node: onnx.NodeProto) -> None:
        graph, name = self.graph, node.output[0]
        self._same(name, node.input[0])
        target = next((a.i for a in node.attribute if a.name == "to"), None)
        inferred = None if target is not None else self._infer(node).get(name)
        graph.dtypes[name] = target or (inferred[1] if inferred is not None else graph.dtypes[name])
        for mask in node.output[1:]:  # of a dropout: nothing is dropped
            if mask:
                self._add_static(mask, Static(graph.shapes[name], onnx.TensorProto.BOOL, (), lambda: None))

    def _shape_of(self, node: onnx.NodeProto) -> None:
        shape = self.graph.shapes[node.input[0]]
        if node.op_type == "Size":
            value = np.array(np.prod(shape, dtype=np.int64))
        else:
            attributes = {a.name: a.i for a in node.attribute}
            value = np.array(shape[attributes.get("start", 0) : attributes.get("end")], dtype=np.int64)
        self._add_static(node.output[0], statics.known(value))

    def _fold(self, node: onnx.NodeProto) -> None:
        types = self._output_types(node)
        evaluate = statics.Evaluator(node, self.graph, self.opsets)
        for index, name in enumerate(node.output):
            if name:
                shape, dtype = types[name]
                self._add_static(name, statics.computed(node, index, shape, dtype, self.graph, evaluate))

    def _live(self, node: onnx.NodeProto) -> None:
        graph = self.graph
        domain = "" if node.domain == "ai.onnx" else node.domain
        if (domain, node.op_type) in RULES:
            self._check(node)
        elif self._expand(node):
            return
        elif not self.lenient:
            where = f" of domain {domain!r}" if domain else ""
            raise NetworkError(
                f"{graph.file}: node {label(node)}: operator {node.op_type!r}{where} is not known;"
                " --unknown-operators vector maps it on the vector unit"
            )
        for name, (shape, dtype) in self._output_types(node).items():
            if 0 in shape:
                raise NetworkError(
                    f"{graph.file}: node {label(node)}: its output {name!r} has shape {shape},"
                    " a tensor without elements; expected dimensions of at least 1"
                )
            graph.shapes[name], graph.dtypes[name] = shape, dtype
        graph.nodes.append(
            Node(
                name=node.name or next(o for o in node.output if o),
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
        schema = self._schema(node)
        if schema is None:
            return False
        nodes = inline.definition(node, schema, [self._type(name) for name in node.input])
        for inner in topological(nodes or [], self.graph.shapes, self.graph.file):
            self._visit(inner)
        return nodes is not None

    def _check(self, node: onnx.NodeProto) -> None:
        """Attributes and numbers of inputs and outputs are what the operator's definition says."""
        try:
            checker.check_node(node, self.checks)
        except checker.ValidationError as error:
            reason = str(error).strip().splitlines()[0]
            raise NetworkError(
                f"{self.graph.file}: node {label(node)}: is not valid ONNX: {reason}"
            ) from None

    def _output_types(self, node: onnx.NodeProto) -> dict[str, tuple[Shape, int]]:
        names = [name for name in node.output if name]
        if all(name in self.written for name in names):
            return {name: self.written[name] for name in names}
        inferred = self._infer(node)
        for name in names:
            if name not in inferred and name in self.written:
                inferred[name] = self.written[name]
            if name not in inferred:
                if not self.lenient:
                    raise NetworkError(
                        f"{self.graph.file}: node {label(node)}: the shape of its output {name!r}"
                        " cannot be told: it depends on the data, or on values that are not in the file"
                    )
                first = next(n for n in node.input if n)
                inferred[name] = self.graph.shapes[first], self.graph.dtypes[first]
        return inferred

    def _infer(self, node: onnx.NodeProto) -> dict[str, tuple[Shape, int]]:
        """Shapes by ONNX's own inference of this one node; without those that stay open."""
        graph, schema = self.graph, self._schema(node)
        if schema is None:
            return {}
        names = [name for name in node.input if name]
        types = {name: self._type(name) for name in names}
        data = {
            name: numpy_helper.from_array(value, name)
            for name in names
            if (value := self._data(name)) is not None
        }
        try:
            found = shape_inference.infer_node_outputs(
                schema, node, types, data, opset_imports=self.opset_imports, ir_version=self.model.ir_version
            )
        except shape_inference.InferenceError as error:
            reason = str(error).strip().splitlines()[0]
            raise NetworkError(f"{graph.file}: node {label(node)}: its shapes do not fit: {reason}") from None
        return {name: read for name, proto in found.items() if (read := _static_type(proto)) is not None}

    def _schema(self, node: onnx.NodeProto) -> onnx.defs.OpSchema | None:
        domain = node.domain if node.domain != "ai.onnx" else ""
        try:
            return onnx.defs.get_schema(node.op_type, self.opsets.get(domain, 1), domain)
        except onnx.defs.SchemaError:
            return None

    def _type(self, name: str) -> onnx.TypeProto:
        if not name:
            return onnx.TypeProto()
        return helper.make_tensor_type_proto(self.graph.dtypes[name], self.graph.shapes[name])

    def _data(self, name: str) -> Any:
        static = self.graph.statics.get(name)
        if static is None or static.size > DATA_INPUT_ELEMENTS:
            return None
        return self.graph.value(name)


def _static_type(proto: onnx.TypeProto) -> tuple[Shape, int] | None:
    tensor = proto.tensor_type
    if not tensor.HasField("shape") or not all(d.HasField("dim_value") for d in tensor.shape.dim):
        return None
    return tuple(d.dim_value for d in tensor.shape.dim), tensor.elem_type


def _written_shapes(graph: onnx.GraphProto) -> dict[str, tuple[Shape, int]]:
    values = [*graph.value_info, *graph.output]
    return {value.name: read for value in values if (read := _static_type(value.type)) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return list(value) if not isinstance(value, (int, float, str)) else value
