"""Multiply-accumulates of an ONNX file, from the shapes that go through ONNX Runtime when it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

PRODUCTS = frozenset({"MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "QGemm", "FusedMatMul"})
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@dataclass(frozen=True)
class Counted:
    """With a stored operand, and of two activations."""

    stored: int
    live: int


def counted(path: Path, feeds: Mapping[str, np.ndarray[Any, Any]], folder: Path) -> Counted:
    """Run the file once and count."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling, options.profile_file_prefix = True, str(folder / "profile")
    options.add_session_config_entry("session.disable_prepacking", "1")  # else weights are not in it
    options.log_severity_level = 4
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    session.run(None, {i.name: feeds[i.name] for i in session.get_inputs()})
    events = json.loads(Path(trace := session.end_profiling()).read_text("utf-8"))
    Path(trace).unlink()
    nodes = _nodes(onnx.load(path, load_external_data=False))
    stored = live = 0
    for event in events:
        if not event["name"].endswith("_kernel_time"):
            continue
        node, static = nodes.get(event["name"].removesuffix("_kernel_time"), (None, set()))
        if node is None or all(o in static for o in node.output):
            continue
        macs = _macs(node, event["args"])
        if not macs:
            continue
        if static.intersection(_operands(node)):
            stored += macs
        else:
            live += macs
    return Counted(stored, live)


def _operands(node: onnx.NodeProto) -> list[str]:
    """The two tensors that are multiplied."""
    integers = node.op_type in ("QLinearMatMul", "QLinearConv", "QGemm")
    return [node.input[0], node.input[3 if integers else 1]]


def _nodes(model: onnx.ModelProto) -> dict[str, tuple[onnx.NodeProto, set[str]]]:
    """Nodes by name, each with the tensors that no input can change."""
    static = {t.name for t in model.graph.initializer} | {""}
    found = {}
    for node in model.graph.node:
        if set(node.input) <= static and not any(a.HasField("g") for a in node.attribute):
            static.update(node.output)
        found[node.name] = (node, static)
    return found


def _macs(node: onnx.NodeProto, args: dict[str, Any]) -> int:
    """By the formula of the operator."""
    op = node.op_type
    shapes = [next(iter(s.values())) for s in args["input_type_shape"]]
    made = [next(iter(s.values())) for s in args["output_type_shape"]]
    if op in ("Conv", "ConvInteger", "QLinearConv", "FusedConv"):
        return prod(made[0]) * prod(shapes[3 if op == "QLinearConv" else 1][1:])
    if op == "ConvTranspose":
        return prod(shapes[0]) * prod(shapes[1][1:])
    if op in PRODUCTS:
        turned = any(a.name == "transA" and a.i for a in node.attribute)
        return prod(made[0]) * shapes[0][0 if turned else -1]
    if op == "Einsum":
        text = next(a.s.decode() for a in node.attribute if a.name == "equation").replace(" ", "")
        terms = text.split("->")[0].split(",")
        sizes = {
            c: n for term, shape in zip(terms, shapes, strict=True) for c, n in zip(term, shape, strict=True)
        }
        return prod(sizes.values()) if len(terms) == 2 else 0
    if op in GATES:
        length, batch, width = shapes[0]
        directions, _, hidden = shapes[2]
        return length * batch * directions * GATES[op] * hidden * (width + hidden)
    if op == "Attention":
        raise ValueError("the file has a fused attention, which this count has no formula for")
    return 0


def position_tables(path: Path) -> list[np.ndarray[Any, Any]]:
    """Stored sines and cosines of positions: column j of row p is cos(p a) or sin(p a) of an a of its own."""
    found = []
    for tensor in onnx.load(path).graph.initializer:
        array = onnx.numpy_helper.to_array(tensor).squeeze()
        if array.ndim == 2 and array.dtype.kind == "f" and len(array) > 2 and np.abs(array).max() <= 1:
            places = np.arange(len(array))[:, None]
            for of, back in ((np.cos, np.arccos), (np.sin, np.arcsin)):
                if np.allclose(array, of(places * back(array[1])), atol=1e-4):
                    found.append(array)
    return found
