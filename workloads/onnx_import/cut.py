"""A part of a network: outputs moved inward, tensors made inputs, inputs fixed to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..errors import NetworkError
from .nodes import Shape
from .order import needed, reads

Value = float | int | bool | Sequence[float] | Sequence[int]


def cut(
    model: onnx.ModelProto,
    file: str,
    outputs: Sequence[str],
    inputs: Mapping[str, tuple[Shape | None, int]],
    values: Mapping[str, Value],
) -> onnx.ModelProto:
    """The part of a model that is asked for.

    Parameters
    ----------
    outputs : sequence of str
        Tensors (or nodes) that leave the network instead of its outputs.
    inputs : mapping of str to (shape or None, element type)
        Tensors that come in from outside; what made them is no part of the network.
    values : mapping of str to number or sequence of numbers
        Inputs that are always this.

    Raises
    ------
    NetworkError
        There is no such tensor, or a value does not fit its input.
    """
    part = onnx.ModelProto()
    part.CopyFrom(model)
    graph = part.graph
    if outputs:
        chosen = [_tensor(graph, name, file, "output") for name in outputs]
        del graph.output[:]
        graph.output.extend(helper.make_empty_tensor_value_info(name) for name in chosen)
    for name, (shape, dtype) in inputs.items():
        _detach(graph, _tensor(graph, name, file, "input"))
        graph.input.append(helper.make_tensor_value_info(name, dtype, shape))
    for name, value in values.items():
        _fix(graph, name, value, file)
    kept = needed(graph.node, [o.name for o in graph.output])
    del graph.node[:]
    graph.node.extend(kept)
    if outputs or inputs:
        read = {n for node in kept for n in reads(node)} | {o.name for o in graph.output}
        gone = [v for v in graph.input if v.name not in read]
        for value in gone:
            graph.input.remove(value)
    return part


def tensor_of(graph: onnx.GraphProto, name: str, file: str) -> str:
    """The tensor that is called so, or that the node of this name makes first."""
    return _tensor(graph, name, file, "input")


def _tensor(graph: onnx.GraphProto, name: str, file: str, what: str) -> str:
    made = [o for node in graph.node for o in node.output if o]
    known = [*made, *(v.name for v in graph.input)]
    if name in known:
        return name
    for node in graph.node:
        if node.name == name:
            return next(str(o) for o in node.output if o)
    close = get_close_matches(name, [*known, *(n.name for n in graph.node)], n=1, cutoff=0.4)
    near = f"; did you mean {close[0]!r}?" if close else f"; it has {len(made)} tensors"
    raise NetworkError(f"{file}: {what} {name!r}: the network has no such tensor or node{near}")


def _detach(graph: onnx.GraphProto, name: str) -> None:
    """Nothing in the graph makes this tensor any more."""
    for node in graph.node:
        for i, out in enumerate(node.output):
            if out == name:
                node.output[i] = f"{name}/not used"
    for value in [v for v in graph.input if v.name == name]:
        graph.input.remove(value)


def _fix(graph: onnx.GraphProto, name: str, value: Value, file: str) -> None:
    """An input becomes a constant."""
    found = next((v for v in graph.input if v.name == name), None)
    if found is None:
        close = get_close_matches(name, [v.name for v in graph.input], n=1, cutoff=0.4)
        near = f" (did you mean {close[0]!r}?)" if close else ""
        listed = ", ".join(v.name for v in graph.input)
        raise NetworkError(f"{file}: `value` of {name!r}: no input is called so{near}; inputs: {listed}")
    tensor = found.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    numbers = np.asarray(value)
    with np.errstate(all="ignore"):
        array = numbers.astype(dtype)
    if not np.array_equal(array.astype(numbers.dtype), numbers) and not np.issubdtype(dtype, np.floating):
        kind = np.dtype(dtype).name
        raise NetworkError(f"{file}: `value` of {name!r}: {value} is no {kind} as the input is")
    if tensor.HasField("shape"):
        sizes = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else 1 for d in tensor.shape.dim]
        if array.ndim == 0:
            array = np.full(sizes, array)
        elif array.size != int(np.prod(sizes)) and array.ndim != len(sizes):
            raise NetworkError(
                f"{file}: `value` of {name!r}: {array.size} numbers, the input has shape"
                f" {'x'.join(map(str, sizes)) or 'scalar'}"
            )
        elif array.ndim != len(sizes):
            array = array.reshape(sizes)
    graph.input.remove(found)
    for tensor_ in [t for t in graph.initializer if t.name == name]:
        graph.initializer.remove(tensor_)
    graph.initializer.append(numpy_helper.from_array(array, name))
