"""ONNX import: read, bind dimensions, fold constants, recognise patterns, follow the token streams, fuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import onnx

from ..errors import NetworkError
from ..graph import Network, Operator
from .bind import bind_inputs, declared_dims, split_inputs
from .builder import Builder
from .cut import Value, cut, tensor_of
from .fuse import fuse, used
from .inputs import input_view
from .nodes import Graph, Links, Shape
from .patterns import recognise
from .policy import FUNCTION_DOMAIN, Policy
from .quantise import summary
from .read import finish, read_model
from .rules import RULES, said, unknown
from .simplify import Simplifier
from .statics import declared

__all__ = ["finish", "import_model", "read_model"]


def import_model(
    model: onnx.ModelProto,
    where: str,
    folder: Path,
    *,
    name: str,
    file_hash: str = "",
    bind: Mapping[str, int] | None = None,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    unknown_operators: Literal["error", "vector"] = "error",
    weight_inputs_from: int | None = None,
    outputs: Sequence[str] = (),
    inputs: Sequence[str] = (),
    values: Mapping[str, Value] | None = None,
    operators: Mapping[str, str] | None = None,
) -> Network:
    """Import a model that is read already; see `ohmsum.workloads.load`.

    Parameters
    ----------
    where : str
        Its file, for messages.
    folder : Path
        Where external data would lie.
    """
    given = dict(input_shapes or {})
    policy = Policy(unknown_operators, dict(operators or {}))
    with _told(where):
        if outputs or inputs or values:
            tensors = _cut_inputs(model, where, folder, inputs, given, bind or {}, policy)
            model = cut(model, where, outputs, tensors, values or {})
        graph = _graph(model, where, folder, bind or {}, given, policy, weight_inputs_from)
        policy.check_used(where, model)
        recognise(graph)
        made, leaving = _operators(graph)
        if quantised := summary(made):
            graph.notes.append(quantised)
    return Network(name, made, leaving, tuple(graph.notes), where, file_hash)


def _cut_inputs(
    model: onnx.ModelProto,
    where: str,
    folder: Path,
    inputs: Sequence[str],
    given: dict[str, Shape],
    bind: Mapping[str, int],
    policy: Policy,
) -> dict[str, tuple[Shape, int]]:
    """Shapes and types of tensors that come in from outside: as given, else as the network makes them."""
    if not inputs:
        return {}
    names = [tensor_of(model.graph, name, where) for name in inputs]
    told = {name: (given[name], int(onnx.TensorProto.FLOAT)) for name in names if name in given}
    asked = [name for name in names if name not in told]
    if asked:
        before = cut(model, where, asked, {}, {})
        known = {v.name for v in before.graph.input}
        shapes = {name: shape for name, shape in given.items() if name in known}
        graph = _graph(before, where, folder, bind, shapes, policy, None)
        told |= {name: (graph.shapes[name], graph.dtypes[name]) for name in asked}
    for name in names:
        given.pop(name, None)
    return told


def _graph(
    model: onnx.ModelProto,
    file: str,
    folder: Path,
    bind: Mapping[str, int],
    input_shapes: Mapping[str, tuple[int, ...]],
    policy: Policy,
    weight_inputs_from: int | None,
) -> Graph:
    """The live nodes of a model, with every shape known."""
    inputs, weights = split_inputs(model.graph, file, weight_inputs_from)
    shapes, as_stored = bind_inputs(inputs, file, bind, input_shapes)
    graph = Graph(file, list(shapes), [o.name for o in model.graph.output])
    for value in inputs:
        graph.shapes[value.name] = shapes[value.name]
        graph.dtypes[value.name] = value.type.tensor_type.elem_type
    for value in weights:
        dims = declared_dims(value, file)
        shape = tuple(d for d in dims or () if isinstance(d, int))
        if dims is None or len(shape) < len(dims):
            raise NetworkError(
                f"{file}: weight input {value.name!r} has no static shape, expected numbers only"
            )
        dtype = value.type.tensor_type.elem_type
        graph.shapes[value.name], graph.dtypes[value.name] = shape, dtype
        graph.statics[value.name] = declared(shape, dtype, value.name, graph)
    fixed = all(isinstance(d, int) for value in inputs for d in declared_dims(value, file) or [""])
    try:
        Simplifier(model, graph, folder, as_stored, policy).run()
    except NetworkError as error:
        if fixed and not as_stored:
            raise NetworkError(
                f"{error} (the file was made for another input shape than the one given)"
            ) from None
        raise
    return graph


def _operators(graph: Graph) -> tuple[tuple[Operator, ...], tuple[str, ...]]:
    """The operators and the names of those whose output leaves the network."""
    b, links = Builder(graph), Links(graph)
    for name in graph.inputs:
        if links.consumers.get(name):
            b.add_input(name, input_view(name, graph, links))
    for node in graph.nodes:
        with _told(f"{graph.file}: node {node.name!r} ({node.op})"):
            otherwise = said if node.domain == FUNCTION_DOMAIN else unknown
            RULES.get((node.domain, node.op), otherwise)(node, b)
    leaving = list(dict.fromkeys(b.views[name].tensor for name in graph.outputs if name in b.views))
    if not leaving:
        raise NetworkError(f"{graph.file}: no output is computed from an input: the network does nothing")
    fused = fuse(used(b.operators, leaving), set(leaving), b.constant_operand)
    maker = {operator.output.name: operator.name for operator in fused}
    return tuple(fused), tuple(maker[name] for name in leaving)


@contextmanager
def _told(where: object) -> Iterator[None]:
    """Whatever a file that contradicts itself trips up, the user hears where."""
    try:
        yield
    except NetworkError:
        raise
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise NetworkError(f"{where}: attributes, shapes or names do not fit each other ({what})") from error
