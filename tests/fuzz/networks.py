"""Damaged ONNX files: of which the bytes are broken, or which are whole and make no sense."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from ..kit.onnx_graphs import model, node
from .kinds import CHIPS
from .mutations import mutated_bytes

SIZES = [0, 1, 3, -1, 7, 2**31, 2**40, 2**62]


@cache
def graphs() -> list[bytes]:
    """Files of small networks."""
    ones = np.ones
    convolution = model(
        [
            node("Conv", "x w b", "c", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
            node("Relu", "c", "r"),
            node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("Reshape", "p shape", "f"),
            node("Gemm", "f v", "y"),
        ],
        {"x": [1, 2, 6, 6]},
        {
            "w": ones((4, 2, 3, 3), np.float32),
            "b": np.zeros(4, np.float32),
            "v": ones((36, 5), np.float32),
            "shape": np.array([1, 36]),
        },
    )
    recurrent = model(
        [node("LSTM", "x w r", "y h c", hidden_size=4), node("Slice", "y starts ends", "s")],
        {"x": [5, 1, 3]},
        {
            "w": ones((1, 16, 3), np.float32),
            "r": ones((1, 16, 4), np.float32),
            "starts": np.array([0]),
            "ends": np.array([2]),
        },
    )
    quantised = model(
        [
            node("QuantizeLinear", "x scale zero", "q"),
            node("DequantizeLinear", "q scale zero", "d"),
            node("DequantizeLinear", "w scale wzero", "wd"),
            node("MatMul", "d wd", "y"),
        ],
        {"x": [3, 4]},
        {"scale": np.float32(0.1), "zero": np.uint8(3), "wzero": np.int8(0), "w": ones((4, 6), np.int8)},
    )
    made = (convolution, _attention(), recurrent, quantised, _folded(), _controlled())
    return [m.SerializeToString() for m in made]


@cache
def _attention() -> onnx.ModelProto:
    """A graph with an open dimension."""
    return model(
        [
            node("MatMul", "x q", "queries"),
            node("Transpose", "x", "keys", perm=[0, 2, 1]),
            node("MatMul", "queries keys", "scores"),
            node("Softmax", "scores", "weights", axis=-1),
            node("MatMul", "weights x", "mixed"),
            node("LayerNormalization", "mixed scale", "y", axis=-1),
        ],
        {"x": [1, "n", 8]},
        {"q": np.ones((8, 8), np.float32), "scale": np.ones(8, np.float32)},
    )


def _folded() -> onnx.ModelProto:
    """A graph in which shapes are computed, and parts go through a sequence."""
    return model(
        [
            node("Shape", "x", "shape"),
            node("Gather", "shape zero", "n"),
            node("Concat", "n minus", "target", axis=0),
            node("Reshape", "x target", "f"),
            node("SplitToSequence", "f", "parts", axis=1),
            node("ConcatFromSequence", "parts", "g", axis=1),
            node("Einsum", "g v", "y", equation="ij,jk->ik"),
        ],
        {"x": [2, 3, 4]},
        {"zero": np.array([0]), "minus": np.array([-1]), "v": np.ones((12, 5), np.float32)},
    )


def _controlled() -> onnx.ModelProto:
    """A graph with a branch that is known, and with a call of a local function."""
    then = helper.make_graph([node("Relu", "x", "t")], "then", [], [helper.make_empty_tensor_value_info("t")])
    other = helper.make_graph([node("Neg", "x", "e")], "else", [], [helper.make_empty_tensor_value_info("e")])
    made = model(
        [
            node("If", "yes", "b", then_branch=then, else_branch=other),
            node("twice", "b", "c", domain="local"),
            node("MatMul", "c v", "y"),
        ],
        {"x": [3, 4]},
        {"yes": np.array(True), "v": np.ones((4, 6), np.float32)},
    )
    body = [node("Add", "a a", "d"), node("Clip", "d", "s")]
    made.functions.append(
        helper.make_function("local", "twice", ["a"], ["s"], body, [helper.make_opsetid("", 20)])
    )
    made.opset_import.append(helper.make_opsetid("local", 1))
    return made


def an_onnx_file(folder: Path, draw: random.Random) -> list[str]:
    file = folder / "network.onnx"
    data = draw.choice(graphs())
    file.write_bytes(mutated_bytes(data, draw))
    return _command(file, data, draw)


def an_onnx_graph(folder: Path, draw: random.Random) -> list[str]:
    """A file that is whole, with a graph that is not: nodes, names, shapes and constants changed."""
    data = draw.choice(graphs())
    made = onnx.load_from_string(data)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        if made.graph.node:
            _change(made.graph, draw)
    file = folder / "network.onnx"
    file.write_bytes(made.SerializeToString())
    return _command(file, data, draw)


def _command(file: Path, data: bytes, draw: random.Random) -> list[str]:
    """Run it; a name that the network does not have would be refused before anything else."""
    bound = ["--bind", "n=4"] if data == _attention().SerializeToString() else []
    return ["run", str(file), "--chip", draw.choice(CHIPS), *bound]


def _change(graph: onnx.GraphProto, draw: random.Random) -> None:
    one = draw.choice(graph.node)
    match draw.randrange(11):
        case 0:
            graph.node.remove(one)
        case 1 if one.input:
            one.input[draw.randrange(len(one.input))] = draw.choice([*one.output, "", "nowhere", "x"])
        case 2:
            one.op_type = draw.choice(_operators())
        case 3:
            _attribute(one, draw)
        case 4 if graph.initializer:
            tensor = draw.choice(graph.initializer)
            tensor.dims[:] = [draw.choice(SIZES) for _ in range(draw.randint(0, 4))]
        case 5 if one.output:
            shape = [draw.choice(SIZES) for _ in range(draw.randint(0, 4))]
            graph.value_info.append(helper.make_tensor_value_info(one.output[0], 1, shape))
        case 6:
            dims = graph.input[0].type.tensor_type.shape.dim
            draw.choice(dims).dim_value = draw.choice([0, -1, 3, 2**33])
        case 7:
            one.input.extend([draw.choice(["", "x", *one.input])] * draw.randint(1, 3))
        case 8:
            del one.attribute[:]
        case 9:
            one.output.extend([draw.choice(["", "more", *one.output])] * draw.randint(1, 3))
        case _ if graph.initializer:
            tensor = draw.choice(graph.initializer)
            tensor.data_type = draw.choice([0, 1, 2, 7, 8, 9, 10, 16, 22, 99])


def _attribute(one: onnx.NodeProto, draw: random.Random) -> None:
    """One attribute more, or one of another value, in number or kind."""
    names = [attribute.name for attribute in one.attribute]
    name = draw.choice([*names, "axis", "group", "perm", "pads", "strides", "to", "equation"])
    values: list[Any] = [
        draw.randint(-9, 99), 2**62, 0.5, "ij,jk->k", [1], [0, -1], [2**40] * 4, [0.1, 0.2], ["a", "b"],
        np.float32(1),
    ]  # fmt: skip
    value = draw.choice(values)
    kept = [attribute for attribute in one.attribute if attribute.name != name or draw.random() < 0.2]
    del one.attribute[:]
    one.attribute.extend(kept)
    if isinstance(value, np.floating):
        value = onnx.numpy_helper.from_array(np.ones((2, 2), np.float32))
    one.attribute.append(helper.make_attribute(name, value))


@cache
def _operators() -> list[str]:
    """Every operator that ONNX has, and one that nobody has."""
    return [*sorted({schema.name for schema in onnx.defs.get_all_schemas()}), "Foo"]
