"""Does every bad network get one clear message that says where, what and how to mend it?"""

from __future__ import annotations

import random
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ohmsum.workloads import NetworkError, load
from ohmsum.workloads.onnx_import import folding
from ohmsum.workloads.zoo import build
from ohmsum.workloads.zoo.structure import absent
from onnx import TensorProto, helper

from ..kit.onnx_graphs import body, imported, model, node, only

TOKENS = {"x": (1, 6, 16)}
ZOO = Path(build.__file__).parent


def refused(path: Path, **options: Any) -> str:
    """The message of the refusal: short, and with the file in it."""
    with pytest.raises(NetworkError) as caught:
        load(path, **options)
    message = str(caught.value)
    assert str(path) in message
    assert message.count("\n") < 2
    assert len(message) < 400
    return message


def refused_graph(folder: Path, *arguments: Any, **options: Any) -> str:
    path = folder / "bad.onnx"
    keywords = {k: options.pop(k) for k in ("outputs", "opset", "dtypes") if k in options}
    onnx.save(model(*arguments, **keywords), path)
    return refused(path, **options)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"tile:\n  adc: 8 bit\n", "is a text file (it begins with 'tile:'), expected an ONNX model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (bytes(range(256)) * 4, "is not an ONNX model, or it is truncated or damaged"),
        (b"\x08\x07", "is not an ONNX model"),
    ],
)
def test_a_file_that_is_no_onnx(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    assert expected in refused(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "is a folder, expected an .onnx file" in refused(tmp_path)


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "kws-lstm"])
def test_a_truncated_file_never_passes_for_whole(tmp_path: Path, name: str) -> None:
    whole = (ZOO / f"{name}.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    for length in range(1, len(whole) - 30, max(1, len(whole) // 60)):  # the last bytes only name the opset
        path.write_bytes(whole[:length])
        refused(path)


def test_damaged_bytes_end_in_a_message_or_a_network(tmp_path: Path) -> None:
    rng = random.Random(7)
    whole = (ZOO / "lenet5.onnx").read_bytes()
    path = tmp_path / "damaged.onnx"
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 3, 10])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        with suppress(NetworkError):
            assert load(path).operators


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/passwd", "a/../../weights.bin"])
def test_external_data_outside_the_folder(tmp_path: Path, location: str) -> None:
    proto = model([node("MatMul", "x w", "y")], TOKENS)
    weight = absent("w", (16, 4))
    weight.external_data[0].value = location
    proto.graph.initializer.append(weight)
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    assert f"tensor 'w': its external data '{location}' lie outside the model's folder" in refused(path)


def test_external_data_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(256))
    (tmp_path / "net" / "weights.bin").symlink_to(tmp_path / "outside.bin")
    proto = model([node("MatMul", "x w", "y")], TOKENS)
    proto.graph.initializer.append(absent("w", (16, 4)))
    proto.graph.initializer[-1].external_data[0].value = "weights.bin"
    path = tmp_path / "net" / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    assert "lie outside the model's folder" in refused(path)


def test_a_cycle_is_shown(tmp_path: Path) -> None:
    nodes = [node("Add", "x c", "a"), node("Relu", "a", "b"), node("Neg", "b", "c"), node("Exp", "c", "y")]
    message = refused_graph(tmp_path, nodes, TOKENS)
    assert "the graph has a cycle: 'b' (Relu) -> 'c' (Neg) -> 'a' (Add) -> 'b' (Relu)" in message or (
        "cycle: 'c' (Neg) -> 'a' (Add) -> 'b' (Relu) -> 'c' (Neg)" in message
    )


def test_names_that_nobody_or_two_make(tmp_path: Path) -> None:
    message = refused_graph(tmp_path, [node("Add", "x ghost", "y")], TOKENS)
    assert "node 'y' (Add): input 'ghost' is made by no node" in message
    nodes = [node("Relu", "x", "a"), node("Neg", "x", "a"), node("Exp", "a", "y")]
    assert "node 'a' (Neg): tensor 'a' is made twice" in refused_graph(tmp_path, nodes, TOKENS)
    message = refused_graph(tmp_path, [node("Relu", "x", "y")], TOKENS, outputs=["z"])
    assert "output 'z' is made by no node" in message


def test_two_nodes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    nodes = [node("Relu", "x", "a"), node("MatMul", "a w", "y")]
    nodes[0].name = nodes[1].name = "same"
    network = imported(tmp_path, nodes, TOKENS, {"w": (16, 4)})
    assert [o.name for o in body(network)] == ["same", "same#2"]


def test_unknown_operators(tmp_path: Path) -> None:
    nodes = [
        node("Relu", "x", "r"),
        node("FancyNorm", "r w", "y", domain="com.example"),
        node("Exp", "y", "z"),
    ]
    message = refused_graph(tmp_path, nodes, TOKENS, {"w": (16,)})
    assert "node 'y' (FancyNorm): operator 'FancyNorm' of domain 'com.example' is not known" in message
    assert "the file does not say the shape of its output" in message
    proto = model(nodes, TOKENS, {"w": (16,)})
    proto.graph.value_info.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, TOKENS["x"]))
    onnx.save(proto, tmp_path / "bad.onnx")
    assert "`unknown_operators: vector` takes it as one operation per output element" in refused(
        tmp_path / "bad.onnx"
    )
    network = load(tmp_path / "bad.onnx", unknown_operators="vector")
    _, made, _ = body(network)
    assert (made.kind, made.function, made.work, made.params) == ("vector", "unknown", 16, 16)
    assert made.inputs[0].window.kind == "all"
    assert len(network.notes) == 1
    assert "'FancyNorm' is not known; taken as one operation per output element" in network.notes[0]


def test_an_unknown_operator_with_a_matrix_is_never_vector_work(tmp_path: Path) -> None:
    proto = model([node("Fancy", "x w", "y", domain="com.example")], TOKENS, {"w": (16, 4)})
    proto.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 6, 4)))
    onnx.save(proto, tmp_path / "bad.onnx")
    message = refused(tmp_path / "bad.onnx", unknown_operators="vector")
    assert "its work hides in its stored 'w' (16x4)" in message
    assert "`operator: com.example:Fancy=matmul`" in message


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"com.example:Fancy": "gelus"}, "`operator`: found 'gelus', expected 'matmul', an ONNX operator"),
        ({"Fancy": "matmul"}, "as matmul: its input has 16 features, its matrix is 5x4"),
    ],
)
def test_rules_that_do_not_fit(tmp_path: Path, rules: dict[str, str], expected: str) -> None:
    nodes = [node("Fancy", "x w", "y", domain="com.example")]
    assert expected in refused_graph(tmp_path, nodes, TOKENS, {"w": (5, 4)}, operators=rules)


def test_a_rule_for_an_operator_that_is_not_there(tmp_path: Path) -> None:
    message = refused_graph(tmp_path, [node("Relu", "x", "y")], TOKENS, operators={"Rely": "gelu"})
    assert "`operator`: 'Rely' does not occur in the network; did you mean 'Relu'?" in message


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"outputs": ["hiden"]},
            "output 'hiden': the network has no such tensor or node; did you mean 'hidden'?",
        ),
        ({"inputs": ["zz"]}, "input 'zz': the network has no such tensor or node"),
        ({"values": {"y": 1}}, "`value` of 'y': no input is called so; inputs: x"),
        ({"values": {"x": [1.0, 2.0]}}, "`value` of 'x': 2 numbers, the input has shape 1x6x16"),
    ],
)
def test_cuts_at_what_is_not_there(tmp_path: Path, asked: dict[str, Any], expected: str) -> None:
    nodes = [node("Relu", "x", "hidden"), node("Exp", "hidden", "y")]
    onnx.save(model(nodes, TOKENS), tmp_path / "bad.onnx")
    assert expected in refused(tmp_path / "bad.onnx", **asked)


def test_loops_and_live_conditions(tmp_path: Path) -> None:
    def branch(op: str) -> onnx.GraphProto:
        out = helper.make_empty_tensor_value_info("inner")
        return helper.make_graph([helper.make_node(op, ["x"], ["inner"])], op, [], [out])

    choose = helper.make_node(
        "If", ["yes"], ["y"], name="choose", then_branch=branch("Exp"), else_branch=branch("Log")
    )
    message = refused_graph(tmp_path, [choose], {**TOKENS, "yes": ()}, dtypes={"yes": TensorProto.BOOL})
    assert "node 'choose' (If): its condition 'yes' is not constant" in message
    loop = helper.make_node("Loop", ["n", "", "x"], ["y"], name="again", body=branch("Exp"))
    message = refused_graph(tmp_path, [loop], {**TOKENS, "n": ()}, dtypes={"n": TensorProto.INT64})
    assert "node 'again' (Loop): its number of turns 'n' is not constant; `value` can fix an input" in message
    message = refused_graph(tmp_path, [loop], TOKENS, {"n": np.array(3)})
    assert (
        "node 'again' (Loop): its body takes 0 inputs and makes 1 outputs, expected 3 and at least 2"
        in message
    )


@pytest.mark.parametrize(
    ("nodes", "constants", "expected"),
    [
        (
            [node("Conv", "x w", "y")],
            {"w": (4, 5, 3)},
            "node 'y' (Conv): weights for 5 input channels, its input has 6",
        ),
        ([node("MatMul", "x w", "y")], {"w": (5, 4)}, "node 'y' (MatMul): its shapes do not fit"),
        (
            [node("MaxPool", "x", "y")],
            {},
            "node 'y' (MaxPool): is not valid ONNX: Required attribute 'kernel_shape' is missing",
        ),
        ([node("Relu", "x x", "y")], {}, "node 'y' (Relu): is not valid ONNX"),
        # ONNX's inference ended the process at both of these.
        (
            [node("GatherND", "x i", "y", batch_dims=-2)],
            {"i": np.zeros((1, 6, 1), np.int64)},
            "node 'y' (GatherND): batch_dims -2, expected 0 to 2",
        ),
        (
            [node("Split", "x", "y b c", num_outputs=1, axis=1)],
            {},
            "node 'y' (Split): num_outputs 1, expected its 3 outputs",
        ),
        (
            [node("NonZero", "x", "i"), node("Cast", "i", "y", to=1)],
            {},
            "node 'i' (NonZero): the size of what it makes depends on the data, and nothing is computed",
        ),
        ([node("Cast", "x", "s", to=7), node("Reshape", "x s", "y")], {}, "node 'y' (Reshape)"),
    ],
)
def test_nodes_that_do_not_fit(tmp_path: Path, nodes: Any, constants: Any, expected: str) -> None:
    assert expected in refused_graph(tmp_path, nodes, TOKENS, constants)


def test_a_zero_point_of_any_size_is_never_made(tmp_path: Path) -> None:
    made = node("MatMulInteger", "x w z", "y")
    inputs, codes = {"x": (2**31, 4), "z": (2**31,)}, dict.fromkeys("xz", TensorProto.UINT8)
    path = tmp_path / "net.onnx"
    onnx.save(model([made], inputs, {"w": np.ones((4, 3), np.uint8)}, dtypes=codes), path)
    assert load(path).operators[-1].output.grid.n_tokens == 2**31


def test_tensors_without_elements(tmp_path: Path) -> None:
    message = refused_graph(tmp_path, [node("Relu", "x", "y")], {"x": (1, 0, 16)})
    assert "input 'x' (1x?x16) has unbound dimensions: 1 without a name" in message
    cut = [node("Slice", "x a a axis", "s"), node("Relu", "s", "y")]
    message = refused_graph(tmp_path, cut, TOKENS, {"a": np.array([2]), "axis": np.array([1])})
    assert "node 's' (Slice): its output 's' has shape (1, 0, 16), a tensor without elements" in message


def test_a_shape_that_the_file_does_not_allow(tmp_path: Path) -> None:
    nodes = [node("Reshape", "x s", "r"), node("Relu", "r", "y")]
    onnx.save(model(nodes, {"x": (1, 6, 16)}, {"s": np.array([6, 16])}), tmp_path / "net.onnx")
    message = refused(tmp_path / "net.onnx", input_shapes={"x": (2, 6, 16)})
    assert "node 'r' (Reshape)" in message
    assert "another number of elements" in message
    assert "made for another input shape" in refused(ZOO / "gpt2.onnx", input_shapes={"a_0": (1, 1)})


def test_a_network_that_computes_nothing(tmp_path: Path) -> None:
    nodes = [node("Add", "a a", "y")]
    assert "no output is computed from an input" in refused_graph(tmp_path, nodes, TOKENS, {"a": (3,)})


def test_too_old(tmp_path: Path) -> None:
    message = refused_graph(tmp_path, [node("Relu", "x", "y")], TOKENS, opset=6)
    assert "opset 6, expected 7 or newer" in message


def test_a_fill_of_any_size_is_never_made(tmp_path: Path) -> None:
    nodes = [node("ConstantOfShape", "n", "w"), node("MatMul", "x w", "y")]
    made = only(imported(tmp_path, nodes, TOKENS, {"n": np.array([16, 10**12])}))
    assert made.params == 16 * 10**12


def test_absent_weights_raise_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load("lenet5")


@pytest.mark.parametrize("where", ["node", "op_type", "input", "tensor", "inside", "function"])
def test_names_that_are_no_text(tmp_path: Path, where: str) -> None:
    proto = model([node("Add", "x c", "y")], TOKENS, {"c": (16,)})
    (made,) = proto.graph.node
    if where == "inside":
        branch = helper.make_graph([node("Neg", "x", "MARKMARK")], "b", [], [])
        proto.graph.node.append(helper.make_node("If", ["c"], ["z"], then_branch=branch, else_branch=branch))
    elif where == "function":
        body, imports = [node("Neg", "a", "b")], [helper.make_opsetid("", 20)]
        body[0].op_type = "MARKMARK"
        proto.functions.append(helper.make_function("f", "f", ["a"], ["b"], body, imports))
    elif where == "tensor":
        proto.graph.initializer[0].name = "MARKMARK"
    elif where == "input":
        made.input[1] = "MARKMARK"
    else:
        setattr(made, "name" if where == "node" else where, "MARKMARK")
    path = tmp_path / "bytes.onnx"
    path.write_bytes(proto.SerializeToString().replace(b"MARKMARK", b"\xff\xfeMARKED"))
    assert "is not UTF-8, expected text" in refused(path)


@pytest.mark.parametrize("size", [-1, -(2**63), 2**48])
def test_a_stored_tensor_of_no_size(tmp_path: Path, size: int) -> None:
    proto = model([node("Add", "x c", "y")], TOKENS, {"c": (16,)})
    proto.graph.initializer[0].dims[:] = [size, 16]
    path = tmp_path / "sizes.onnx"
    onnx.save(proto, path)
    assert f"tensor 'c' has shape {size}x16, expected sizes of at least 0" in refused(path)


def test_a_sequence_of_too_many_parts(tmp_path: Path) -> None:
    nodes = [node("SplitToSequence", "x", "s", axis=0), node("SequenceAt", "s i", "y")]
    message = refused_graph(tmp_path, nodes, {"x": (2**31 - 1, 4)}, {"i": np.array(0)})
    assert "2147483647 places along axis 0, expected at most 4096" in message


def test_scores_that_no_memory_holds_have_no_mask_that_is_looked_for(tmp_path: Path) -> None:
    network = imported(tmp_path, [node("Softmax", "x", "y")], {"x": (2**24, 2**24)})
    assert only(network).reach is None


def test_a_value_that_crashes_the_runtime_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in a process of its own: the command goes on, and says what it lacks."""
    pytest.importorskip("onnxruntime")

    def fails(*_: object) -> None:
        raise NotImplementedError("not in the reference")

    monkeypatch.setattr(folding, "_by_reference", fails)
    graph = [node("Add", "a b", "s"), node("Reshape", "x s", "r"), node("Relu", "r", "y")], TOKENS
    stored = {"a": np.array([3, 30]), "b": np.array([1, -6])}
    assert body(imported(tmp_path, *graph, stored))[-1].output.shape == (4, 24)
    monkeypatch.setattr(folding, "WORKER", "import os; os.abort()")
    assert "node 'r' (Reshape): the shape of its output 'r' cannot be told" in refused_graph(
        tmp_path, *graph, stored
    )
