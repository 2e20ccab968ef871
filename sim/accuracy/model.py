"""A network, as an ONNX model with the values of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import external_data_helper, helper

from ...workloads.errors import NetworkError
from ...workloads.load import find, read
from ...workloads.onnx_import.cut import Value, cut, tensor_of
from ...workloads.onnx_import.order import reads
from ...workloads.onnx_import.read import external_location
from ...workloads.onnx_import.standins import in_file
from ..errors import SimulationError
from ..extras import need

Array = npt.NDArray[Any]
STATEFUL = ("LSTM", "GRU", "RNN", "Scan", "Loop")


@dataclass(frozen=True)
class ModelSource:
    """A network, or the part of it that is asked for; as `workloads.load` has it.

    Parameters
    ----------
    network : str
        ONNX file, torch program or zoo name.
    outputs, inputs : tuple of str
        Tensors or nodes where it ends and begins.
    values : mapping of str to number or numbers
        Inputs that always are this.
    """

    network: str
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)

    def part(self, model: onnx.ModelProto, file: str) -> onnx.ModelProto:
        """The part of the whole model."""
        if not (self.outputs or self.inputs or self.values):
            return model
        types = element_types(model)
        names = [tensor_of(model.graph, name, file) for name in self.inputs]
        return cut(model, file, self.outputs, {name: (None, types[name]) for name in names}, self.values)


def load_model(source: ModelSource) -> tuple[onnx.ModelProto, str]:
    """The model of a source with its weights, and the file's name.

    Integer and fused operators of runtimes are the plain ones that they stand for, as in the mapping.

    Raises
    ------
    NetworkError
        Naming the first tensor that has no values: the network is a structure only.
    """
    path, _ = find(source.network)
    model, _ = read(path)
    model = source.part(model, str(path))
    tensors = [*model.graph.initializer]
    tensors += [a.t for node in model.graph.node for a in node.attribute if a.name == "value"]
    for tensor in tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            location = external_location(tensor)
            if not (path.parent / location).is_file():
                raise NetworkError(
                    f"{path}: tensor {tensor.name!r} has no values ({location} is not there); "
                    "real data need a network with trained weights"
                )
            _load(tensor, path)
    return in_file(model), str(path)


def _load(tensor: onnx.TensorProto, path: Path) -> None:
    try:
        external_data_helper.load_external_data_for_tensor(tensor, str(path.parent))
    except (OSError, ValueError) as error:
        raise NetworkError(f"{path}: tensor {tensor.name!r}: its data cannot be read: {error}") from None
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def is_recurrent(model: onnx.ModelProto) -> bool:
    """Whether a network keeps a state, so that the order of its inputs may matter."""
    return any(node.op_type in STATEFUL for node in model.graph.node)


def runtime() -> ModuleType:
    """ONNX Runtime, an optional extra."""
    module: ModuleType = need("what is computed on real data", "onnxruntime", "ort")
    return module


def session(model: onnx.ModelProto, what: str) -> Any:
    """A session of one thread, so that results do not hang on the machine's number of processors."""
    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        raise SimulationError(f"{what}: ONNX Runtime cannot load it: {error}") from None


def run(runner: Any, feeds: dict[str, Array], what: str) -> dict[str, Array]:
    """Outputs of a session by name."""
    names = [o.name for o in runner.get_outputs()]
    try:
        return dict(zip(names, runner.run(names, feeds), strict=True))
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        raise SimulationError(f"{what}: ONNX Runtime stopped: {str(error).splitlines()[0]}") from None


def static_values(model: onnx.ModelProto, names: list[str]) -> dict[str, Array]:
    """Values of tensors that no input can change, folded where they are computed."""
    stored = {t.name: t for t in model.graph.initializer}
    values = {n: onnx.numpy_helper.to_array(stored[n]) for n in names if n in stored}
    rest = [n for n in names if n not in values]
    if rest:
        part = part_of(model, needed(model, rest), [], rest)
        values.update(run(session(part, "constants of the network"), {}, "constants of the network"))
    return values


def static_names(model: onnx.ModelProto) -> set[str]:
    """Tensors that no input can change."""
    found = {t.name for t in model.graph.initializer} | {""}
    for node in model.graph.node:
        if reads(node) <= found:
            found.update(node.output)
    return found - {""}


def needed(model: onnx.ModelProto, names: list[str]) -> list[onnx.NodeProto]:
    """The nodes that these tensors are computed by, in the order of the file."""
    wanted, kept = set(names), []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            wanted |= reads(node)
            kept.append(node)
    return kept[::-1]


def part_of(
    model: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[str],
) -> onnx.ModelProto:
    """A model of some of the nodes, with the weights that they read."""
    read = set().union(*(reads(n) for n in nodes)) | set(outputs)
    graph = helper.make_graph(
        nodes,
        model.graph.name or "part",
        inputs,
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [t for t in model.graph.initializer if t.name in read],
    )
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def element_types(model: onnx.ModelProto) -> dict[str, int]:
    """Element type of every tensor that shape inference knows."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    found = {t.name: t.data_type for t in model.graph.initializer}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        found[value.name] = value.type.tensor_type.elem_type
    return found


def dtype_of(elem_type: int) -> np.dtype[Any]:
    """NumPy's name of an ONNX element type."""
    return np.dtype(helper.tensor_dtype_to_np_dtype(elem_type))
