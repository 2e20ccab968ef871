"""Is what is constant computed away, in every form that files have it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ohmsum.workloads import Matrix, Product, Reach, Window, load
from onnx import helper, numpy_helper

from ..kit.onnx_graphs import body, imported, model, node, only, steps

IMAGE = {"x": (1, 8, 12, 10)}
TOKENS = {"x": (1, 6, 16)}


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
            Window("same"),
            Matrix(960, 10, weight="w"),
        )


def test_an_operator_that_onnx_defines_by_others_is_those(tmp_path: Path) -> None:
    """Attention of opset 23, 8 query heads that share 2 key heads: scores, softmax, mixture."""
    nodes = [node("Attention", "q k v", "y", q_num_heads=8, kv_num_heads=2, is_causal=1)]
    network = imported(tmp_path, nodes, {"q": (1, 6, 64), "k": (1, 6, 16), "v": (1, 6, 16)}, opset=23)
    scores, mixed = (o for o in network if o.kind == "product")
    assert (scores.product, mixed.product) == (Product(8, 8, 6, shared_by=4), Product(8, 6, 8, shared_by=4))
    assert [(p.tensor, p.window.kind) for p in scores.inputs] == [("q", "same"), ("k", "prefix")]
    assert scores.reach == mixed.reach == Reach(1, 1)
    assert mixed.inputs[1].tensor == "v"
    assert "Softmax" in steps(network)
    assert "Where" not in steps(network)  # its guard against rows without any key never applies
    assert network.product_macs == 2 * 8 * 8 * (1 + 2 + 3 + 4 + 5 + 6)


def test_a_function_of_the_file_itself_is_inlined(tmp_path: Path) -> None:
    body_of = helper.make_function(
        "local", "Twice", ["a"], ["b"], [node("Add", "a a", "b")], [helper.make_opsetid("", 20)]
    )
    proto = model([node("Twice", "x", "y", domain="local")], TOKENS)
    proto.functions.append(body_of)
    proto.opset_import.append(helper.make_opsetid("local", 1))
    path = tmp_path / "local.onnx"
    onnx.save(proto, path)
    assert steps(load(path)) == ["Add"]


def table(*columns: Any) -> Any:
    return np.stack(columns, -1).astype(np.float32)


PLACES = np.arange(6.0)
WAVES = table(*(f(PLACES * w) for w in (1.0, 0.3, 0.01, 0.2) for f in (np.sin, np.cos, np.sin, np.cos)))


@pytest.mark.parametrize(
    ("constant", "params"),
    [
        (WAVES, 0),  # positions, as Vaswani et al. 2017
        (np.random.default_rng(1).random((6, 16)), 96),  # learned positions
        (np.zeros((6, 16)), 96),  # not trained yet
        (np.where(np.tri(6, 16) > 0, 0, -1e9), 0),  # a mask
        (np.random.default_rng(1).random(11)[np.subtract.outer(np.arange(6), np.arange(16) // 4)], 96),
        (np.random.default_rng(1).random(16), 16),  # a bias
    ],
)
def test_masks_and_formulas_are_no_parameters(tmp_path: Path, constant: Any, params: int) -> None:
    network = imported(tmp_path, [node("Add", "x c", "y")], TOKENS, {"c": np.asarray(constant, np.float32)})
    assert only(network).params == params
