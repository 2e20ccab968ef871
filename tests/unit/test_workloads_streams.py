"""Do views vanish, and do moves and fans keep to the tokens that they touch?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ohmsum.workloads import Grid, Matrix, Product, Window
from onnx import TensorProto

from ..kit.onnx_graphs import body, imported, node, only, steps

IMAGE = {"x": (1, 8, 12, 10)}
TOKENS = {"x": (1, 6, 16)}


def test_views_vanish(tmp_path: Path) -> None:
    nodes = [
        node("Reshape", "x s", "a"),
        node("Transpose", "a", "b", perm=[0, 2, 1, 3]),
        node("Identity", "b", "c"),
        node("Unsqueeze", "c axis", "d"),
        node("Squeeze", "d axis", "e"),
        node("Cast", "e", "f", to=TensorProto.FLOAT16),
        node("Dropout", "f", "g"),
        node("Relu", "g", "y"),
    ]
    network = imported(tmp_path, nodes, TOKENS, {"s": np.array([1, 6, 4, 4]), "axis": np.array([0])})
    assert steps(network) == ["Relu"]
    assert only(network).inputs[0].tensor == "x"


def test_moves_of_elements_keep_each_token(tmp_path: Path) -> None:
    nodes = [node("Split", "x", "a b", axis=2, num_outputs=2), node("Concat", "b a x", "y", axis=2)]
    network = imported(tmp_path, nodes, TOKENS)
    assert [(o.op, o.kind, o.output.elements, o.work) for o in body(network)] == [
        ("Split", "move", 8, 0),
        ("Split", "move", 8, 0),
        ("Concat", "move", 32, 0),
    ]
    assert {p.window for o in body(network) for p in o.inputs} == {Window()}


def test_a_class_token_before_the_patches(tmp_path: Path) -> None:
    nodes = [node("Concat", "cls x", "c", axis=1), node("Gather", "c zero", "y", axis=1)]
    joined, first = body(imported(tmp_path, nodes, TOKENS, {"cls": (1, 1, 16), "zero": np.array(0)}))
    assert (joined.output.grid, joined.params) == (Grid(1, 7), 16)
    assert [joined.inputs[0].window.span(1, i, 6) for i in (1, 2, 6)] == [(0, 0), (1, 1), (5, 5)]
    assert first.inputs[0].window.span(1, 0, 7) == (0, 0)


def test_images_in_nhwc_between_transposes(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "c", pads=[1] * 4),
        node("Transpose", "c", "u", perm=[0, 2, 3, 1]),
        node("Relu", "u", "y"),
    ]
    network = imported(tmp_path, nodes, {"x": (1, 12, 10, 3)}, {"w": (8, 3, 3, 3)})
    assert steps(network) == ["Conv+relu"]
    assert network.operators[0].output.grid == Grid(12, 10)


def test_a_patch_embedding_by_reshape(tmp_path: Path) -> None:
    nodes = [
        node("Reshape", "x s", "a"),
        node("Transpose", "a", "b", perm=[0, 2, 4, 1, 3, 5]),
        node("Reshape", "b t", "c"),
        node("MatMul", "c w", "y"),
    ]
    constants = {"s": np.array([1, 3, 2, 4, 2, 4]), "t": np.array([1, 4, 48]), "w": (48, 5)}
    made = only(imported(tmp_path, nodes, {"x": (1, 3, 8, 8)}, constants))
    assert made.matrix == Matrix(48, 5, weight="w")
    assert made.output.grid == Grid(2, 2)
    assert made.inputs[0].window == Window("window", (4, 4), (4, 4))


def test_a_channel_shuffle_moves_no_token(tmp_path: Path) -> None:
    nodes = [
        node("Reshape", "x s", "a"),
        node("Transpose", "a", "b", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "b t", "c"),
        node("Conv", "c w", "y"),
    ]
    constants = {"s": np.array([1, 2, 4, 12, 10]), "t": np.array([1, 8, 12, 10]), "w": (8, 8, 1, 1)}
    assert steps(imported(tmp_path, nodes, IMAGE, constants)) == ["Conv"]


def test_shifted_windows_destroy_the_order(tmp_path: Path) -> None:
    """A partition of an image into windows, as in Swin: their tokens are not neighbours in the stream."""
    nodes = [
        node("Reshape", "x s", "a"),
        node("Transpose", "a", "b", perm=[0, 1, 3, 2, 4, 5]),
        node("Reshape", "b t", "c"),
        node("MatMul", "c w", "y"),
    ]
    constants = {"s": np.array([1, 2, 3, 2, 3, 16]), "t": np.array([4, 9, 16]), "w": (16, 5)}
    made = only(imported(tmp_path, nodes, {"x": (1, 6, 6, 16)}, constants))
    assert made.inputs[0].window == Window("all")
    assert made.macs == 36 * 16 * 5


def test_a_broadcast_scale_is_needed_whole(tmp_path: Path) -> None:
    """Squeeze and excitation: one vector scales every pixel."""
    nodes = [node("GlobalAveragePool", "x", "g"), node("Sigmoid", "g", "s"), node("Mul", "x s", "y")]
    pool, scale = body(imported(tmp_path, nodes, IMAGE))
    assert pool.fused == ("sigmoid",)
    assert [p.window.kind for p in scale.inputs] == ["same", "all"]
    assert scale.output.grid == Grid(12, 10)


def test_repeated_key_heads_are_stored_once(tmp_path: Path) -> None:
    """Grouped queries: 2 key heads serve 4 query heads."""
    nodes = [
        node("MatMul", "x wq", "q0"),
        node("Reshape", "q0 sq", "q1"),
        node("Transpose", "q1", "q", perm=[0, 2, 1, 3]),
        node("MatMul", "x wk", "k0"),
        node("Reshape", "k0 sk", "k1"),
        node("Transpose", "k1", "k2", perm=[0, 2, 3, 1]),
        node("Unsqueeze", "k2 two", "k3"),
        node("Expand", "k3 grown", "k4"),
        node("Reshape", "k4 flat", "k"),
        node("MatMul", "q k", "y"),
    ]
    constants = {
        "wq": (16, 16),
        "wk": (16, 8),
        "sq": np.array([1, 6, 4, 4]),
        "sk": np.array([1, 6, 2, 4]),
        "two": np.array([2]),
        "grown": np.array([1, 2, 2, 4, 6]),
        "flat": np.array([1, 4, 4, 6]),
    }
    query, key, scores = body(imported(tmp_path, nodes, TOKENS, constants))
    assert (query.output.elements, key.output.elements) == (16, 8)
    assert scores.product == Product(4, 4, 6, shared_by=2)
