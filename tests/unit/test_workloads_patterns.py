"""Are functions that exporters take apart put together again, and only those?"""

from __future__ import annotations

from math import pi, sqrt
from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto

from ..kit.onnx_graphs import body, imported, node, only, steps

TOKENS = {"x": (1, 6, 16)}
NUMBERS = {
    "half": np.float32(0.5),
    "one": np.float32(1),
    "two": np.float32(2),
    "three": np.float32(3),
    "six": np.float32(6),
    "zero": np.float32(0),
    "sixth": np.float32(1 / 6),
    "root2": np.float32(sqrt(2)),
    "inv_root2": np.float32(sqrt(0.5)),
    "kc": np.float32(sqrt(2 / pi)),
    "kd": np.float32(0.044715),
    "eps": np.float32(1e-5),
    "kq": np.float32(1.702),
    "last": np.array([-1]),
    "scale": np.float32(0.125),
}

ERF = [node("Div", "x root2", "a"), node("Erf", "a", "e"), node("Add", "e one", "s")]
TANH = [
    node("Add", "x t3", "in"),
    node("Mul", "in kc", "arg"),
    node("Tanh", "arg", "t"),
    node("Add", "t one", "s"),
]
CUBES = {
    "power": [node("Pow", "x three", "x3"), node("Mul", "kd x3", "t3")],
    "products": [node("Mul", "x x", "x2"), node("Mul", "x x2", "x3"), node("Mul", "x3 kd", "t3")],
    "number inside": [node("Mul", "kd x", "dx"), node("Mul", "x x", "x2"), node("Mul", "dx x2", "t3")],
}
GELUS: dict[str, list[NodeProto]] = {
    "erf, x then half": [*ERF, node("Mul", "x s", "p"), node("Mul", "p half", "y")],
    "erf, half then x": [*ERF, node("Mul", "s half", "p"), node("Mul", "x p", "y")],
    "erf, half of x": [node("Mul", "half x", "hx"), *ERF, node("Mul", "hx s", "y")],
    "erf, divided by two": [*ERF, node("Mul", "x s", "p"), node("Div", "p two", "y")],
    "erf of a product": [
        node("Mul", "x inv_root2", "a"),
        *ERF[1:],
        node("Mul", "x s", "p"),
        node("Mul", "p half", "y"),
    ],
    **{
        f"tanh, cube by {how}": [*cube, *TANH, node("Mul", "x half", "hx"), node("Mul", "hx s", "y")]
        for how, cube in CUBES.items()
    },
    "tanh, factored": [
        node("Mul", "x x", "x2"),
        node("Mul", "x2 kd", "dx2"),
        node("Add", "dx2 one", "f"),
        node("Mul", "x kc", "cx"),
        node("Mul", "cx f", "arg"),
        node("Tanh", "arg", "t"),
        node("Add", "t one", "s"),
        node("Mul", "s x", "p"),
        node("Mul", "half p", "y"),
    ],
}


@pytest.mark.parametrize("nodes", GELUS.values(), ids=GELUS)
def test_gelu(tmp_path: Path, nodes: list[NodeProto]) -> None:
    made = only(imported(tmp_path, nodes, TOKENS, NUMBERS))
    assert (made.op, made.function, made.work) == ("Gelu", "gelu", 16)


@pytest.mark.parametrize(
    "nodes",
    [
        [*ERF, node("Mul", "x s", "y")],  # no half
        [*ERF, node("Mul", "s half", "y")],  # no x
        [
            node("Div", "x three", "a"),
            *ERF[1:],
            node("Mul", "x s", "p"),
            node("Mul", "p half", "y"),
        ],  # other root
        [node("Neg", "x", "z"), *ERF, node("Mul", "z s", "p"), node("Mul", "p half", "y")],  # other x
    ],
)
def test_what_only_looks_like_gelu_stays(tmp_path: Path, nodes: list[NodeProto]) -> None:
    assert "Gelu" not in steps(imported(tmp_path, nodes, TOKENS, NUMBERS))


def test_a_part_that_others_read_stays(tmp_path: Path) -> None:
    nodes = [*GELUS["erf, x then half"]]
    network = imported(tmp_path, nodes, TOKENS, NUMBERS, outputs=["y", "s"])
    assert {o.op for o in body(network)} == {"Div", "Erf", "Add", "Mul"}


@pytest.mark.parametrize(
    ("nodes", "op"),
    [
        ([node("Sigmoid", "x", "s"), node("Mul", "x s", "y")], "Silu"),
        ([node("Sigmoid", "x", "s"), node("Mul", "s x", "y")], "Silu"),
        ([node("Mul", "x kq", "a"), node("Sigmoid", "a", "s"), node("Mul", "x s", "y")], "QuickGelu"),
        ([node("HardSigmoid", "x", "h", alpha=1 / 6), node("Mul", "x h", "y")], "HardSwish"),
        (
            [
                node("Add", "x three", "a"),
                node("Clip", "a zero six", "b"),
                node("Mul", "x b", "m"),
                node("Div", "m six", "y"),
            ],
            "HardSwish",
        ),
        (
            [
                node("Add", "three x", "a"),
                node("Clip", "a zero six", "b"),
                node("Div", "b six", "m"),
                node("Mul", "m x", "y"),
            ],
            "HardSwish",
        ),
        (
            [
                node("Add", "x three", "a"),
                node("Clip", "a zero six", "b"),
                node("Mul", "b sixth", "m"),
                node("Mul", "x m", "y"),
            ],
            "HardSwish",
        ),
    ],
)
def test_swish(tmp_path: Path, nodes: list[NodeProto], op: str) -> None:
    assert steps(imported(tmp_path, nodes, TOKENS, NUMBERS)) == [op]


def test_activations_ride_on_the_layer_before(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x w", "a"),
        node("Add", "a b", "z"),
        node("Sigmoid", "z", "s"),
        node("Mul", "z s", "u"),
        node("MatMul", "u w", "v"),
        node("Relu", "v", "r"),
        node("Add", "r u", "y"),
        node("Tanh", "y", "t"),
    ]
    assert steps(imported(tmp_path, nodes, TOKENS, {"w": (16, 16), "b": (16,)})) == [
        "MatMul+silu",
        "MatMul+relu",
        "Add+tanh",
    ]


MEAN_SQUARE = [node("ReduceMean", "x2 last", "m"), node("Add", "m eps", "v"), node("Sqrt", "v", "r")]
RMS: dict[str, list[NodeProto]] = {
    "reciprocal": [
        node("Pow", "x two", "x2"),
        *MEAN_SQUARE,
        node("Reciprocal", "r", "i"),
        node("Mul", "x i", "n"),
    ],
    "quotient": [node("Mul", "x x", "x2"), *MEAN_SQUARE, node("Div", "x r", "n")],
    "one over": [
        node("Pow", "x two", "x2"),
        *MEAN_SQUARE,
        node("Div", "one r", "i"),
        node("Mul", "i x", "n"),
    ],
}


@pytest.mark.parametrize("nodes", RMS.values(), ids=RMS)
def test_rms_norm(tmp_path: Path, nodes: list[NodeProto]) -> None:
    made = only(imported(tmp_path, [*nodes, node("Mul", "w n", "y")], TOKENS, {**NUMBERS, "w": (16,)}))
    assert (made.op, made.function, made.params, made.work) == ("RMSNormalization", "rms_norm", 16, 16)


def test_layer_norm(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", "x last", "mean"),
        node("Sub", "x mean", "d"),
        node("Pow", "d two", "d2"),
        node("ReduceMean", "d2 last", "m"),
        node("Add", "m eps", "v"),
        node("Sqrt", "v", "r"),
        node("Div", "d r", "n"),
        node("Mul", "n w", "s"),
        node("Add", "s b", "y"),
    ]
    made = only(imported(tmp_path, nodes, TOKENS, {**NUMBERS, "w": (16,), "b": (16,)}))
    assert (made.op, made.function, made.params) == ("LayerNormalization", "layer_norm", 32)


def test_softmax(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMax", "x last", "m"),
        node("Sub", "x m", "s"),
        node("Exp", "s", "e"),
        node("ReduceSum", "e last", "t"),
        node("Div", "e t", "y"),
    ]
    assert steps(imported(tmp_path, nodes, TOKENS, NUMBERS)) == ["Softmax"]


def test_attention_guards_scales_and_constant_masks(tmp_path: Path) -> None:
    """softmax(q s (k s)^T + mask), guarded against rows without a key, times v."""
    nodes = [
        node("Neg", "x", "k"),
        node("Transpose", "k", "kt", perm=[0, 2, 1]),
        node("Exp", "x", "q0"),
        node("Mul", "q0 scale", "q"),
        node("Mul", "kt scale", "ks"),
        node("MatMul", "q ks", "scores"),
        node("Add", "scores mask", "masked"),
        node("Softmax", "masked", "p"),
        node("IsNaN", "p", "nan"),
        node("Where", "nan zero p", "safe"),
        node("MatMul", "safe x", "y"),
    ]
    network = imported(
        tmp_path, nodes, TOKENS, {**NUMBERS, "mask": np.triu(np.full((6, 6), -1e9, np.float32))}
    )
    assert sorted(steps(network)) == ["Exp", "MatMul", "MatMul+mul+add", "Neg", "Softmax"]


def test_rotary(tmp_path: Path) -> None:
    nodes = [
        node("Mul", "x cos", "direct"),
        node("Slice", "x h0 h8 last", "lo"),
        node("Slice", "x h8 h16 last", "hi"),
        node("Neg", "hi", "minus"),
        node("Concat", "minus lo", "turned", axis=-1),
        node("Mul", "turned sin", "t"),
        node("Add", "direct t", "y"),
    ]
    halves = {"h0": np.array([0]), "h8": np.array([8]), "h16": np.array([16])}
    made = only(imported(tmp_path, nodes, TOKENS, {**NUMBERS, **halves, "cos": (6, 16), "sin": (6, 16)}))
    assert (made.op, made.function, made.work) == ("RotaryEmbedding", "rotary", 16)


def test_batch_norm_goes_into_the_convolution(tmp_path: Path) -> None:
    bn = {"s": (4,), "b": (4,), "m": (4,), "v": (4,)}
    nodes = [
        node("Conv", "x w", "c"),
        node("BatchNormalization", "c s b m v", "n"),
        node("Mul", "n g", "a"),
        node("Add", "a g", "h"),
        node("Relu", "h", "y"),
    ]
    made = only(imported(tmp_path, nodes, {"x": (1, 3, 8, 8)}, {"w": (4, 3, 3, 3), "g": (4, 1, 1), **bn}))
    assert (made.op, made.fused) == ("Conv", ("relu",))
    assert made.params == 108 + 4 * 4 + 4  # every vector of the file once, also the one that is used twice


def test_batch_norm_without_a_layer_before_it_stays(tmp_path: Path) -> None:
    bn = {"s": (3,), "b": (3,), "m": (3,), "v": (3,)}
    nodes = [node("BatchNormalization", "x s b m v", "n"), node("Relu", "n", "r"), node("Conv", "r w", "y")]
    network = imported(tmp_path, nodes, {"x": (1, 3, 8, 8)}, {"w": (4, 3, 3, 3), **bn})
    assert steps(network) == ["BatchNormalization+relu", "Conv"]


def test_a_shift_that_differs_by_pixel_stays(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "c"), node("Add", "c map", "y")]
    network = imported(tmp_path, nodes, {"x": (1, 3, 8, 8)}, {"w": (4, 3, 1, 1), "map": (4, 8, 8)})
    assert steps(network) == ["Conv", "Add"]


def test_batch_norm_behind_a_transpose_goes_into_the_convolution(tmp_path: Path) -> None:
    """Channels last, and the batch-norm in its parts, as TensorFlow's exporter leaves it."""
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "c"),
        node("Transpose", "c", "u", perm=[0, 2, 3, 1]),
        node("Sub", "u mean", "a"),
        node("Mul", "a gain", "b"),
        node("Add", "b bias", "y"),
    ]
    constants = {"w": (4, 3, 3, 3), "mean": (4,), "gain": (4,), "bias": (1, 1, 1, 4)}
    made = only(imported(tmp_path, nodes, {"x": (1, 8, 8, 3)}, constants))
    assert (made.op, made.params) == ("Conv", 108 + 3 * 4)


def test_a_matrix_that_heads_share_cannot_take_up_what_differs_by_head(tmp_path: Path) -> None:
    nodes = [node("Reshape", "x s", "h"), node("MatMul", "h w", "m"), node("Mul", "m gain", "y")]
    constants = {"s": np.array([1, 6, 4, 4]), "w": (4, 4), "gain": (4, 1)}
    assert steps(imported(tmp_path, nodes, TOKENS, constants)) == ["MatMul", "Mul"]
