"""Does each ONNX operator become what the formulas of its work, parameters and streams say?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import Grid, Matrix, Operator, Product, Window
from onnx import TensorProto, helper, numpy_helper

from .onnx_graphs import body, check_streams, imported, node, only, steps

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


@pytest.mark.parametrize(
    ("op", "attributes", "function", "work", "grid"),
    [
        ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}, "max_pool", 72, (6, 5)),
        ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2]}, "average_pool", 32, (6, 5)),
        ("GlobalAveragePool", {}, "average_pool", 960, (1, 1)),
        ("GlobalMaxPool", {}, "max_pool", 960, (1, 1)),
        ("LRN", {"size": 5}, "lrn", 8, (12, 10)),
        ("Softmax", {"axis": 1}, "softmax", 8, (12, 10)),
        ("ReduceMean", {"keepdims": 0}, "reduce", 960, (1, 1)),
        ("ArgMax", {"axis": 1}, "reduce", 8, (12, 10)),
    ],
)
def test_pooling_and_reductions(
    tmp_path: Path, op: str, attributes: dict[str, Any], function: str, work: int, grid: tuple[int, int]
) -> None:
    made = only(imported(tmp_path, [node(op, "x", "y", **attributes)], IMAGE))
    assert (made.kind, made.function, made.work, made.output.grid) == ("vector", function, work, Grid(*grid))


@pytest.mark.parametrize(
    ("axes", "grid", "elements", "window"),
    [
        ([2, 3], (1, 1), 8, Window("all")),
        ([1], (12, 10), 1, Window()),
        ([3], (12, 1), 8, Window("window", (1, 10))),
        ([2], (1, 10), 8, Window("window", (12, 1))),
    ],
)
def test_a_reduction_needs_what_it_reduces(
    tmp_path: Path, axes: list[int], grid: tuple[int, int], elements: int, window: Window
) -> None:
    for nodes, constants, opset in (
        ([node("ReduceSum", "x", "y", axes=axes)], {}, 11),
        ([node("ReduceSum", "x a", "y", keepdims=0)], {"a": np.array(axes)}, 18),
    ):
        made = only(imported(tmp_path, nodes, IMAGE, constants, opset=opset))
        assert (made.output.grid, made.output.elements) == (Grid(*grid), elements)
        assert made.inputs[0].window == window
        assert made.work * made.output.grid.n_tokens == 960


@pytest.mark.parametrize(
    ("op", "inputs", "function"),
    [("Add", "x x2", "add"), ("Mul", "x w", "mul"), ("Pow", "x two", "pow"), ("Exp", "x", "exp"), ("Where", "m x x2", "select"),
     ("Greater", "x two", "compare"), ("PRelu", "x w", "prelu"), ("Max", "x x2 two", "max"), ("Trilu", "x", "select")],
)  # fmt: skip
def test_elementwise(tmp_path: Path, op: str, inputs: str, function: str) -> None:
    nodes = [node("Neg", "x", "x2"), node("Less", "x two", "m"), node(op, inputs, "y")]
    network = imported(tmp_path, nodes, TOKENS, {"w": (16,), "two": np.float32(2)})
    made = network.operators[-1]
    assert (made.function, made.work, made.output.grid) == (function, 32 if op == "Max" else 16, Grid(1, 6))
    assert {p.window for p in made.inputs} == {Window()}
    assert made.params == (16 if "w" in inputs.split() else 0)


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


def test_embedding_counts_its_table(tmp_path: Path) -> None:
    nodes = [node("Gather", "table ids", "y")]
    made = only(
        imported(tmp_path, nodes, {"ids": (1, 6)}, {"table": (100, 16)}, dtypes={"ids": TensorProto.INT64})
    )
    assert (made.kind, made.params, shape_of(made)) == ("move", 1600, ((1, 6, 16), (1, 6), 16))
    assert made.inputs[0].window == Window()


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


@pytest.mark.parametrize(
    ("op", "constants", "function", "params"),
    [
        ("LayerNormalization", {"s": (16,), "b": (16,)}, "layer_norm", 32),
        ("RMSNormalization", {"s": (16,)}, "rms_norm", 16),
    ],
)
def test_normalisation_of_a_token(
    tmp_path: Path, op: str, constants: dict[str, Any], function: str, params: int
) -> None:
    made = only(imported(tmp_path, [node(op, " ".join(["x", *constants]), "y")], TOKENS, constants, opset=23))
    assert (made.function, made.params, made.work, made.inputs[0].window) == (function, params, 16, Window())


def test_normalisation_over_pixels_needs_them_all(tmp_path: Path) -> None:
    made = only(
        imported(tmp_path, [node("InstanceNormalization", "x s b", "y")], IMAGE, {"s": (8,), "b": (8,)})
    )
    assert (made.function, made.inputs[0].window, made.work) == ("group_norm", Window("all"), 8)


@pytest.mark.parametrize(("axis", "window"), [(1, Window("prefix")), (2, Window())])
def test_cumulative_sum(tmp_path: Path, axis: int, window: Window) -> None:
    made = only(imported(tmp_path, [node("CumSum", "x a", "y")], TOKENS, {"a": np.array(axis)}))
    assert (made.function, made.inputs[0].window) == ("cumsum", window)


def test_softmax_of_old_opsets_runs_over_all_later_axes(tmp_path: Path) -> None:
    old = only(imported(tmp_path, [node("Softmax", "x", "y", axis=1)], TOKENS, opset=11))
    new = only(imported(tmp_path, [node("Softmax", "x", "y")], TOKENS, opset=13))
    assert (old.inputs[0].window, new.inputs[0].window) == (Window("all"), Window())


def test_top_k_has_values_and_indices(tmp_path: Path) -> None:
    network = imported(
        tmp_path, [node("TopK", "x k", "v i")], TOKENS, {"k": np.array([3])}, outputs=["v", "i"]
    )
    assert [(o.name, o.output.elements, o.work) for o in body(network)] == [
        ("v", 3, 16),
        ("v/indices", 3, 16),
    ]


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
    """A partition of an image into windows, as in Swin: the tokens of a window are not neighbours in the stream."""
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
        node("MatMul", "x wq", "q0"), node("Reshape", "q0 sq", "q1"), node("Transpose", "q1", "q", perm=[0, 2, 1, 3]),
        node("MatMul", "x wk", "k0"), node("Reshape", "k0 sk", "k1"), node("Transpose", "k1", "k2", perm=[0, 2, 3, 1]),
        node("Unsqueeze", "k2 two", "k3"), node("Expand", "k3 grown", "k4"), node("Reshape", "k4 flat", "k"),
        node("MatMul", "q k", "y"),
    ]  # fmt: skip
    constants = {
        "wq": (16, 16), "wk": (16, 8), "sq": np.array([1, 6, 4, 4]), "sk": np.array([1, 6, 2, 4]), "two": np.array([2]),
        "grown": np.array([1, 2, 2, 4, 6]), "flat": np.array([1, 4, 4, 6]),
    }  # fmt: skip
    query, key, scores = body(imported(tmp_path, nodes, TOKENS, constants))
    assert (query.output.elements, key.output.elements) == (16, 8)
    assert scores.product == Product(4, 4, 6)


def test_weights_may_be_nodes_fills_or_absent(tmp_path: Path) -> None:
    tensor = np.ones((16, 8), np.float32)
    nodes = [
        node("Constant", "", "w1", value=numpy_helper.from_array(tensor)),
        node("ConstantOfShape", "shape", "w2"),
        node("Transpose", "w3", "w3t"),
        node("MatMul", "x w1", "a"),
        node("MatMul", "a w2", "b"),
        node("MatMul", "b w3t", "y"),
    ]
    network = imported(tmp_path, nodes, TOKENS, {"shape": np.array([8, 40000]), "w3": (5, 40000)})
    assert [o.params for o in body(network)] == [128, 320000, 200000]
    assert [o.matrix.weight for o in body(network) if o.matrix] == ["w1", "w2", "w3"]


def test_a_branch_with_a_known_condition_is_the_branch(tmp_path: Path) -> None:
    def branch(op: str) -> Any:
        out = helper.make_empty_tensor_value_info("inner")
        return helper.make_graph([helper.make_node(op, ["x"], ["inner"])], op, [], [out])

    choose = helper.make_node(
        "If", ["yes"], ["y"], name="choose", then_branch=branch("Exp"), else_branch=branch("Log")
    )
    network = imported(tmp_path, [choose], TOKENS, {"yes": np.array(True)})
    assert [(o.op, o.function) for o in body(network)] == [("Exp", "exp")]


def test_shape_arithmetic_leaves_no_trace(tmp_path: Path) -> None:
    """x.view(x.shape[0], -1), as torch exports it."""
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape zero", "n"),
        node("Unsqueeze", "n zero1", "n1"),
        node("Concat", "n1 minus", "target", axis=0),
        node("Reshape", "x target", "flat"),
        node("Gemm", "flat w c", "y"),
    ]
    constants = {
        "zero": np.array(0),
        "zero1": np.array([0]),
        "minus": np.array([-1]),
        "w": (960, 10),
        "c": (10,),
    }
    for opset in (9, 13, 20):
        if opset == 9:
            nodes[2] = node("Unsqueeze", "n", "n1", axes=[0])
        else:
            nodes[2] = node("Unsqueeze", "n zero1", "n1")
        made = only(imported(tmp_path, nodes, IMAGE, constants, opset=opset))
        assert (made.op, made.inputs[0].window, made.matrix) == (
            "Gemm",
            Window("all"),
            Matrix(960, 10, weight="w"),
        )
