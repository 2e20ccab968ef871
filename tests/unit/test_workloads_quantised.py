"""Are quantised networks the networks that were quantised, and are their formats known?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ohmsum.workloads import Format, Network, NetworkError, load
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ..kit.onnx_graphs import body, node

MICROSOFT = "com.microsoft"
INT8, UINT8 = np.int8, np.uint8


def quantised(
    folder: Path,
    nodes: list[NodeProto],
    inputs: dict[str, tuple[int, ...]],
    constants: dict[str, Any],
    *,
    opset: int = 21,
    dtypes: dict[str, int] | None = None,
    tensors: tuple[onnx.TensorProto, ...] = (),
) -> Network:
    """A network with the stored tensors as they are given, whatever their types."""
    values = [
        helper.make_tensor_value_info(n, (dtypes or {}).get(n, TensorProto.FLOAT), s)
        for n, s in inputs.items()
    ]
    stored = [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()] + list(tensors)
    graph = helper.make_graph(
        nodes, "q", values, [helper.make_empty_tensor_value_info(nodes[-1].output[0])], stored
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(MICROSOFT, 1)]
    path = folder / "q.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=imports, ir_version=10).SerializeToString())
    return load(path)


def qdq_conv(axis: bool, codes: Any, opset: int) -> tuple[list[NodeProto], dict[str, Any]]:
    """A convolution between quantisers: 8 filters of 3 x 3 x 4, a bias of 32 bits."""
    by_channel = {"axis": 0} if axis else {}
    scale = np.full(8, 0.1, np.float32) if axis else np.float32(0.1)
    nodes = [
        node("QuantizeLinear", "x xs xz", "xq"),
        node("DequantizeLinear", "xq xs xz", "xd"),
        node("DequantizeLinear", "w ws", "wd", **by_channel),
        node("DequantizeLinear", "b bs", "bd", **by_channel),
        node("Conv", "xd wd bd", "c", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("QuantizeLinear", "r xs xz", "rq"),
        node("DequantizeLinear", "rq xs xz", "y"),
    ]
    constants = {
        "xs": np.float32(0.1), "xz": UINT8(3), "w": np.ones((8, 4, 3, 3), codes), "ws": scale,
        "b": np.ones(8, np.int32), "bs": scale,
    }  # fmt: skip
    return nodes, constants


@pytest.mark.parametrize("opset", [13, 17, 19, 21, 23])
@pytest.mark.parametrize(("by_channel", "per"), [(False, "tensor"), (True, "channel")])
def test_qdq_of_every_opset(tmp_path: Path, opset: int, by_channel: bool, per: str) -> None:
    nodes, constants = qdq_conv(by_channel, INT8, opset)
    network = quantised(tmp_path, nodes, {"x": (1, 4, 10, 10)}, constants, opset=opset)
    (conv,) = body(network)
    assert (conv.op, conv.fused, conv.macs, conv.params) == ("Conv", ("relu",), 100 * 8 * 36, 8 * 36 + 8)
    assert (conv.weight_format, conv.input_format) == (Format("int8", 8, per), Format("uint8", 8))  # type: ignore[arg-type]
    assert network.notes == (
        f"quantised: weights of 1 of 1 layers as int8 per {per}; inputs of 1 of 1 layers as uint8 per tensor",
    )


@pytest.mark.parametrize(
    ("dtype", "code", "bits"),
    [
        (TensorProto.INT4, "int4", 4),
        (TensorProto.UINT4, "uint4", 4),
        (TensorProto.INT16, "int16", 16),
        (TensorProto.UINT16, "uint16", 16),
        (TensorProto.FLOAT8E4M3FN, "float8e4m3fn", 8),
        (TensorProto.FLOAT8E5M2, "float8e5m2", 8),
    ],
)
def test_codes_of_every_type(tmp_path: Path, dtype: int, code: str, bits: int) -> None:
    weights = helper.make_tensor("w", dtype, (16, 8), np.ones(128).tolist())
    nodes = [node("DequantizeLinear", "w s", "wd"), node("MatMul", "x wd", "y")]
    network = quantised(tmp_path, nodes, {"x": (3, 16)}, {"s": np.float32(0.1)}, tensors=(weights,))
    (product,) = body(network)
    assert product.weight_format == Format(code, bits)
    assert (product.macs, product.params) == (3 * 128, 128)


def test_blocks(tmp_path: Path) -> None:
    weights = helper.make_tensor("w", TensorProto.INT4, (16, 8), np.ones(128).tolist())
    nodes = [node("DequantizeLinear", "w s", "wd", axis=0, block_size=4), node("MatMul", "x wd", "y")]
    scales = {"s": np.full((4, 8), 0.1, np.float32)}
    (product,) = body(quantised(tmp_path, nodes, {"x": (3, 16)}, scales, tensors=(weights,)))
    assert product.weight_format == Format("int4", 4, "block", 4)
    assert str(product.weight_format) == "int4 per block of 4"
    scales = {"s": np.full((3, 8), 0.1, np.float32)}
    with pytest.raises(NetworkError, match=r"blocks of 4 .* do not fit scales of .*, expected 4"):
        quantised(tmp_path, nodes, {"x": (3, 16)}, scales, tensors=(weights,))


def test_weights_that_are_made_codes_of_in_the_file(tmp_path: Path) -> None:
    nodes = [
        node("QuantizeLinear", "w s z", "wq"),
        node("DequantizeLinear", "wq s z", "wd"),
        node("Transpose", "wd", "wt"),
        node("MatMul", "x wt", "y"),
    ]
    constants = {"w": np.ones((8, 16), np.float32), "s": np.float32(0.1), "z": INT8(0)}
    (product,) = body(quantised(tmp_path, nodes, {"x": (3, 16)}, constants))
    assert (product.weight_format, product.params) == (Format("int8", 8), 128)


def test_integer_operators(tmp_path: Path) -> None:
    """QLinearConv, then QLinearAdd: what ONNX Runtime's quantiser writes as QOperator."""
    nodes = [
        node("QuantizeLinear", "x s z", "xq"),
        node("QLinearConv", "xq s z w ws wz s z b", "c", pads=[1, 1, 1, 1]),
        node("QLinearAdd", "c s z xq s z s z", "a", domain=MICROSOFT),
        node("DequantizeLinear", "a s z", "y"),
    ]
    constants = {
        "s": np.float32(0.1), "z": UINT8(3), "w": np.ones((4, 4, 3, 3), INT8),
        "ws": np.full(4, 0.1, np.float32),
        "wz": np.zeros(4, INT8), "b": np.ones(4, np.int32),
    }  # fmt: skip
    network = quantised(tmp_path, nodes, {"x": (1, 4, 10, 10)}, constants, opset=11)
    conv, add = body(network)
    assert (conv.name, conv.op, conv.macs, conv.params, add.op) == ("c", "Conv", 100 * 144, 144 + 4, "Add")
    assert (conv.weight_format, conv.input_format) == (Format("int8", 8, "channel"), Format("uint8", 8))


def test_dynamic_quantisation_finds_its_scale_in_the_whole_tensor(tmp_path: Path) -> None:
    nodes = [
        node("DynamicQuantizeLinear", "x", "xq xs xz"),
        node("MatMulInteger", "xq w xz wz", "i"),
        node("Cast", "i", "f", to=1),
        node("Mul", "xs ws", "s"),
        node("Mul", "f s", "y"),
    ]
    constants = {"w": np.ones((16, 8), UINT8), "wz": UINT8(128), "ws": np.float32(0.1)}
    network = quantised(tmp_path, nodes, {"x": (1, 5, 16)}, constants, opset=11)
    by_op = {o.op: o for o in body(network)}
    product = by_op["MatMul"]
    assert (product.macs, product.params) == (5 * 128, 128)
    assert product.weight_format == Format("uint8", 8)
    assert product.input_format == Format("uint8", 8, dynamic=True)
    assert (by_op["DynamicRange"].function, by_op["DynamicRange"].work) == ("reduce", 80)
    assert by_op["DynamicRange"].inputs[0].window.kind == "all"


def test_packed_weights(tmp_path: Path) -> None:
    """MatMulNBits: 32 x 6 weights of 4 bits in blocks of 16."""
    given = {"K": 32, "N": 6, "bits": 4, "block_size": 16}
    nodes = [node("MatMulNBits", "x w s", "y", domain=MICROSOFT, **given)]
    constants = {"w": np.ones((6, 2, 8), UINT8), "s": np.ones(12, np.float32)}
    (product,) = body(quantised(tmp_path, nodes, {"x": (1, 5, 32)}, constants))
    assert (product.name, product.op, product.macs, product.params) == ("y", "MatMul", 5 * 192, 192)
    assert product.weight_format == Format("uint4", 4, "block", 16)
    constants["w"] = np.ones((6, 2, 7), UINT8)
    with pytest.raises(NetworkError, match="holds 168 weights of 4 bits, expected 192"):
        quantised(tmp_path, nodes, {"x": (1, 5, 32)}, constants)


def test_a_table_of_packed_rows(tmp_path: Path) -> None:
    nodes = [
        node("GatherBlockQuantized", "t i s", "g", domain=MICROSOFT, block_size=16, quantize_axis=1),
        node("Relu", "g", "y"),
    ]
    table = helper.make_tensor("t", TensorProto.UINT4, (10, 32), np.ones(320).tolist())
    made = quantised(
        tmp_path, nodes, {"i": (1, 5)}, {"s": np.ones((10, 2), np.float32)},
        dtypes={"i": TensorProto.INT64}, tensors=(table,),
    )  # fmt: skip
    assert (made.params, made.operators[-1].output.shape) == (320, (1, 5, 32))


@pytest.mark.parametrize(("scale", "found"), [(0.0, "0"), (float("nan"), "nan"), (-0.5, "-0.5")])
def test_a_scale_that_is_none(tmp_path: Path, scale: float, found: str) -> None:
    nodes = [node("DequantizeLinear", "w s", "wd"), node("MatMul", "x wd", "y")]
    constants = {"w": np.ones((16, 8), INT8), "s": np.float32(scale)}
    with pytest.raises(NetworkError, match=f"its scale 's' has {found} in it, expected numbers above 0"):
        quantised(tmp_path, nodes, {"x": (3, 16)}, constants)


def test_an_infinite_scale_is_noted(tmp_path: Path) -> None:
    """ONNX Runtime's quantiser writes one for a mask of minus infinities."""
    nodes = [node("DequantizeLinear", "w s", "wd"), node("MatMul", "x wd", "y")]
    constants = {"w": np.ones((16, 8), INT8), "s": np.float32("inf")}
    network = quantised(tmp_path, nodes, {"x": (3, 16)}, constants)
    wanted = "node 'wd' (DequantizeLinear): its scale 's' is infinite: whatever it quantises is lost"
    assert network.notes[0] == wanted


def test_a_zero_point_outside_its_type(tmp_path: Path) -> None:
    nodes = [node("DequantizeLinear", "w s z", "wd"), node("MatMul", "x wd", "y")]
    constants = {"w": np.ones((16, 8), INT8), "s": np.float32(1)}
    outside = onnx.TensorProto(name="z", data_type=TensorProto.INT8, int32_data=[300])
    with pytest.raises(NetworkError, match="tensor 'z' has 300 in it, which is no int8"):
        quantised(tmp_path, nodes, {"x": (3, 16)}, constants, tensors=(outside,))
    constants["z"] = UINT8(3)
    with pytest.raises(NetworkError, match="node 'wd'"):
        quantised(tmp_path, nodes, {"x": (3, 16)}, constants)
