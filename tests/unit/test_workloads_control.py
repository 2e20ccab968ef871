"""Is what is known beforehand followed through branches, loops, sequences, and cuts?"""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ohmsum.workloads import NetworkError, load
from ohmsum.workloads.onnx_import import policy
from ohmsum.workloads.onnx_import.standins import Body
from onnx import GraphProto, TensorProto, helper, numpy_helper

from ..kit.onnx_graphs import body, imported, model, node, steps

CASES = Path(__file__).parents[1] / "data" / "cases"
X = {"x": (1, 6, 16)}


def graph(nodes: list[onnx.NodeProto], inputs: list[str], outputs: list[str], **stored: Any) -> GraphProto:
    """A graph inside a node."""
    empty = helper.make_empty_tensor_value_info
    tensors = [numpy_helper.from_array(np.asarray(v), n) for n, v in stored.items()]
    return helper.make_graph(
        nodes, "inside", [empty(i) for i in inputs], [empty(o) for o in outputs], tensors
    )


def loop(turns: str = "n") -> onnx.NodeProto:
    """s becomes relu(s W) at every turn, and comes out of each."""
    inside = graph(
        [node("MatMul", "s w", "m"), node("Relu", "m", "t"), node("Identity", "go", "on"),
         node("Identity", "t", "u")],
        ["i", "go", "s"], ["on", "t", "u"], w=np.ones((16, 16), np.float32),
    )  # fmt: skip
    return helper.make_node("Loop", [turns, "", "x"], ["last", "all"], name="again", body=inside)


def test_a_loop_with_a_constant_number_of_turns_is_its_turns(tmp_path: Path) -> None:
    network = imported(tmp_path, [loop()], X, {"n": np.array(3)}, outputs=["last", "all"])
    products = [o for o in body(network) if o.kind == "matrix"]
    assert [o.op for o in products] == ["MatMul"] * 3
    assert network.macs == 3 * 6 * 256
    assert network.params == 256  # one matrix, used three times
    assert {o.matrix.weight for o in products if o.matrix} == {"again/w"}
    assert [o.output.shape for o in network if o.op == "Concat"] == [(3, 1, 6, 16)]


def test_a_loop_that_ends_by_its_condition(tmp_path: Path) -> None:
    inside = graph(
        [node("Exp", "s", "t"), node("Add", "i one", "j"), node("Less", "j four", "on")],
        ["i", "go", "s"], ["on", "t"], one=np.array(1), four=np.array(4),
    )  # fmt: skip
    made = helper.make_node("Loop", ["", "yes", "x"], ["y"], name="again", body=inside)
    assert steps(imported(tmp_path, [made], X, {"yes": np.array(True)})) == ["Exp"] * 4


def test_a_loop_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="1000000 turns of 4 nodes are too many to be told apart"):
        imported(tmp_path, [loop()], X, {"n": np.array(10**6)}, outputs=["last"])


def test_a_number_of_turns_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(model([loop()], {**X, "n": ()}, outputs=["last"], dtypes={"n": TensorProto.INT64}), path)
    with pytest.raises(NetworkError, match="its number of turns 'n' is not constant"):
        load(path)
    network = load(path, values={"n": 2})
    assert (network.macs, [o.name for o in network if o.kind == "input"]) == (2 * 6 * 256, ["x"])


@pytest.mark.parametrize(("backwards", "first"), [(0, 0), (1, 5)])
def test_a_scan_is_its_turns(tmp_path: Path, backwards: int, first: int) -> None:
    inside = graph([node("Add", "s p", "t"), node("Identity", "t", "u")], ["s", "p"], ["t", "u"])
    made = helper.make_node(
        "Scan", ["h", "x"], ["last", "all"], name="scan", body=inside, num_scan_inputs=1, scan_input_axes=[1],
        scan_input_directions=[backwards], scan_output_axes=[1],
    )  # fmt: skip
    network = imported(tmp_path, [made], {**X, "h": (1, 16)}, outputs=["last", "all"])
    assert [o.op for o in body(network)].count("Add") == 6
    picks = [o.inputs[0].window.pad[1] for o in network if o.name.startswith("scan/0/in")]
    assert picks == [-first]
    assert network.operators[-1].output.shape == (1, 6, 16)


def test_an_input_fixed_to_a_value_chooses_the_branch(tmp_path: Path) -> None:
    def inner(op: str) -> GraphProto:
        return graph([node(op, "x", "z")], [], ["z"])

    nodes = [
        node("Equal", "sr rate", "same"),
        helper.make_node(
            "If", ["same"], ["y"], name="if", then_branch=inner("Exp"), else_branch=inner("Log")
        ),
    ]
    proto = model(nodes, {**X, "sr": (1,)}, {"rate": np.array([16000])}, dtypes={"sr": TensorProto.INT64})
    onnx.save(proto, tmp_path / "net.onnx")
    assert steps(load(tmp_path / "net.onnx", values={"sr": 16000})) == ["Exp"]
    assert steps(load(tmp_path / "net.onnx", values={"sr": [8000]})) == ["Log"]
    with pytest.raises(NetworkError, match=r"`value` of 'sr': 0\.5 is no int64"):
        load(tmp_path / "net.onnx", values={"sr": 0.5})


def test_static_sequences_are_their_tensors(tmp_path: Path) -> None:
    nodes = [
        node("SplitToSequence", "x two", "s", axis=1),
        node("SequenceAt", "s zero", "a"),
        node("SequenceAt", "s minus", "b"),
        node("Exp", "b", "e"),
        node("SequenceConstruct", "a e", "t"),
        node("SequenceInsert", "t x", "u"),
        node("SequenceErase", "u zero", "v"),
        node("SequenceLength", "v", "n"),
        node("ConcatFromSequence", "v", "c", axis=1),
        node("Reshape", "c shape", "y"),
    ]
    constants = {"two": np.array(2), "zero": np.array(0), "minus": np.array(-1), "shape": np.array([8, 16])}
    network = imported(tmp_path, nodes, X, constants)
    assert steps(network) == ["Slice", "Exp", "Concat"]
    assert network.operators[-1].output.size == 8 * 16
    seen = load(CASES / "seq_ops_vector.onnx")
    assert (seen.params, seen.macs) == (512, 2560)


def test_optionals_with_and_without_a_value(tmp_path: Path) -> None:
    nodes = [
        node("Optional", "x", "o"),
        node("OptionalHasElement", "o", "has"),
        node("OptionalGetElement", "o", "g"),
    ]
    nodes.append(
        helper.make_node(
            "If", ["has"], ["y"], name="if", then_branch=graph([node("Exp", "g", "z")], [], ["z"]),
            else_branch=graph([node("Log", "g", "z")], [], ["z"]),
        )
    )  # fmt: skip
    assert steps(imported(tmp_path, nodes, X)) == ["Exp"]


def test_outputs_and_inputs_cut_a_part_out(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x w", "a"),
        node("Relu", "a", "b"),
        node("MatMul", "b w", "c"),
        node("Strange", "c", "y", domain="com.example"),
    ]
    path = tmp_path / "net.onnx"
    onnx.save(model(nodes, {"x": (2, 16)}, {"w": (16, 16)}), path)
    assert load(path, outputs=["c"]).macs == 2 * 2 * 256
    part = load(path, outputs=["c"], inputs=["b"])
    assert (part.macs, [o.name for o in part if o.kind == "input"]) == (2 * 256, ["b"])
    assert load(path, outputs=["c"], inputs=["b"], input_shapes={"b": (5, 16)}).macs == 5 * 256


def test_a_tail_of_unknown_size_is_cut_off_with_a_note(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x w", "boxes"),
        node("Sigmoid", "boxes", "scores"),
        node("Greater", "scores half", "keep"),
        node("NonZero", "keep", "places"),
        node("Transpose", "places", "rows"),
        node("GatherND", "scores rows", "y"),
    ]
    network = imported(tmp_path, nodes, {"x": (2, 16)}, {"w": (16, 8), "half": np.float32(0.5)})
    assert steps(network) == ["MatMul+sigmoid", "Greater"]
    (note,) = network.notes
    assert note.startswith("cut before 'keep', 'scores': the size of what node 'places' (NonZero) makes")
    assert "(3 nodes without weights left out)" in note
    nodes[-1] = node("MatMul", "places2 w2", "y")
    nodes.insert(-1, node("Cast", "rows", "places2", to=1))
    with pytest.raises(
        NetworkError, match=r"how often its weights are applied .* \(node 'places' \(NonZero\)\)"
    ):
        imported(tmp_path, nodes, {"x": (2, 16)}, {"w": (16, 8), "half": np.float32(0.5), "w2": (2, 8)})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("matmul", ("MatMul", "matrix", 6 * 16 * 4)),
        ("MatMul", ("MatMul", "matrix", 6 * 16 * 4)),
    ],
)
def test_what_the_user_says_of_an_unknown_operator(tmp_path: Path, rule: str, expected: Any) -> None:
    nodes = [node("Fancy", "x w", "y", domain="com.example")]
    network = imported(tmp_path, nodes, X, {"w": (16, 4)}, operators={"com.example:Fancy": rule})
    (made,) = body(network)
    assert (made.op, made.kind, made.macs) == expected
    assert made.name == "y"


def test_an_unknown_function_of_every_element(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x w", "m"), node("Snake", "m alpha", "y", domain="com.example")]
    network = imported(tmp_path, nodes, X, {"w": (16, 4), "alpha": (4,)}, operators={"Snake": "gelu"})
    (made,) = body(network)
    assert (made.fused, made.params, network.notes) == (("gelu",), 64 + 4, ())


def test_an_installed_package_says_what_its_operators_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entry point "com.example:Fancy" of group "ohmsum.operators": softmax(x w) from its parts."""

    def fancy(b: Body) -> None:
        b.give(0, b("Softmax", b("MatMul", b.input(0), b.input(1), main=True), axis=-1))

    entry = EntryPoint("com.example:Fancy", "fancy:fancy", policy.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda point: fancy)
    asked: list[str] = []

    def offered(group: str) -> list[EntryPoint]:
        asked.append(group)
        return [entry]

    monkeypatch.setattr(policy, "entry_points", offered)
    nodes = [helper.make_node("Fancy", ["x", "w"], ["y"], name="f", domain="com.example")]
    network = imported(tmp_path, nodes, X, {"w": (16, 4)})
    assert (steps(network), network.macs, network.params) == (["MatMul", "Softmax"], 6 * 16 * 4, 64)
    assert set(asked) == {"ohmsum.operators"}
    other = [helper.make_node("Plain", ["x", "w"], ["y"], name="p", domain="com.example")]
    with pytest.raises(NetworkError, match="operator 'Plain' of domain"):
        imported(tmp_path, other, X, {"w": (16, 4)})
