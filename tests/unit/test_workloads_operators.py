"""Element-wise operators, pooling, normalisation: functions, work and windows by their formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import Grid, Operator, Window
from onnx import TensorProto

from ..kit.onnx_graphs import body, imported, node, only

IMAGE = {"x": (1, 8, 12, 10)}
TOKENS = {"x": (1, 6, 16)}


def shape_of(operator: Operator) -> tuple[Any, ...]:
    out = operator.output
    return out.shape, (out.grid.rows, out.grid.cols), out.elements


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
    [
        ("Add", "x x2", "add"),
        ("Mul", "x w", "mul"),
        ("Pow", "x two", "pow"),
        ("Exp", "x", "exp"),
        ("Where", "m x x2", "select"),
        ("Greater", "x two", "compare"),
        ("PRelu", "x w", "prelu"),
        ("Max", "x x2 two", "max"),
        ("Trilu", "x", "select"),
    ],
)
def test_elementwise(tmp_path: Path, op: str, inputs: str, function: str) -> None:
    nodes = [node("Neg", "x", "x2"), node("Less", "x two", "m"), node(op, inputs, "y")]
    network = imported(tmp_path, nodes, TOKENS, {"w": (16,), "two": np.float32(2)})
    made = network.operators[-1]
    assert (made.function, made.work, made.output.grid) == (function, 32 if op == "Max" else 16, Grid(1, 6))
    assert {p.window for p in made.inputs} == {Window()}
    assert made.params == (16 if "w" in inputs.split() else 0)


def test_embedding_counts_its_table(tmp_path: Path) -> None:
    nodes = [node("Gather", "table ids", "y")]
    made = only(
        imported(tmp_path, nodes, {"ids": (1, 6)}, {"table": (100, 16)}, dtypes={"ids": TensorProto.INT64})
    )
    assert (made.kind, made.params, shape_of(made)) == ("move", 1600, ((1, 6, 16), (1, 6), 16))
    assert made.inputs[0].window == Window()


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
