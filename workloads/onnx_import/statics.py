"""Constants that are made only on demand, so that weights never are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import external_data_helper, numpy_helper

from ..errors import NetworkError
from .nodes import Array, Graph, Static
from .read import external_location

LARGEST_VALUE = 1 << 24  # elements: the mask of a causal attention over 4096 tokens
PARAMETER_TYPES = frozenset(
    getattr(onnx.TensorProto, name)
    for name in (
        "FLOAT",
        "FLOAT16",
        "BFLOAT16",
        "DOUBLE",
        "INT8",
        "UINT8",
        "INT4",
        "UINT4",
        "FLOAT8E4M3FN",
        "FLOAT8E5M2",
    )
    if hasattr(onnx.TensorProto, name)
)
CODES = frozenset({"int8", "uint8", "int16", "uint16"})
VIEWS = frozenset(
    {"Identity", "Cast", "CastLike", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"}
    | {"QuantizeLinear", "DequantizeLinear"}
)
CARRIERS_OF_THE_FIRST = frozenset(  # what these make of their other inputs is no parameter
    {"CastLike", "Reshape", "Expand", "Slice", "Gather", "Unsqueeze", "Squeeze", "Split", "Pad", "Tile"}
    | {"QuantizeLinear", "DequantizeLinear"}
)
NO_CARRIERS = frozenset(
    {"ConstantOfShape", "Range", "EyeLike", "NonZero", "Sin", "Cos", "Trilu", "Where", "OneHot"}
)


def stored(tensor: onnx.TensorProto, folder: Path, graph: Graph) -> Static:
    """A tensor in the file; one of floats or small integers counts as a parameter."""
    shape = tuple(tensor.dims)
    is_parameter = tensor.data_type in PARAMETER_TYPES
    if is_parameter:
        graph.root_sizes[tensor.name] = int(np.prod(shape, dtype=np.int64))
    roots = (tensor.name,) if is_parameter else ()
    return Static(shape, tensor.data_type, roots, lambda: _stored_values(tensor, folder, graph.file))


def _stored_values(tensor: onnx.TensorProto, folder: Path, file: str) -> Array | None:
    if np.prod(tensor.dims, dtype=np.int64) > LARGEST_VALUE:
        return None
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        if not (folder / external_location(tensor)).is_file():
            return None
        external_data_helper.load_external_data_for_tensor(tensor, str(folder))
    _check_codes(tensor, file)
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError) as error:
        raise NetworkError(f"{file}: tensor {tensor.name!r} is damaged: {error}") from None


def _check_codes(tensor: onnx.TensorProto, file: str) -> None:
    """Small integers that are stored as larger ones are small."""
    name = onnx.helper.tensor_dtype_to_string(tensor.data_type).removeprefix("TensorProto.").lower()
    if not tensor.int32_data or name not in CODES:
        return
    bounds = np.iinfo(name)
    outside = [v for v in tensor.int32_data if not bounds.min <= v <= bounds.max]
    if outside:
        raise NetworkError(
            f"{file}: tensor {tensor.name!r} has {outside[0]} in it, which is no {name}"
            f" (expected {bounds.min} to {bounds.max})"
        )


def declared(shape: tuple[int, ...], dtype: int, name: str, graph: Graph) -> Static:
    """A weight of which the file says only that it is there."""
    graph.root_sizes[name] = int(np.prod(shape, dtype=np.int64))
    return Static(shape, dtype, (name,), lambda: None)


def unpacked(
    shape: tuple[int, ...], dtype: int, root: str, evaluate: Callable[[], list[Array] | None]
) -> Static:
    """Weights that an operator makes of packed codes."""

    def make() -> Array | None:
        results = evaluate() if np.prod(shape, dtype=np.int64) <= LARGEST_VALUE else None
        return None if results is None else results[0]

    return Static(shape, dtype, (root,), make)


def known(values: Array) -> Static:
    """A value that is at hand."""
    dtype = int(onnx.helper.np_dtype_to_tensor_dtype(values.dtype))
    return Static(values.shape, dtype, (), lambda: values)


def computed(
    node: onnx.NodeProto,
    index: int,
    shape: tuple[int, ...],
    dtype: int,
    graph: Graph,
    evaluate: Callable[[], list[Array] | None],
) -> Static:
    """Output `index` of a node that has only static inputs."""
    roots = _roots(node, index, shape, dtype, graph)

    def make() -> Array | None:
        if np.prod(shape, dtype=np.int64) > LARGEST_VALUE:
            return None
        results = evaluate()
        return None if results is None else results[index]

    return Static(shape, dtype, roots, make)


def _roots(
    node: onnx.NodeProto, index: int, shape: tuple[int, ...], dtype: int, graph: Graph
) -> tuple[str, ...]:
    if node.op_type == "ConstantOfShape" and dtype in PARAMETER_TYPES:
        name = node.output[index]
        graph.root_sizes[name] = int(np.prod(shape, dtype=np.int64))
        graph.fills.add(name)
        return (name,)
    if node.op_type in NO_CARRIERS or dtype not in PARAMETER_TYPES:
        return ()
    carriers = node.input[:1] if node.op_type in CARRIERS_OF_THE_FIRST else node.input
    roots: dict[str, None] = {}
    for name in carriers:
        if name in graph.statics:
            roots.update(dict.fromkeys(graph.statics[name].roots))
    if node.op_type not in VIEWS:  # a number, or a filled tensor, that goes through arithmetic is no weight
        return tuple(r for r in roots if r not in graph.fills and graph.root_sizes[r] > 1)
    return tuple(roots)
