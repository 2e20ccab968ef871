"""What ONNX Runtime's own quantiser and optimiser write: is it still the network that went in?

Its profile, which has the shapes of every tensor that went through, is the independent count.
"""

from __future__ import annotations

import json
import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from ohmsum import arch
from ohmsum.sim.accuracy.functional import Functional
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.mapping import map_network
from ohmsum.sim.mapping.remarks import other_bits
from ohmsum.tools.cli import main
from ohmsum.workloads import load
from onnx import helper, numpy_helper

from ..kit.onnx_graphs import node

ort = pytest.importorskip("onnxruntime")
Floats = npt.NDArray[np.float32]
KINDS = ("float", "qdq", "qoperator", "dynamic", "optimised")


def weights(rng: np.random.Generator, *shape: int) -> Floats:
    return (rng.standard_normal(shape) * (2 / prod(shape[1:])) ** 0.5).astype(np.float32)


def convolutions() -> tuple[onnx.ModelProto, dict[str, Floats]]:
    """A residual block, pooling, a classifier."""
    rng = np.random.default_rng(3)
    stored = {"w1": weights(rng, 8, 3, 3, 3), "w2": weights(rng, 8, 8, 3, 3), "w3": weights(rng, 8, 10)}
    stored |= {f"b{i}": np.full(8, 0.1 * i, np.float32) for i in (1, 2)} | {
        "b3": np.full(10, 0.1, np.float32)
    }
    nodes = [
        node("Conv", "x w1 b1", "c1", pads=[1] * 4), node("Relu", "c1", "r1"),
        node("Conv", "r1 w2 b2", "c2", pads=[1] * 4), node("Add", "c2 r1", "a"), node("Relu", "a", "r2"),
        node("GlobalAveragePool", "r2", "g"), node("Flatten", "g", "f"), node("MatMul", "f w3", "m"),
        node("Add", "m b3", "y"),
    ]  # fmt: skip
    return made(nodes, {"x": (1, 3, 8, 8)}, stored), {"x": weights(rng, 1, 3, 8, 8)}


def attention() -> tuple[onnx.ModelProto, dict[str, Floats]]:
    """A layer of an encoder: four heads of eight, a feed-forward block."""
    rng = np.random.default_rng(4)
    stored: dict[str, Any] = {n: weights(rng, 32, 32) for n in ("wq", "wk", "wv", "wo")}
    stored |= {"up": weights(rng, 32, 64), "down": weights(rng, 64, 32)}
    stored |= {"split": np.array([1, 6, 4, 8]), "join": np.array([1, 6, 32]), "scale": np.float32(8**-0.5)}
    stored |= {"gamma": np.ones(32, np.float32), "beta": np.zeros(32, np.float32)}
    nodes = []
    for n in "qkv":
        nodes += [node("MatMul", f"x w{n}", f"{n}0"), node("Reshape", f"{n}0 split", f"{n}1")]
        nodes += [node("Transpose", f"{n}1", n, perm=[0, 2, 3, 1] if n == "k" else [0, 2, 1, 3])]
    nodes += [
        node("MatMul", "q k", "s0"), node("Mul", "s0 scale", "s"), node("Softmax", "s", "p", axis=-1),
        node("MatMul", "p v", "o0"), node("Transpose", "o0", "o1", perm=[0, 2, 1, 3]),
        node("Reshape", "o1 join", "o2"), node("MatMul", "o2 wo", "o"), node("Add", "o x", "h0"),
        node("LayerNormalization", "h0 gamma beta", "h", axis=-1), node("MatMul", "h up", "u"),
        node("Relu", "u", "z"), node("MatMul", "z down", "d"), node("Add", "d h", "y"),
    ]  # fmt: skip
    return made(nodes, {"x": (1, 6, 32)}, stored), {"x": weights(rng, 1, 6, 32)}


def made(nodes: Any, inputs: dict[str, Any], stored: dict[str, Any]) -> onnx.ModelProto:
    values = [helper.make_tensor_value_info(n, 1, s) for n, s in inputs.items()]
    tensors = [numpy_helper.from_array(np.asarray(v), n) for n, v in stored.items()]
    graph = helper.make_graph(nodes, "net", values, [helper.make_tensor_value_info("y", 1, None)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="module", params=[convolutions, attention])
def files(
    request: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Path], dict[str, Floats]]:
    quantization = pytest.importorskip("onnxruntime.quantization")
    model, feeds = request.param()
    folder = tmp_path_factory.mktemp("quantised")
    paths = {kind: folder / f"{kind}.onnx" for kind in KINDS}
    onnx.save(model, paths["float"])

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.left = [feeds]

        def get_next(self) -> Any:
            return self.left.pop() if self.left else None

    for kind, form in (("qdq", "QDQ"), ("qoperator", "QOperator")):
        quantization.quantize_static(
            paths["float"], paths[kind], Reader(), quant_format=quantization.QuantFormat[form],
            per_channel=kind == "qdq",
        )  # fmt: skip
    quantization.quantize_dynamic(paths["float"], paths["dynamic"])
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(paths["optimised"])
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    ort.InferenceSession(str(paths["float"]), options, providers=["CPUExecutionProvider"])
    return paths, feeds


def profiled(path: Path, feeds: dict[str, Floats], folder: Path) -> int:
    """Multiply-accumulates by the shapes in ONNX Runtime's profile."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling, options.profile_file_prefix = True, str(folder / "profile")
    options.add_session_config_entry("session.disable_prepacking", "1")  # else weights are not in it
    options.log_severity_level = 4
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    session.run(None, feeds)
    total = 0
    for event in json.loads(Path(session.end_profiling()).read_text("utf-8")):
        if event["name"].endswith("_kernel_time"):
            of = event["args"]
            shapes = [next(iter(s.values())) for s in of["input_type_shape"]]
            out = prod(next(iter(of["output_type_shape"][0].values())))
            if "Conv" in of["op_name"]:
                total += out * prod(shapes[3 if of["op_name"] == "QLinearConv" else 1][1:])
            elif "MatMul" in of["op_name"] or of["op_name"] == "Gemm":
                total += out * shapes[0][-1]
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_work_and_parameters_stay_the_same(files: Any, tmp_path: Path, kind: str) -> None:
    paths, feeds = files
    plain, network = load(paths["float"]), load(paths[kind])
    assert network.macs == plain.macs
    assert network.product_macs == plain.product_macs
    assert network.macs + network.product_macs == profiled(paths[kind], feeds, tmp_path)
    assert network.params == plain.params
    formats = {o.weight_format.code for o in network if o.matrix and o.weight_format}
    assert bool(formats) == (kind not in ("float", "optimised"))
    assert formats <= {"int8", "uint8"}


def test_ideal_devices_give_the_result_of_onnx_runtime(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On crossbars of 8-bit codes, QDQ's 8-bit result: no output is off by more than a code, in the mean."""
    paths, feeds = files
    np.savez(tmp_path / "data.npz", **feeds)
    data = ["--data", str(tmp_path / "data.npz"), "--metric", "sqnr", "--noise", "off", "--seeds", "1"]
    assert main(["accuracy", str(paths["qdq"]), "--chip", "isaac", *data]) == 0
    found = re.search(r"^  ideal devices +(inf|[0-9.]+) dB", capsys.readouterr().out, re.MULTILINE)
    model = onnx.load(paths["qdq"])
    last = next(n for n in model.graph.node if "y" in n.output)
    scale = next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == last.input[1])
    session = ort.InferenceSession(str(paths["qdq"]), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, feeds)
    one_code_db = 20 * np.log10(np.sqrt((wanted**2).mean()) / scale)
    assert found
    assert float(found[1]) > one_code_db  # infinite: nothing differs


@pytest.mark.parametrize("kind", ["qdq", "qoperator", "dynamic"])
def test_an_exact_product_gives_the_result_of_onnx_runtime(files: Any, kind: str) -> None:
    """To the rounding of its own integers: a code more or less where a sum lies between two."""
    paths, feeds = files
    functional = Functional(ModelSource(str(paths[kind])), map_network(load(paths[kind]), arch.load("isaac")))
    matrices = functional.matrices

    def product(name: str, x: Floats) -> Floats:
        groups, k, n = matrices[name].shape
        apart = x.reshape(len(x), groups, k)
        return np.einsum("vgk,gkn->vgn", apart, matrices[name]).reshape(len(x), groups * n)

    (wanted,) = functional.reference(feeds).values()
    (found,) = functional.run(feeds, product).values()
    assert len(matrices) == len([o for o in load(paths[kind]) if o.matrix])
    np.testing.assert_allclose(found, wanted, atol=0.02 * np.abs(wanted).max())


def test_bits_that_a_chip_cannot_keep_are_said_to_be_lost(files: Any) -> None:
    paths, _ = files
    network = load(paths["qdq"])
    layers = [o for o in network if o.matrix]
    narrow = arch.load("isaac", overrides={"tile.weights.bits": "4", "tile.dac.bits": "8"})
    (remark,) = other_bits(layers, narrow)
    assert (
        f"has weights of 8 bits ({layers[0].name}: int8), crossbars of the chip 4: {len(layers)} of" in remark
    )
    assert map_network(network, narrow).remarks == (remark,)


def test_bits_that_a_chip_has_more_of_are_said_to_cost(files: Any) -> None:
    paths, _ = files
    network = load(paths["qdq"])
    layers = [o for o in network if o.matrix]
    isaac = arch.load("isaac")
    for remark, what in zip(
        other_bits(layers, isaac),
        ("cells and energy of 16 bits all the same (`tile.weights.bits`)",
         "cycles and energy of 16 bits all the same (`tile.dac.bits`)"), strict=True,
    ):  # fmt: skip
        assert remark.endswith(f": {len(layers)} of {len(layers)} layers take {what}")
    same = arch.load("isaac", overrides={"tile.weights.bits": "8", "tile.dac.bits": "8"})
    assert other_bits(layers, same) == ()
    mapped = [map_network(network, chip).blocks_of(layers[0].name) for chip in (isaac, same)]
    cells = [m.tiling.cells_used for m in mapped]
    assert cells[0] == 2 * cells[1], "the field does what the remark says"
