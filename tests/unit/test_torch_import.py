"""Is a network the same whether it comes as ONNX, as a torch program, or as a module?"""

from __future__ import annotations

import dataclasses
import importlib
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from ohmsum import arch, workloads
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.program import Program
from ohmsum.tools.cli import main
from ohmsum.workloads.graph import Network
from ohmsum.workloads.load import read
from ohmsum.workloads.torch_import import model_of
from ohmsum.workloads.torch_import.translate import quiet

from ..kit.torch_modules import NETWORKS, network


@dataclasses.dataclass(frozen=True)
class Exported:
    """One module as two files, and what became of the second."""

    name: str
    module: torch.nn.Module
    example: torch.Tensor
    onnx: Path
    pt2: Path
    net: Network


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    module, example = network(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    onnx, pt2 = folder / "net.onnx", folder / "net.pt2"
    with quiet():
        torch.onnx.export(module, (example,), onnx, dynamo=True, verbose=False, external_data=False)
        torch.export.save(torch.export.export(module, (example,)), pt2)
    return Exported(request.param, module, example, onnx, pt2, workloads.load(pt2))


def program_of(net: Network) -> Program:
    """The lowered simulation on a chip that has units for some of the operators."""
    chip = arch.load("hermes-64", n_chips=2)
    return lower(map_network(net, chip), chip)


def differences(a: Program, b: Program) -> list[str]:
    """Fields that are not equal: arrays by value and type, names and numbers as they are."""
    return [
        field.name
        for field in dataclasses.fields(a)
        if not _same(getattr(a, field.name), getattr(b, field.name))
    ]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return bool(a == b)


def test_both_files_give_the_same_program(exported: Exported) -> None:
    """The same: every array, every name of an actor, a resource and a layer."""
    from_onnx = workloads.load(exported.onnx)
    assert from_onnx.hash == exported.net.hash
    assert from_onnx.operators == exported.net.operators
    expected = program_of(from_onnx)
    assert expected.n_resources > 5
    assert not differences(expected, program_of(exported.net))


def test_the_old_exporter_gives_the_same_arrays(exported: Exported, tmp_path: Path) -> None:
    """PyTorch's TorchScript exporter shares no code with the new one; its names are its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = tmp_path / "old.onnx"
        torch.onnx.export(exported.module, (exported.example,), path, dynamo=False, opset_version=17)
    names = {"actor_name", "actor_layer", "resource_name", "resource_members"}
    assert set(differences(program_of(workloads.load(path)), program_of(exported.net))) <= names


def test_lenet5_is_that_of_the_zoo() -> None:
    """The zoo's was made with the onnx package, node by node: PyTorch had no part in it."""
    module, example = network("lenet5")
    zoo, ours = workloads.load("lenet5"), workloads.from_torch(module, example)
    assert [o.name for o in zoo] == [o.name for o in ours]
    assert not differences(program_of(zoo), program_of(ours))


def test_a_difference_would_be_seen() -> None:
    narrow = torch.nn.Sequential(torch.nn.Linear(16, 8))
    wide = torch.nn.Sequential(torch.nn.Linear(16, 9))
    x = torch.zeros(1, 16)
    found = differences(*(program_of(workloads.from_torch(m, x)) for m in (narrow, wide)))
    assert {"channel_bytes", "ledger_count", "table"} & set(found)


def test_operators_have_the_names_of_their_modules(exported: Exported) -> None:
    weights = [o for o in exported.net if o.matrix is not None]
    layers = (torch.nn.Linear, torch.nn.Conv2d, torch.nn.LSTM)
    modules = [name for name, m in exported.module.named_modules() if isinstance(m, layers)]
    assert {o.name.removesuffix("#2") for o in weights} == set(modules)


def test_weights_survive(exported: Exported) -> None:
    """What the ONNX file stores is what the translated program stores; run, it answers as the module does."""
    from_onnx, from_pt2 = read(exported.onnx)[0], read(exported.pt2)[0]
    stored, other = ({t.name: t.raw_data for t in m.graph.initializer} for m in (from_onnx, from_pt2))
    assert stored == other
    session = onnxruntime.InferenceSession(from_pt2.SerializeToString())
    answer = session.run(None, {session.get_inputs()[0].name: exported.example.numpy()})[0]
    with torch.no_grad():
        assert np.allclose(answer, exported.module(exported.example).numpy(), atol=1e-5)


def test_the_mode_of_the_module_is_kept() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(), torch.nn.BatchNorm1d(4))
    module[2].eval()
    net = workloads.from_torch(module, torch.zeros(1, 4))
    assert [m.training for m in module.modules()] == [True, True, True, False]
    assert [o.op for o in net] == ["Input", "Gemm"]  # nothing is dropped, and the norm is in the weights


def test_inputs_by_name_and_programs_with_a_free_batch(tmp_path: Path) -> None:
    module, example = network("mlp")
    batch = torch.export.Dim("batch")
    program = torch.export.export(module, (torch.randn(2, 12),), dynamic_shapes={"x": {0: batch}})
    torch.export.save(program, tmp_path / "free.pt2")
    fixed = workloads.from_torch(module, keywords={"x": example})
    free = workloads.load(tmp_path / "free.pt2", input_shapes={"x": (1, 12)})
    assert [(o.name, o.output.shape) for o in free] == [(o.name, o.output.shape) for o in fixed]
    assert not differences(program_of(fixed), program_of(free))
    with pytest.raises(workloads.NetworkError, match=r"has unbound dimensions: 's.*`input: x=Nx12`"):
        workloads.load(tmp_path / "free.pt2")


class TestWhereOperatorsRun:
    def shown(self, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, list[str]]:
        """Cells of every line of `ohmsum show`, by its first."""
        assert main(["show", *words, "--plain"]) == 0
        lines = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
        return {line[0]: line[1:] for line in lines}

    def test_show_says_where_and_why(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        module, example = network("lenet5")
        with quiet():
            torch.export.save(torch.export.export(module, (example,)), tmp_path / "net.pt2")
        net = str(tmp_path / "net.pt2")
        chip = ["--chip", "hermes-64"]
        found = self.shown(capsys, net, *chip, "--digital", "fc1")
        # 150 x 16 weights of conv2 fill one crossbar of 256 x 256, and are not cut.
        assert found["conv2"][:3] == ["Conv+relu", "crossbar", "1"]
        assert found["conv2"][-1] == "static weights"
        assert found["pool1"] == ["MaxPool", "host", "-", "-", "no unit of the chip offers max_pool"]
        assert found["fc1"][-1].startswith("no unit of the chip offers mac") or "request" in found["fc1"][-1]
        assert found["fc1"][1] != "crossbar"
        assert self.shown(capsys, "lenet5", *chip, "--digital", "fc1").keys() - found.keys() == {
            "lenet5 on hermes-64"
        }

    def test_options_that_need_a_chip(self, capsys: pytest.CaptureFixture[str]) -> None:
        for words in (["lenet5", "--digital", "fc1"], ["lenet5", "--set", "tile.adc.bits=6"]):
            assert main(["show", *words]) == 2
            assert "need --chip" in capsys.readouterr().err
        assert main(["show", "isaac", "--chip", "isaac"]) == 2
        assert "are for networks, this is a chip" in capsys.readouterr().err


@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "num_layers": 2, "bias": False}])
def test_an_lstm_with_a_projection_is_its_steps(options: dict[str, Any]) -> None:
    """Steps x ways x layers x (gates of [x, h], projection); ONNX Runtime computes what PyTorch does."""
    torch.manual_seed(2)
    lstm = torch.nn.LSTM(32, 48, proj_size=16, batch_first=True, **options).eval()
    x = torch.randn(2, 6, 32)
    network = workloads.from_torch(lstm, torch.randn(1, 6, 32))
    sizes = {name: p.numel() for name, p in lstm.named_parameters()}
    second = sum(n for name, n in sizes.items() if name.startswith("bias_hh"))  # added to the first before
    assert network.params == sum(sizes.values()) - second, "first states of zeros are none"
    assert network.macs == (6 * 119_808 // 12 if not options else 2 * 2 * 6 * (4 * 48 * 48 + 16 * 48))
    model = model_of(torch.export.export(lstm, (x,)), "lstm")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    wanted, (state, cell) = lstm(x)
    for found, right in zip(session.run(None, {"input": x.numpy()}), (wanted, state, cell), strict=True):
        np.testing.assert_allclose(found, right.detach().numpy(), atol=1e-5)


def test_first_states_that_are_given() -> None:
    torch.manual_seed(2)
    lstm = torch.nn.LSTM(32, 48, proj_size=16).eval()
    states = (torch.randn(1, 2, 16), torch.randn(1, 2, 48))
    x = torch.randn(3, 2, 32)
    model = model_of(torch.export.export(lstm, (x, states)), "lstm")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    feeds = dict(zip(names, (x.numpy(), *(s.numpy() for s in states)), strict=True))
    np.testing.assert_allclose(session.run(None, feeds)[0], lstm(x, states)[0].detach().numpy(), atol=1e-5)


def test_an_lstm_with_a_projection_over_too_many_steps() -> None:
    with pytest.raises(workloads.NetworkError, match="over 2000 steps, expected at most 1024"):
        workloads.from_torch(torch.nn.LSTM(4, 4, proj_size=2), torch.randn(2000, 1, 4))


class Quantised(torch.nn.Module):
    """What PT2E makes of two linear layers: 8 bits by channel, and 4 bits that lie in 8."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("first", torch.randint(-127, 128, (32, 16), dtype=torch.int8))
        self.register_buffer("second", torch.randint(-8, 8, (8, 32), dtype=torch.int8))
        self.register_buffer("scales", torch.rand(32) + 0.01)
        self.register_buffer("points", torch.zeros(32, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q: Any = torch.ops.quantized_decomposed
        signed, unsigned = (0.1, 3, -128, 127, torch.int8), (0.05, 0, 0, 15, torch.uint8)
        x = q.dequantize_per_tensor(q.quantize_per_tensor(x, *signed), *signed)
        w = q.dequantize_per_channel(self.first, self.scales, self.points, 0, -127, 127, torch.int8)
        y = torch.relu(torch.nn.functional.linear(x, w))
        y = q.dequantize_per_tensor(q.quantize_per_tensor(y, *unsigned), *unsigned)
        w = q.dequantize_per_tensor(self.second, 0.02, 0, -8, 7, torch.int8)
        return torch.nn.functional.linear(y, w)


def test_quantised_exports_say_their_bits(tmp_path: Path) -> None:
    """In a process of its own, which knows the operators only if the reader makes them known."""
    importlib.import_module("torch.ao.quantization.fx._decomposed")
    torch.export.save(torch.export.export(Quantised(), (torch.randn(4, 16),)), tmp_path / "q.pt2")
    code = (
        "import sys; from ohmsum import workloads\n"
        "for o in workloads.load(sys.argv[1]):\n"
        "    if o.matrix: print(o.weight_format, o.input_format, o.params, sep=', ')"
    )
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "q.pt2")],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert told.splitlines() == [
        "int8 per channel, int8 per tensor, 512",
        "int4 per tensor, uint4 per tensor, 256",
    ]
