"""Damaged input: a result, or one or two lines and exit 2; never a traceback, a signal or a long wait.

Each kind has its seeds; `OHMSUM_FUZZ=100000 pytest tests/fuzz` makes as many of each as one has hours for,
and `OHMSUM_FUZZ_FROM` begins at another seed.
"""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ohmsum.arch import load, to_yaml
from ohmsum.tools.cli import main
from onnx import helper

from ..kit.onnx_graphs import model, node
from .mutations import EXTREME, mutated_bytes, mutated_text

N = int(os.environ.get("OHMSUM_FUZZ", "60"))
FIRST = int(os.environ.get("OHMSUM_FUZZ_FROM", "0"))
CHIPS = ["isaac", "systolic", "hermes-64", "neurram", "ane-like"]
LONGEST_CPU_S = 20.0
MOST_KIB = 4 * 1024 * 1024
SUITE = """\
metrics: {latency_s: 1 %, energy_j: {tolerance: 2 %, better: less}}
cases:
  - {name: a, network: mlp, chip: isaac}
  - {name: b, network: mlp, chip: systolic, batch: 2, set: {mac_array.rows: 64}}
"""
SPEC = """\
fixed: {chip: isaac, network: mlp}
vary: {tile.adc.bits: [6, 8], noc.flit: [32 bit, 64 bit]}
objectives: {latency_s: minimize}
"""
COMMAND = "run mlp --chip isaac --batch 2 --set tile.adc.bits=7 --set noc.flit=64bit --arrival poisson:1000/s"


OPERATORS = ["Conv", "Gemm", "Reshape", "If", "Loop", "Einsum", "Expand", "Tile", "Foo"]
WORDS = ["--training", "--swap", "--prefill", "8", "--detail", "flit", "--chips", "3"]
FIELDS = [
    "tile.adc.bits", "tile.count", "tile.crossbar.rows", "noc.flit", "node", "mac_array.count",
    "host.throughput",
    "memory.bandwidth", "tile.buffer.capacity", "chips.count", "tile.adc.energy",
]  # fmt: skip


def graphs() -> list[bytes]:
    """Files of small networks."""
    convolution = model(
        [
            node("Conv", "x w b", "c", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
            node("Relu", "c", "r"),
            node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("Reshape", "p shape", "f"),
            node("Gemm", "f v", "y"),
        ],
        {"x": [1, 2, 6, 6]},
        {
            "w": np.ones((4, 2, 3, 3), np.float32),
            "b": np.zeros(4, np.float32),
            "v": np.ones((36, 5), np.float32),
            "shape": np.array([1, 36]),
        },
    )
    attention = model(
        [
            node("MatMul", "x q", "queries"),
            node("Transpose", "x", "keys", perm=[0, 2, 1]),
            node("MatMul", "queries keys", "scores"),
            node("Softmax", "scores", "weights", axis=-1),
            node("MatMul", "weights x", "mixed"),
            node("LayerNormalization", "mixed scale", "y", axis=-1),
        ],
        {"x": [1, "n", 8]},
        {"q": np.ones((8, 8), np.float32), "scale": np.ones(8, np.float32)},
    )
    recurrent = model(
        [node("LSTM", "x w r", "y h c", hidden_size=4), node("Slice", "y starts ends", "s")],
        {"x": [5, 1, 3]},
        {
            "w": np.ones((1, 16, 3), np.float32),
            "r": np.ones((1, 16, 4), np.float32),
            "starts": np.array([0]),
            "ends": np.array([2]),
        },
    )
    quantised = model(
        [
            node("QuantizeLinear", "x scale zero", "q"),
            node("DequantizeLinear", "q scale zero", "d"),
            node("DequantizeLinear", "w scale wzero", "wd"),
            node("MatMul", "d wd", "y"),
        ],
        {"x": [3, 4]},
        {
            "scale": np.float32(0.1),
            "zero": np.uint8(3),
            "wzero": np.int8(0),
            "w": np.ones((4, 6), np.int8),
        },
    )
    return [m.SerializeToString() for m in (convolution, attention, recurrent, quantised)]


def a_chip(folder: Path, draw: random.Random) -> list[str]:
    texts = [to_yaml(load(name)) for name in draw.sample(CHIPS, 2)]
    file = folder / "chip.yaml"
    file.write_text(mutated_text(texts[0], draw, texts[1:]), encoding="utf-8", errors="surrogateescape")
    return ["run", "mlp", "--chip", str(file)]


def a_setting(folder: Path, draw: random.Random) -> list[str]:
    chip = draw.choice(CHIPS)
    lines = [line for line in to_yaml(load(chip)).splitlines() if ": " in line]
    field = draw.choice([*FIELDS, draw.choice(lines).split(":")[0]])
    return ["run", "lenet5", "--chip", chip, "--set", f"{field.strip()}={draw.choice(EXTREME)}"]


def an_onnx_file(folder: Path, draw: random.Random) -> list[str]:
    file = folder / "network.onnx"
    file.write_bytes(mutated_bytes(draw.choice(graphs()), draw))
    return ["run", str(file), "--chip", draw.choice(CHIPS), "--bind", "n=4"]


def an_onnx_graph(folder: Path, draw: random.Random) -> list[str]:
    """A file that is whole, with a graph that is not: nodes, names, shapes and constants changed."""
    import onnx

    made = onnx.load_from_string(draw.choice(graphs()))
    graph = made.graph
    for _ in range(draw.randint(1, 3)):
        if not graph.node:
            break
        one = draw.choice(graph.node)
        match draw.randrange(9):
            case 0:
                graph.node.remove(one)
            case 1 if one.input:
                one.input[draw.randrange(len(one.input))] = draw.choice([*one.output, "", "nowhere", "x"])
            case 2:
                one.op_type = draw.choice(
                    ["Conv", "Gemm", "Reshape", "If", "Loop", "Einsum", "Expand", "Tile", "Foo"]
                )
            case 3:
                one.attribute.append(
                    helper.make_attribute(draw.choice(["axis", "group", "perm"]), draw.randint(-9, 99))
                )
            case 4 if graph.initializer:
                tensor = draw.choice(graph.initializer)
                tensor.dims[:] = [draw.choice([0, 1, 3, -1, 2**31, 2**62]) for _ in range(draw.randint(0, 4))]
            case 5:
                value = helper.make_tensor_value_info(one.output[0], 1, [draw.choice([1, 7, -1, 2**40])])
                graph.value_info.append(value)
            case 6:
                graph.input[0].type.tensor_type.shape.dim[0].dim_value = draw.choice([0, -1, 3, 2**33])
            case 7:
                one.input.extend([draw.choice(["", "x", *one.input])] * draw.randint(1, 3))
            case _:
                del one.attribute[:]
    file = folder / "network.onnx"
    file.write_bytes(made.SerializeToString())
    return ["run", str(file), "--chip", draw.choice(CHIPS), "--bind", "n=4"]


def a_suite(folder: Path, draw: random.Random) -> list[str]:
    file = folder / "suite.yaml"
    file.write_text(mutated_text(SUITE, draw, [SPEC]), encoding="utf-8", errors="surrogateescape")
    return ["check", str(file), "--update", "--jobs", "1", "--junit", str(folder / "j.xml")]


def a_sweep(folder: Path, draw: random.Random) -> list[str]:
    file = folder / "space.yaml"
    file.write_text(mutated_text(SPEC, draw, [SUITE]), encoding="utf-8", errors="surrogateescape")
    return ["sweep", str(file), "--jobs", "1", "--csv", str(folder / "rows.csv")]


def a_command(folder: Path, draw: random.Random) -> list[str]:
    words = COMMAND.split()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(1, len(words))
        match draw.randrange(5):
            case 0:
                words[at] = draw.choice(EXTREME)
            case 1:
                del words[at]
            case 2:
                words.insert(at, words[draw.randrange(len(words))])
            case 3:
                words.insert(
                    at,
                    draw.choice(
                        ["--training", "--swap", "--prefill", "8", "--detail", "flit", "--chips", "3"]
                    ),
                )
            case _:
                words[at] = mutated_text(words[at], draw)
    return [word for word in words if "\0" not in word]


def most_kib() -> int:
    """Most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


KINDS = [a_chip, a_setting, an_onnx_file, an_onnx_graph, a_suite, a_sweep, a_command]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_damaged_input(
    kind: Callable[[Path, random.Random], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    counts, before = {0: 0, 1: 0, 2: 0}, most_kib()
    for seed in range(FIRST, FIRST + N):
        for file in tmp_path.iterdir():
            file.unlink()
        arguments = kind(tmp_path, random.Random(f"{kind.__name__} {seed}"))
        start = time.process_time()
        try:
            code = main(arguments)
        except BaseException as error:
            pytest.fail(f"seed {seed}: {arguments}: {type(error).__name__}: {error}", pytrace=True)
        said = capfd.readouterr().err
        assert code in counts, f"seed {seed}: {arguments}: exit {code}"
        counts[code] += 1
        if code == 2:
            assert 1 <= len(said.splitlines()) <= 3, f"seed {seed}: {arguments}: {said}"
            assert "Traceback" not in said, f"seed {seed}: {arguments}"
        assert time.process_time() - start < LONGEST_CPU_S, f"seed {seed}: {arguments}"
    assert most_kib() <= max(before, MOST_KIB), "no more than the tests before took"
    assert counts[2] > N // 10, "the mutations do damage"
