"""How a graph input is seen as a stream: the first operator that tells says which axis holds the channels."""

from __future__ import annotations

from dataclasses import replace

import onnx

from ..graph import Grid
from .nodes import Graph, Links, Node, Shape
from .view import Factor, View, fresh, reshape, transpose

THROUGH = frozenset(
    {"Relu", "Clip", "BatchNormalization", "Add", "Sub", "Mul", "Div", "Pow", "Abs", "Sqrt", "Log"}
)
RESIZED = frozenset({"Pad", "Concat", "Slice"})
IMAGE = frozenset(
    {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "LRN"}
    | {"Upsample", "InstanceNormalization", "GroupNormalization", "DepthToSpace", "SpaceToDepth"}
)
VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})
INDICES = frozenset({onnx.TensorProto.INT32, onnx.TensorProto.INT64, onnx.TensorProto.BOOL})
FEATURES = frozenset({"MatMul", "Gemm", "LayerNormalization", "RMSNormalization"})
RECURRENT = frozenset({"LSTM", "GRU", "RNN"})


def input_view(name: str, graph: Graph, links: Links) -> View:
    """View of a graph input.

    An image is (rows, columns) with its channels as elements, a sequence (1, length) with its features,
    indices one element per token; a batch counts as further tokens.
    """
    shape = graph.shape(name)
    # A probe: factors carry the number of the input's axis that they come from.
    probe = View(name, Grid(), tuple((Factor(n, i, 1),) if n > 1 else () for i, n in enumerate(shape)))
    channel = _channels(name, graph, links, probe)
    if channel is None:
        channel = _usual(shape, graph.dtypes[name])
    positions = [i for i in range(len(shape)) if i not in channel]
    if sum(shape[i] > 1 for i in positions) <= 1:
        return fresh(name, shape, [], positions)
    return fresh(name, shape, positions[:-1], positions[-1:])


def _usual(shape: Shape, dtype: int) -> set[int]:
    """Channels of (N, C, H, W), features of (N, D), (B, T, D) and the rest; none of indices and masks."""
    if not shape or (dtype in INDICES and len(shape) <= 2):
        return set()
    return {1 if len(shape) == 4 else len(shape) - 1}


def _channels(name: str, graph: Graph, links: Links, probe: View) -> set[int] | None:
    """Follow the input through views and element-wise operators to one that says what its channels are."""
    for node in links.consumers.get(name, []):
        found = _asked(node, name, graph, links, probe)
        if found is not None:
            return found
    return None


def _asked(node: Node, name: str, graph: Graph, links: Links, probe: View) -> set[int] | None:
    axes, first = probe.axes, node.input(0) == name
    out = graph.shapes.get(node.outputs[0], ())
    if node.op == "Gather" and not first:
        return set()
    if node.op in IMAGE and first:
        moved = len(out) == len(axes) > 1 and out[1] != probe.shape[1]
        return _only_on(probe, -1 if node.op in ("Resize", "Upsample") and moved else 1)
    if node.op == "GridSample":
        return _only_on(probe, 1 if first else -1)
    if node.op == "Gemm":
        return _only_on(probe, 0 if node.attributes.get("transA", 0) else 1) if first else None
    if node.op in FEATURES:
        left_static = not first and graph.is_static(node.input(0)) and len(axes) > 1
        return _only_on(probe, -2 if left_static else -1) if first or left_static else None
    if node.op in RECURRENT and first:
        return _only_on(probe, -1)
    if node.op == "Transpose":
        return _channels(
            node.outputs[0],
            graph,
            links,
            transpose(probe, node.attributes.get("perm") or range(len(axes))[::-1]),
        )
    if node.op in VIEWS:
        seen = reshape(probe, out)
        return _channels(node.outputs[0], graph, links, seen) if seen is not None else None
    if node.op in THROUGH and out == probe.shape:
        return _channels(node.outputs[0], graph, links, probe)
    if node.op in RESIZED and len(out) == len(axes) and all(len(axis) <= 1 for axis in axes):
        grown = [(Factor(n, axis[0].dim, 1),) if axis else () for n, axis in zip(out, axes, strict=True)]
        return _channels(node.outputs[0], graph, links, replace(probe, axes=tuple(grown)))
    return None


def _only_on(probe: View, axis: int) -> set[int]:
    """The input's axes that are found on this axis of the probe, and (patches aside) on no other."""
    place = axis % len(probe.axes)
    here = {f.dim for f in probe.axes[place]}
    elsewhere = {f.dim for i, other in enumerate(probe.axes) if i != place for f in other}
    if here <= elsewhere and elsewhere - here:  # features split into heads, beside axes that are positions
        return here
    return here - elsewhere
