"""Convolutions, linear layers, products, recurrent cells: matrices, work and parameters by their formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import Grid, Matrix, Operator, Product, Window

from ..kit.onnx_graphs import body, check_streams, imported, node, only

IMAGE = {"x": (1, 8, 12, 10)}
TOKENS = {"x": (1, 6, 16)}


def shape_of(operator: Operator) -> tuple[Any, ...]:
    out = operator.output
    return out.shape, (out.grid.rows, out.grid.cols), out.elements


@pytest.mark.parametrize(
    ("weight", "attributes", "matrix", "macs"),
    [
        ((16, 8, 3, 3), {"pads": [1] * 4}, Matrix(72, 16, weight="w"), 120 * 72 * 16),
        ((16, 8, 1, 1), {}, Matrix(8, 16, weight="w"), 120 * 8 * 16),
        ((16, 4, 3, 3), {"pads": [1] * 4, "group": 2}, Matrix(36, 8, 2, weight="w"), 120 * 36 * 8 * 2),
        ((8, 1, 3, 3), {"pads": [1] * 4, "group": 8}, Matrix(9, 1, 8, weight="w"), 120 * 9 * 8),
        ((16, 1, 3, 3), {"pads": [1] * 4, "group": 8}, Matrix(9, 2, 8, weight="w"), 120 * 9 * 16),
        ((4, 8, 3, 3), {"dilations": [2, 2]}, Matrix(72, 4, weight="w"), 8 * 6 * 72 * 4),
    ],
)
def test_convolution(
    tmp_path: Path, weight: tuple[int, ...], attributes: dict[str, Any], matrix: Matrix, macs: int
) -> None:
    conv = only(
        imported(
            tmp_path, [node("Conv", "x w b", "y", **attributes)], IMAGE, {"w": weight, "b": (weight[0],)}
        )
    )
    assert (conv.kind, conv.matrix, conv.macs) == ("matrix", matrix, macs)
    assert conv.params == int(np.prod(weight)) + weight[0]


def test_convolution_in_one_dimension(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "y", strides=[4], pads=[30, 30])]
    conv = only(imported(tmp_path, nodes, {"x": (1, 1, 256)}, {"w": (128, 1, 64)}))
    assert shape_of(conv) == ((1, 128, 64), (1, 64), 128)
    assert conv.inputs[0].window == Window("window", (1, 64), (1, 4), (0, 30))


def test_transposed_convolution_is_a_matrix_per_input_pixel_and_a_sum(tmp_path: Path) -> None:
    nodes = [node("ConvTranspose", "x w b", "y", strides=[2, 2], pads=[1] * 4)]
    patches, total = body(imported(tmp_path, nodes, IMAGE, {"w": (8, 5, 4, 4), "b": (5,)}))
    assert patches.matrix == Matrix(8, 5 * 16, weight="w")
    assert patches.macs == 120 * 8 * 5 * 16  # every input pixel meets every weight once
    assert patches.params == 8 * 5 * 16 + 5
    assert shape_of(total) == ((1, 5, 24, 20), (24, 20), 5)
    assert (total.function, total.work) == ("add", 5 * 4)  # of 16 taps, 4 meet at an output pixel


def test_linear_layers_apply_to_each_token(tmp_path: Path) -> None:
    made = only(
        imported(
            tmp_path,
            [node("MatMul", "x w", "m"), node("Add", "b m", "y")],
            TOKENS,
            {"w": (16, 24), "b": (24,)},
        )
    )
    assert (made.op, made.matrix, made.params) == ("MatMul", Matrix(16, 24, weight="w"), 16 * 24 + 24)
    assert (made.macs, made.output.grid, made.inputs[0].window) == (6 * 16 * 24, Grid(1, 6), Window())


@pytest.mark.parametrize(("a", "b"), [((5, 16), (16, 24)), ((16, 5), (24, 16))])
def test_gemm_either_way_round(tmp_path: Path, a: tuple[int, int], b: tuple[int, int]) -> None:
    flipped = a[0] == 16
    nodes = [node("Gemm", "x w c", "y", transA=int(flipped), transB=int(flipped))]
    made = only(imported(tmp_path, nodes, {"x": a}, {"w": b, "c": (24,)}))
    assert (made.matrix, made.output.grid) == (Matrix(16, 24, weight="w"), Grid(1, 5))
    assert made.params == 16 * 24 + 24


def test_a_static_matrix_on_the_left_takes_columns_as_tokens(tmp_path: Path) -> None:
    made = only(imported(tmp_path, [node("MatMul", "w x", "y")], {"x": (1, 16, 6)}, {"w": (24, 16)}))
    assert (made.matrix, shape_of(made)) == (Matrix(16, 24, weight="w"), ((1, 24, 6), (1, 6), 24))


def test_one_matrix_per_head(tmp_path: Path) -> None:
    nodes = [
        node("Reshape", "x s", "r"),
        node("Transpose", "r", "h", perm=[0, 2, 1, 3]),
        node("MatMul", "h w", "y"),
    ]
    made = only(imported(tmp_path, nodes, TOKENS, {"s": np.array([1, 6, 4, 4]), "w": (4, 4, 7)}))
    assert (made.matrix, made.macs) == (Matrix(4, 7, 4, weight="w"), 6 * 4 * 4 * 7)
    shared = only(imported(tmp_path, nodes, TOKENS, {"s": np.array([1, 6, 4, 4]), "w": (4, 7)}))
    assert (shared.matrix, shared.macs) == (Matrix(4, 7, applications=4, weight="w"), 6 * 4 * 4 * 7)


def test_attention_of_two_activations(tmp_path: Path) -> None:
    heads = [node("Reshape", "x s", "r"), node("Transpose", "r", "q", perm=[0, 2, 1, 3])]
    nodes = [
        *heads,
        node("Transpose", "r", "kt", perm=[0, 2, 3, 1]),
        node("MatMul", "q kt", "scores"),
        node("Softmax", "scores", "p"),
        node("MatMul", "p q", "o"),
    ]
    network = imported(tmp_path, nodes, TOKENS, {"s": np.array([1, 6, 4, 4])})
    scores, softmax, mixed = body(network)
    assert (scores.product, scores.output.elements) == (Product(4, 4, 6), 4 * 6)
    assert [p.window.kind for p in scores.inputs] == ["same", "all"]
    assert (softmax.inputs[0].window, softmax.work) == (Window(), 24)
    assert (mixed.product, mixed.output.elements) == (Product(4, 6, 4), 16)
    assert [p.window.kind for p in mixed.inputs] == ["same", "all"]
    assert network.product_macs == 2 * 4 * 6 * 6 * 4


def test_einsum(tmp_path: Path) -> None:
    static = only(
        imported(tmp_path, [node("Einsum", "x w", "y", equation="btd,dhe->bhte")], TOKENS, {"w": (16, 4, 5)})
    )
    assert (static.matrix, static.output.grid, static.output.elements) == (
        Matrix(16, 20, weight="w"),
        Grid(1, 6),
        20,
    )
    nodes = [node("Neg", "x", "k"), node("Einsum", "x k", "y", equation="bid,bjd->bij")]
    scores = imported(tmp_path, nodes, TOKENS).operators[-1]
    assert (scores.product, [p.window.kind for p in scores.inputs]) == (Product(1, 16, 6), ["same", "all"])


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrent(tmp_path: Path, op: str, gates: int, direction: str) -> None:
    n_dirs, hidden = 2 if direction == "bidirectional" else 1, 32
    nodes = [node(op, "x w r b", "y h", hidden_size=hidden, direction=direction)]
    weights = {
        "w": (n_dirs, gates * hidden, 16),
        "r": (n_dirs, gates * hidden, hidden),
        "b": (n_dirs, 2 * gates * hidden),
    }
    network = imported(tmp_path, nodes, {"x": (9, 1, 16)}, weights, outputs=["y", "h"])
    cells = [o for o in network if o.kind == "matrix"]
    assert len(cells) == n_dirs
    for cell in cells:
        assert cell.matrix == Matrix(16 + hidden, gates * hidden, recurrent_k=hidden, weight="w")
        assert cell.output.grid == Grid(1, 9)
        assert {n for n, _ in cell.state_work} >= {"tanh"}
    assert network.macs == n_dirs * 9 * (16 + hidden) * gates * hidden
    assert network.params == n_dirs * gates * hidden * (16 + hidden + 2)
    assert cells[0].inputs[0].window == Window("all" if direction == "reverse" else "same")
    assert cells[-1].inputs[0].window == Window("same" if direction == "forward" else "all")
    check_streams(network)


def test_the_last_state_is_the_last_token(tmp_path: Path) -> None:
    weights = {"w": (1, 64, 8), "r": (1, 64, 16)}
    network = imported(
        tmp_path, [node("LSTM", "x w r", "- h", hidden_size=16)], {"x": (7, 1, 8)}, weights, outputs=["h"]
    )
    last = network.operators[-1]
    assert last.inputs[0].window.span(1, 0, 7) == (6, 6)
    assert (last.kind, last.output.elements) == ("move", 16)
    assert dict(network.operators[1].state_work) == {"sigmoid": 48, "tanh": 32, "mul": 48, "add": 16}
