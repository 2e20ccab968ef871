"""Networks without their weights: large tensors keep their shape; their data are external and absent.

Such files are a few kilobytes, standard ONNX, and all that a performance run needs. To strip one:

    python -m ohmsum.workloads.zoo.structure FULL.onnx STRUCTURE.onnx
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto

ABSENT = "weights-not-included.bin"
KEPT_ELEMENTS = 64  # smaller tensors may be shapes, axes or numbers of a formula: they stay
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)


def absent(name: str, shape: Sequence[int], dtype: int = TensorProto.FLOAT) -> TensorProto:
    """A tensor of which only the shape exists."""
    tensor = TensorProto(name=name, data_type=dtype, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=ABSENT)
    return tensor


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the data of its large floating-point tensors and without exporters' notes."""
    stripped = onnx.ModelProto()
    stripped.CopyFrom(model)
    graph = stripped.graph
    for tensor in graph.initializer:
        if _is_weight(tensor):
            tensor.CopyFrom(absent(tensor.name, tensor.dims, tensor.data_type))
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.name == "value" and _is_weight(attribute.t):
                attribute.t.CopyFrom(absent(attribute.t.name, attribute.t.dims, attribute.t.data_type))
    for value in (*graph.value_info, *graph.input, *graph.output):
        value.doc_string = ""
        del value.metadata_props[:]
    del stripped.metadata_props[:], graph.metadata_props[:]
    return stripped


def _is_weight(tensor: TensorProto) -> bool:
    n_elements = 1
    for n in tensor.dims:
        n_elements *= n
    return n_elements >= KEPT_ELEMENTS and tensor.data_type in FLOATS


def main(arguments: Sequence[str]) -> int:
    """Strip one file."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    onnx.save(strip(onnx.load(source, load_external_data=False)), target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
