"""Do the nodes that stand for an operator of ONNX Runtime compute what it computes?

ONNX Runtime itself is the oracle: it runs the operator, and the nodes that are written in its place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from ohmsum.workloads.onnx_import.standins import STAND_INS, Body
from onnx import TensorProto, helper

ort = pytest.importorskip("onnxruntime")
Array = npt.NDArray[Any]
RNG = np.random.default_rng(7)
MICROSOFT = "com.microsoft"
BIG = {"num_heads": 2}


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def codes(*shape: int, dtype: Any = np.uint8) -> Array:
    bounds = np.iinfo(dtype)
    return RNG.integers(bounds.min // 2, bounds.max // 2, shape, dtype)


def one(value: float, dtype: Any = np.float32) -> Array:
    return np.array(value, dtype)


SCALE, POINT, SIGNED = one(0.02), one(12, np.uint8), one(3, np.int8)
X = codes(1, 4, 6, 6)
SEQ = floats(2, 5, 8)  # two sequences of five tokens, two heads of four
LENGTHS = np.array([5, 3], np.int32)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int32)

CASES: dict[str, tuple[str, str, list[Any], dict[str, Any]]] = {
    # name: domain, operator, inputs (None: left out), attributes
    "FusedConv": (
        MICROSOFT, "FusedConv", [floats(1, 4, 6, 6), floats(8, 4, 3, 3), floats(8)],
        {"activation": "Relu", "pads": [1, 1, 1, 1]},
    ),
    "FusedConv with a sum": (
        MICROSOFT, "FusedConv", [floats(1, 4, 6, 6), floats(8, 4, 3, 3), floats(8), floats(1, 8, 4, 4)],
        {"activation": "Relu"},
    ),
    "FusedConv leaky": (
        MICROSOFT, "FusedConv", [floats(1, 4, 6, 6), floats(8, 4, 3, 3)],
        {"activation": "LeakyRelu", "activation_params": [0.2]},
    ),
    "FusedMatMul": (
        MICROSOFT, "FusedMatMul", [floats(2, 8, 3), floats(2, 8, 5)], {"transA": 1, "alpha": 0.5},
    ),
    "FusedMatMul by batch": (
        MICROSOFT, "FusedMatMul", [floats(3, 2, 4), floats(2, 4, 5)], {"transBatchA": 1},
    ),
    "FusedGemm": (
        MICROSOFT, "FusedGemm", [floats(3, 8), floats(5, 8), floats(5)], {"transB": 1, "activation": "Relu"},
    ),
    "BiasGelu": (MICROSOFT, "BiasGelu", [SEQ, floats(8)], {}),
    "Gelu": (MICROSOFT, "Gelu", [SEQ], {}),
    "FastGelu": (MICROSOFT, "FastGelu", [SEQ, floats(8)], {}),
    "QuickGelu": (MICROSOFT, "QuickGelu", [SEQ], {"alpha": 1.702}),
    "SkipLayerNormalization": (
        MICROSOFT, "SkipLayerNormalization", [SEQ, floats(2, 5, 8), floats(8), floats(8), floats(8)], {},
    ),
    "SkipSimplifiedLayerNormalization": (
        MICROSOFT, "SkipSimplifiedLayerNormalization", [SEQ, floats(2, 5, 8), floats(8)], {},
    ),
    "SimplifiedLayerNormalization": ("", "SimplifiedLayerNormalization", [SEQ, floats(8)], {"axis": -1}),
    "EmbedLayerNormalization": (
        MICROSOFT, "EmbedLayerNormalization",
        [codes(2, 5).astype(np.int32) % 30, MASK, floats(30, 8), floats(16, 8), floats(2, 8), floats(8),
         floats(8), MASK], {},
    ),
    "Attention": (MICROSOFT, "Attention", [SEQ, floats(8, 24), floats(24)], BIG),
    "Attention causal": (
        MICROSOFT, "Attention", [SEQ, floats(8, 24), floats(24)], {**BIG, "unidirectional": 1},
    ),
    "Attention masked": (MICROSOFT, "Attention", [SEQ, floats(8, 24), floats(24), MASK], BIG),
    "Attention lengths": (MICROSOFT, "Attention", [SEQ, floats(8, 24), floats(24), LENGTHS], BIG),
    "Attention with a past": (
        MICROSOFT, "Attention", [SEQ, floats(8, 24), floats(24), None, floats(2, 2, 2, 3, 4)],
        {**BIG, "unidirectional": 1},
    ),
    "MultiHeadAttention": (
        MICROSOFT, "MultiHeadAttention", [SEQ, floats(2, 7, 8), floats(2, 7, 8), floats(24)], BIG,
    ),
    "MultiHeadAttention of heads": (
        MICROSOFT, "MultiHeadAttention", [SEQ, floats(2, 2, 7, 4), floats(2, 2, 7, 4)], BIG,
    ),
    "GroupQueryAttention": (
        MICROSOFT, "GroupQueryAttention",
        [floats(1, 5, 32), floats(1, 5, 16), floats(1, 5, 16), None, None, np.array([4], np.int32),
         one(5, np.int32)], {"num_heads": 4, "kv_num_heads": 2},
    ),
    "GroupQueryAttention in one": (
        MICROSOFT, "GroupQueryAttention",
        [floats(1, 5, 64), None, None, None, None, np.array([4], np.int32), one(5, np.int32)],
        {"num_heads": 4, "kv_num_heads": 2, "local_window_size": 2},
    ),
    "QLinearConv": (
        "", "QLinearConv",
        [X, SCALE, POINT, codes(8, 4, 3, 3, dtype=np.int8), floats(8) ** 2, np.zeros(8, np.int8), one(0.5),
         POINT, codes(8, dtype=np.int32) % 100], {"pads": [1, 1, 1, 1]},
    ),
    "QLinearMatMul": (
        "", "QLinearMatMul", [codes(3, 8), SCALE, POINT, codes(8, 5), SCALE, POINT, one(0.05), POINT], {},
    ),
    "MatMulInteger": ("", "MatMulInteger", [codes(3, 8), codes(8, 5), POINT, POINT], {}),
    "ConvInteger": ("", "ConvInteger", [X, codes(8, 4, 3, 3), POINT, POINT], {}),
    "QGemm": (
        MICROSOFT, "QGemm",
        [codes(3, 8), SCALE, POINT, codes(5, 8, dtype=np.int8), SCALE, SIGNED, codes(5, dtype=np.int32) % 50,
         one(0.05), POINT], {"transB": 1},
    ),
    "QLinearAdd": (MICROSOFT, "QLinearAdd", [X, SCALE, POINT, X, one(0.03), POINT, one(0.05), POINT], {}),
    "QLinearMul": (MICROSOFT, "QLinearMul", [X, SCALE, POINT, X, one(0.03), POINT, one(0.05), POINT], {}),
    "QLinearSigmoid": (MICROSOFT, "QLinearSigmoid", [X, SCALE, POINT, one(1 / 256), one(0, np.uint8)], {}),
    "QLinearLeakyRelu": (MICROSOFT, "QLinearLeakyRelu", [X, SCALE, POINT, SCALE, POINT], {"alpha": 0.1}),
    "QLinearAveragePool": (
        MICROSOFT, "QLinearAveragePool", [X, SCALE, POINT, SCALE, POINT], {"kernel_shape": [2, 2]},
    ),
    "QLinearGlobalAveragePool": (
        MICROSOFT, "QLinearGlobalAveragePool", [codes(1, 6, 6, 4), SCALE, POINT, SCALE, POINT],
        {"channels_last": 1},
    ),
    "QLinearConcat": (
        MICROSOFT, "QLinearConcat", [SCALE, POINT, X, SCALE, POINT, X, one(0.01), POINT], {"axis": 1},
    ),
    "QLinearSoftmax": (
        MICROSOFT, "QLinearSoftmax", [codes(3, 8), one(0.1), POINT, one(1 / 256), one(0, np.uint8)],
        {"axis": -1, "opset": 13},
    ),
    "DynamicQuantizeMatMul": (
        MICROSOFT, "DynamicQuantizeMatMul", [SEQ, codes(8, 6), floats(6) ** 2, codes(6), floats(6)], {},
    ),
    "MatMulIntegerToFloat": (
        MICROSOFT, "MatMulIntegerToFloat",
        [codes(3, 8), codes(8, 6), SCALE, floats(6) ** 2, POINT, codes(6)], {},
    ),
    **{
        f"LSTM {direction} with sequences of {lengths}": (
            "", "LSTM",
            [floats(7, len(lengths), 3), floats(n, 16, 3), floats(n, 16, 4), floats(n, 32),
             np.array(lengths, np.int32)],
            {"hidden_size": 4, "direction": direction},
        )
        for lengths in ([4], [5, 2])
        for direction, n in (("forward", 1), ("reverse", 1), ("bidirectional", 2))
    },
    "DynamicQuantizeLSTM": (
        MICROSOFT, "DynamicQuantizeLSTM",
        [floats(3, 1, 6), codes(1, 6, 16), codes(1, 4, 16), floats(1, 32), None, None, None, None,
         np.array([0.02], np.float32), np.array([128], np.uint8), np.array([0.02], np.float32),
         np.array([128], np.uint8)], {"hidden_size": 4},
    ),
    "QAttention": (
        MICROSOFT, "QAttention",
        [codes(2, 5, 8), codes(8, 24), floats(24), one(0.01), one(0.01), None, POINT, POINT], BIG,
    ),
    "MatMulNBits": (
        MICROSOFT, "MatMulNBits", [floats(3, 32), codes(6, 2, 8), floats(12) ** 2],
        {"K": 32, "N": 6, "bits": 4, "block_size": 16},
    ),
    "NhwcMaxPool": (MICROSOFT, "NhwcMaxPool", [codes(1, 6, 6, 4)], {"kernel_shape": [2, 2]}),
}  # fmt: skip
LOOSE = {"DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention"}
"""Operators that round on the way where the nodes do not."""


def run(nodes: list[onnx.NodeProto], feeds: dict[str, Array], outputs: list[str]) -> list[Array]:
    values = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
        for n, v in feeds.items()
    ]
    graph = helper.make_graph(nodes, "test", values, [onnx.ValueInfoProto(name=o) for o in outputs])
    imports = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    model = helper.make_model(graph, opset_imports=imports, ir_version=10).SerializeToString()
    result: list[Array] = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(
        outputs, feeds
    )
    return result


@pytest.mark.parametrize("case", CASES)
def test_the_same_numbers(case: str) -> None:
    domain, op, inputs, attributes = CASES[case]
    names = ["" if value is None else f"i{k}" for k, value in enumerate(inputs)]
    feeds = {f"i{k}": value for k, value in enumerate(inputs) if value is not None}
    n_outputs = {"GroupQueryAttention": 3, "EmbedLayerNormalization": 2, "LSTM": 3}.get(op, 1)
    outputs = [f"o{k}" for k in range(n_outputs)]
    asked = helper.make_node(op, names, outputs, name="node", domain=domain, **attributes)
    if op == "Attention" and len(inputs) > 4:
        asked.output.append("o1")
    body = Body(
        asked,
        18,
        lambda name: feeds[name].shape,
        lambda name: (
            helper.np_dtype_to_tensor_dtype(feeds[name].dtype) if name in feeds else TensorProto.FLOAT
        ),
        feeds.get,
    )
    STAND_INS[domain, op](body)
    wanted = run([asked], feeds, outputs)
    found = run(body.nodes, feeds, outputs)
    for right, value in zip(wanted, found, strict=True):
        if right.dtype in (np.uint8, np.int8):
            assert np.abs(right.astype(int) - value.astype(int)).max() <= 1
        else:
            tolerance = 0.05 if op in LOOSE else 2e-5
            np.testing.assert_allclose(value, right, atol=tolerance * np.abs(right).max(), rtol=tolerance)


def test_the_main_node_has_the_name() -> None:
    node = helper.make_node("FusedConv", ["x", "w"], ["y"], name="conv1", domain=MICROSOFT)
    body = Body(node, 18, lambda name: (1, 1, 1, 1), lambda name: TensorProto.FLOAT)
    STAND_INS[MICROSOFT, "FusedConv"](body)
    assert [n.name for n in body.nodes if n.op_type == "Conv"] == ["conv1"]
