"""From a file to a checked ONNX model: nothing is believed about the file before it is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from math import prod
from pathlib import Path

import onnx
from onnx import inliner

from ..errors import NetworkError
from .modules import name_by_module

OLDEST_OPSET = 7  # element-wise operators broadcast as in NumPy from here on
MAX_FILE_BYTES = 2**31 - 1  # a protobuf message cannot be larger
LARGEST_SIZE = 1 << 48  # elements of one tensor; ONNX's inference counts in 64 bits and does not look back


def read_model(path: Path) -> tuple[onnx.ModelProto, str]:
    """Read and check an ONNX file.

    Data of weights that lie in an external file are not read; the file need not be there.

    Returns
    -------
    model : onnx.ModelProto
        With local functions inlined.
    file_hash : str
        SHA-256 of the file's bytes.

    Raises
    ------
    NetworkError
        The file is missing, too large, not ONNX, truncated, too old, or refers to data outside its folder.
    """
    raw = _read_bytes(path)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(raw)
    except Exception as error:
        if type(error).__name__ != "DecodeError":  # of protobuf, which has no types; onnx re-exports none
            raise
        raise NetworkError(f"{path}: {_not_onnx(raw)}") from None
    if not model.ir_version or not model.HasField("graph"):
        raise NetworkError(f"{path}: {_not_onnx(raw)}")
    if not model.graph.node:
        raise NetworkError(f"{path}: the graph {model.graph.name!r} has no nodes, expected a network")
    _check_opset(path, model)
    _check_names(path, model)
    model = finish(model, str(path))
    for tensor in _tensors(model.graph):
        _check_shape(path, tensor)
        _check_external(path, tensor)
    return model, sha256(raw).hexdigest()


def finish(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    """Local functions inlined, and nodes named by the modules they come from where the file says so."""
    if model.functions:
        try:
            model = inliner.inline_local_functions(model)
        except RuntimeError as error:
            reason = str(error).splitlines()[0].rpartition("failed: ")[2][:160]
            raise NetworkError(
                f"{where}: its local functions cannot be put in the place of their calls: {reason}"
            ) from None
    name_by_module(model)
    return model


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise NetworkError(f"{path}: is a folder, expected an .onnx file")
        n_bytes = path.stat().st_size
        if n_bytes > MAX_FILE_BYTES:
            raise NetworkError(
                f"{path}: {n_bytes / 1e9:.1f} GB, an ONNX file holds at most 2 GB;"
                " save the weights as external data"
            )
        if n_bytes == 0:
            raise NetworkError(f"{path}: the file is empty, expected an ONNX model")
        return path.read_bytes()
    except OSError as error:
        raise NetworkError(f"{path}: cannot be read: {error.strerror or error}") from None


def _not_onnx(raw: bytes) -> str:
    head = raw[:4096]
    if head.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the model itself; fetch it with `git lfs pull`"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    if printable >= 0.97 * len(head):
        line = head.decode("ascii", "replace").splitlines()[0][:40]
        return f"is a text file (it begins with {line!r}), expected an ONNX model"
    return "is not an ONNX model, or it is truncated or damaged"


def _check_opset(path: Path, model: onnx.ModelProto) -> None:
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), None)
    if version is None:
        raise NetworkError(f"{path}: imports no standard ONNX opset, expected opset {OLDEST_OPSET} or newer")
    if version < OLDEST_OPSET:
        raise NetworkError(
            f"{path}: opset {version}, expected {OLDEST_OPSET} or newer; onnx.version_converter can raise it"
        )


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor stored in the graph, its subgraphs and its Constant nodes."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
            for subgraph in attribute.graphs:
                yield from _tensors(subgraph)


def external_location(tensor: onnx.TensorProto) -> str:
    """Where the external data of a tensor lie, "" if that is not said (or not in UTF-8)."""
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    return location if isinstance(location, str) else ""


def _check_names(path: Path, model: onnx.ModelProto) -> None:
    """Names are text: those that are not UTF-8 come as bytes."""
    for name in _names(model):
        if not isinstance(name, str):
            raise NetworkError(f"{path}: the name {name[:40]!r} is not UTF-8, expected text")


def _names(model: onnx.ModelProto) -> Iterator[str | bytes]:
    """Every name in a model."""
    for holder in (model, *model.functions):
        yield from (opset.domain for opset in holder.opset_import)
    for function in model.functions:
        yield from (function.name, function.domain, *function.input, *function.output, *function.attribute)
        yield from _names_of_nodes(function.node)
    yield from _names_of_graph(model.graph)


def _names_of_graph(graph: onnx.GraphProto) -> Iterator[str | bytes]:
    yield graph.name
    yield from (tensor.name for tensor in graph.initializer)
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.name
        yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)
    yield from _names_of_nodes(graph.node)


def _names_of_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[str | bytes]:
    for node in nodes:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
            for inside in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
                yield from _names_of_graph(inside)


def _check_shape(path: Path, tensor: onnx.TensorProto) -> None:
    if min(tensor.dims, default=0) < 0 or prod(tensor.dims) > LARGEST_SIZE:
        raise NetworkError(
            f"{path}: tensor {tensor.name!r} has shape {'x'.join(map(str, tensor.dims))},"
            f" expected sizes of at least 0 and at most {LARGEST_SIZE} elements"
        )


def _check_external(path: Path, tensor: onnx.TensorProto) -> None:
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    location = external_location(tensor)
    if not location:
        raise NetworkError(
            f"{path}: tensor {tensor.name!r}: no location of its external data, expected a file name"
        )
    if "\0" in location:
        raise NetworkError(
            f"{path}: tensor {tensor.name!r}: the location of its external data has a null byte in it,"
            " expected a file name"
        )
    folder = os.path.realpath(path.parent)
    target = os.path.realpath(os.path.join(folder, location))
    if os.path.isabs(location) or os.path.commonpath([folder, target]) != folder:
        raise NetworkError(
            f"{path}: tensor {tensor.name!r}: its external data {location!r} lie outside the model's folder,"
            " expected a relative path within it"
        )
