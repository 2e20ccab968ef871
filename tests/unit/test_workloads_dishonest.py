"""Is nothing that is written in a file believed against its graph?

The files of tests/data/cases are small models that other tools run; each stands for a kind of file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ohmsum import arch
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping import MappingOptions
from ohmsum.sim.simulate import simulate
from ohmsum.workloads import NetworkError, load
from onnx import TensorProto, helper

from ..kit.onnx_graphs import body, imported, model, node, only, steps

CASES = Path(__file__).parents[1] / "data" / "cases"

# Parameters, MACs with weights, MACs of two activations: by hand from the layers, or ONNX Runtime's profile.
COUNTS: dict[str, tuple[dict[str, Any], int, int, int]] = {
    "stale_value_info_stale": ({}, 1152, 373_248, 0),  # 18 x 18 pixels, 16 filters of 3 x 3 x 8
    "stale_value_info_minus1": ({}, 1152, 373_248, 0),
    "stale_value_info_abort": ({}, 1152, 373_248, 0),
    "qdq_opset17": ({}, 128, 128, 0),  # a 16 x 8 matrix, once
    "gather_elements_const": ({}, 16, 0, 0),
    "function_op_greater_or_equal": ({}, 0, 0, 0),
    "function_op_group_norm": ({}, 16, 0, 0),
    "groupnorm_dynamic": ({"bind": {"hw": 64}}, 480, 64 * 64 * 16 * 27, 0),
    "question_mark_dims": ({"input_shapes": {"x": (1, 3, 48, 192)}}, 216, 46 * 190 * 27 * 8, 0),
    "softcap_attention": ({}, 0, 0, 2 * 4 * 16 * 16 * 32),
    "attention_opset22": ({}, 32 * 96 + 96, 256 * 32 * 96, 2 * 256 * 256 * 32),
    "attention_opset23": ({}, 32 * 96 + 96, 256 * 32 * 96, 2 * 256 * 256 * 32),
    "huge": ({}, 64, 4_194_304 * 64, 0),
}

REFUSALS = {
    "attr": "node 'cc' (Concat): is not valid ONNX: Unrecognized attribute: blocksize",
    "attr2": "node 'dq' (DequantizeLinear): is not valid ONNX: Unrecognized attribute: num_outputs",
    "fun": "its local functions cannot be put in the place of their calls: Number of actual parameters",
    "if": "node 'i' (If): it has no then_branch, expected a graph",
    "null": "tensor 'w': the location of its external data has a null byte in it",
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_right_counts(name: str) -> None:
    options, params, macs, products = COUNTS[name]
    network = load(CASES / f"{name}.onnx", **options)
    assert (network.params, network.macs, network.product_macs) == (params, macs, products)


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_wrong_is_named(name: str) -> None:
    with pytest.raises(NetworkError) as caught:
        load(CASES / f"{name}.onnx")
    assert REFUSALS[name] in str(caught.value)


def test_a_contradiction_is_noted_and_an_unknown_size_is_none() -> None:
    (note,) = load(CASES / "stale_value_info_stale.onnx").notes
    assert note == (
        "the file contradicts itself: 'a' is 1x8x18x18, written as 1x8x36x36; the graph is believed"
    )
    assert load(CASES / "stale_value_info_minus1.onnx").notes == ()


def test_both_attentions_are_the_same_network() -> None:
    with_mask, without = (load(CASES / f"attention_opset{v}.onnx") for v in (23, 22))
    assert steps(with_mask) == steps(without)
    assert [o.work for o in with_mask] == [o.work for o in without]


def test_a_window_is_clipped_to_the_input_and_its_pads(tmp_path: Path) -> None:
    image = {"x": (1, 6, 7, 7)}
    exact, huge, padded = (
        only(imported(tmp_path, [node("AveragePool", "x", "y", **pool)], image))
        for pool in (
            {"kernel_shape": [7, 7]},
            {"kernel_shape": [1280, 1280], "strides": [1280, 1280], "ceil_mode": 1},
            {"kernel_shape": [9, 9], "pads": [1, 1, 1, 1]},
        )
    )
    assert exact == huge
    assert (exact.work, padded.work) == (6 * 49, 6 * 81)


def test_written_shapes_count_where_inference_is_silent(tmp_path: Path) -> None:
    nodes = [node("Reshape", "x s", "r"), node("MatMul", "r w", "y")]
    proto = model(nodes, {"x": (1, 6, 16), "s0": (2,)}, {"w": (16, 4)}, dtypes={"s0": TensorProto.INT64})
    proto.graph.node.insert(0, node("Add", "s0 s0", "s"))  # a shape that comes with the input
    path = tmp_path / "net.onnx"
    onnx.save(proto, path)
    with pytest.raises(NetworkError, match="the shape of its output 'r' cannot be told"):
        load(path)
    proto.graph.value_info.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, (6, 16)))
    onnx.save(proto, path)
    assert load(path).macs == 6 * 16 * 4


@pytest.mark.parametrize("name", ["?", "unk", "None", "-1", "", " Unknown "])
def test_names_that_name_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "net.onnx"
    proto = model([node("Relu", "x", "y")], {"x": (1, name, name)})
    onnx.save(proto, path)
    assert load(path, input_shapes={"x": (1, 4, 9)}).operators[0].output.shape == (1, 4, 9)
    with pytest.raises(NetworkError, match="2 without a name"):
        load(path)


def test_a_value_that_cannot_be_made_is_an_error_only_where_it_is_needed(tmp_path: Path) -> None:
    strange = node("Strange", "c", "t", domain="com.example")
    idle = [strange, node("Relu", "x", "y")]
    assert steps(imported(tmp_path, idle, {"x": (2, 3)}, {"c": np.ones(3, np.float32)})) == ["Relu"]
    with pytest.raises(
        NetworkError, match=r"node 'y' \(Add\): its input 't' is not known: node 't' \(Strange\)"
    ):
        imported(tmp_path, [strange, node("Add", "x t", "y")], {"x": (2, 3)}, {"c": (3,)})


def test_values_that_only_onnx_runtime_can_make(tmp_path: Path) -> None:
    """The reference of onnx fails on a constant GatherElements of 64 elements and more."""
    pytest.importorskip("onnxruntime")
    nodes = [node("GatherElements", "table i", "s", axis=0), node("Reshape", "x s", "y")]
    index = np.arange(99, -1, -1)
    table = np.array([1] * 98 + [4, 2], np.int64)
    nodes.insert(1, node("Slice", "s a b", "s2"))
    nodes[2] = node("Reshape", "x s2", "y2")
    nodes.append(node("Relu", "y2", "y"))
    constants = {"table": table, "i": index, "a": np.array([0]), "b": np.array([3])}
    network = imported(tmp_path, nodes, {"x": (8,)}, constants, outputs=["y"])
    assert network.operators[-1].output.shape == (2, 4, 1)


@pytest.mark.parametrize(
    ("op", "attributes", "expected"),
    [
        ("Softmax", {"axis": 9}, "axis 9, expected -4 to 3"),
        ("Transpose", {"perm": [0]}, r"perm \[0\], expected an order of the 4 dimensions"),
        ("Conv", {"strides": [0, 0]}, "its shapes do not fit"),
    ],
)
def test_attributes_that_contradict_the_shapes(
    tmp_path: Path, op: str, attributes: dict[str, Any], expected: str
) -> None:
    inputs = "x w" if op == "Conv" else "x"
    with pytest.raises(NetworkError, match=expected):
        imported(tmp_path, [node(op, inputs, "y", **attributes)], {"x": (1, 4, 8, 8)}, {"w": (4, 4, 3, 3)})


def test_a_bad_slice_does_not_end_the_process() -> None:
    path = CASES / "stale_value_info_abort.onnx"
    script = f"from ohmsum.workloads import load; print(load({str(path)!r}).macs)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "373248"


def test_scores_with_the_same_function_twice_are_called_apart() -> None:
    mapping = simulate(load(CASES / "softcap_attention.onnx"), arch.load("isaac@attention")).mapping
    assert [o.name for o in body(mapping.network) if o.name.startswith("qk.mul")] == ["qk.mul", "qk.mul#2"]


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "systolic", "isaac@attention"])
def test_too_many_tokens_are_refused_before_anything_is_laid_out(chip: str) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate(load(CASES / "huge.onnx"), arch.load(chip))
    assert str(caught.value) == (
        "huge: its streams have 8,388,608 tokens (4,194,304 of them that of 'x'), expected at most 4,194,304;"
        " give it a smaller input, or raise `most_tokens`"
    )


def test_the_limit_of_tokens_is_exact_and_can_be_raised() -> None:
    network = load(CASES / "huge.onnx", input_shapes={"x": (64, 8)})
    with pytest.raises(SimulationError, match="128 tokens"):
        simulate(network, arch.load("isaac"), mapping=MappingOptions(most_tokens=127))
    assert simulate(network, arch.load("isaac"), mapping=MappingOptions(most_tokens=128)).latency_s > 0
