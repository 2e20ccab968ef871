"""ONNX import: read, bind dimensions, fold constants, recognise patterns, follow the token streams, fuse."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from ..errors import NetworkError
from ..graph import Network, Operator
from .bind import bind_inputs, declared_dims, split_inputs
from .builder import Builder
from .fuse import fuse, used
from .inputs import input_view
from .nodes import Graph, Links
from .patterns import recognise
from .read import read_model
from .rules import RULES, unknown
from .simplify import Simplifier
from .statics import declared

__all__ = ["import_onnx"]


def import_onnx(
    path: Path,
    *,
    name: str = "",
    bind: Mapping[str, int] | None = None,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    unknown_operators: Literal["error", "vector"] = "error",
    weight_inputs_from: int | None = None,
) -> Network:
    """Import an ONNX file; see `ohmsum.workloads.load`."""
    model, file_hash = read_model(path)
    file = str(path)
    inputs, weights = split_inputs(model.graph, file, weight_inputs_from)
    shapes, as_stored = bind_inputs(inputs, file, bind or {}, input_shapes or {})
    graph = Graph(file, list(shapes), [o.name for o in model.graph.output])
    for value in inputs:
        graph.shapes[value.name] = shapes[value.name]
        graph.dtypes[value.name] = value.type.tensor_type.elem_type
    for value in weights:
        dims = declared_dims(value, file)
        shape = tuple(d for d in dims or () if isinstance(d, int))
        dtype = value.type.tensor_type.elem_type
        graph.shapes[value.name], graph.dtypes[value.name] = shape, dtype
        graph.statics[value.name] = declared(shape, dtype, value.name, graph)
    Simplifier(model, graph, path.parent, as_stored, unknown_operators == "vector").run()
    recognise(graph)
    operators, outputs = _operators(graph)
    return Network(name or path.stem, operators, outputs, tuple(graph.notes), file, file_hash)


def _operators(graph: Graph) -> tuple[tuple[Operator, ...], tuple[str, ...]]:
    """The operators and the names of those whose output leaves the network."""
    b, links = Builder(graph), Links(graph)
    for name in graph.inputs:
        if links.consumers.get(name):
            b.add_input(name, input_view(name, graph, links))
    for node in graph.nodes:
        RULES.get((node.domain, node.op), unknown)(node, b)
    leaving = list(dict.fromkeys(b.views[name].tensor for name in graph.outputs if name in b.views))
    if not leaving:
        raise NetworkError(f"{graph.file}: no output depends on an input: the network computes nothing")
    fused = fuse(used(b.operators, leaving), set(leaving), b.constant_operand)
    maker = {operator.output.name: operator.name for operator in fused}
    return tuple(fused), tuple(maker[name] for name in leaving)
