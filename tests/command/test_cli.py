"""Does the command line do what it says, and does it take mistakes with one or two lines and exit code 2?"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
import ohmsum.sim.simulate
import onnx
import pytest
from ohmsum.tools.cli import main
from onnx import TensorProto, helper

ISAAC = "isaac"
Refused = Callable[[Sequence[str]], str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Run a command that must be refused; return what it said."""

    def run(arguments: Sequence[str]) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main([str(a) for a in arguments]) == 2
        out, err = capsys.readouterr()
        assert out == "", "no partial output"
        assert err.startswith("ohmsum: ")
        assert len(err.splitlines()) <= 2, err
        assert sorted(tmp_path.rglob("*")) == before, "no partial files"
        return err

    return run


def model(path: Path, nodes: list[onnx.NodeProto], shape: Sequence[int | str] = (1, 4), **extra: Any) -> Path:
    """Write a small ONNX file with one input x and one output y."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        **extra,
    )
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    )
    return path


# What it says and writes


def test_run_prints_a_report_and_writes_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    assert main(["run", "mlp", "--chip", ISAAC, "--json", str(file)]) == 0
    out, err = capsys.readouterr()
    assert err == "", "no progress where there is no terminal"
    assert out.isascii(), "plain text in a pipe"
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 100
    result = json.loads(file.read_text(encoding="utf-8"))
    assert result["network"]["name"] == "mlp"
    assert result["chip"]["name"].lower() == ISAAC
    assert sum(p["duration_fs"] for p in result["critical_path"]) == result["latency_fs"]
    assert list(tmp_path.iterdir()) == [file], "the temporary file is gone"


def test_two_runs_write_the_same_bytes_on_either_engine(tmp_path: Path) -> None:
    texts = []
    for i, engine in enumerate(("compiled", "compiled", "reference")):
        file = tmp_path / f"{i}.json"
        assert main(["run", "lenet5", "--chip", ISAAC, "--engine", engine, "--json", str(file)]) == 0
        texts.append(
            [line for line in file.read_text(encoding="utf-8").splitlines() if '"wall_s"' not in line]
        )
    assert texts[0] == texts[1] == texts[2]


def test_json_to_standard_output_is_nothing_but_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "mlp", "--chip", ISAAC, "--batch", "3", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["batch"] == 3


def test_out_writes_result_and_report(tmp_path: Path) -> None:
    assert main(["run", "mlp", "--chip", ISAAC, "--out", str(tmp_path / "a" / "b")]) == 0
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == [
        "report.html",
        "report.txt",
        "result.json",
    ]


def test_set_changes_the_chip(tmp_path: Path) -> None:
    """Crossbars read at half the speed: the inference takes longer, and the result says what was changed."""
    results = []
    for i, change in enumerate(([], ["--set", "tile.crossbar.read_time=200 ns"])):
        file = tmp_path / f"{i}.json"
        assert main(["run", "mlp", "--chip", ISAAC, "--json", str(file), *change]) == 0
        results.append(json.loads(file.read_text(encoding="utf-8")))
    assert results[1]["latency_fs"] > results[0]["latency_fs"]
    assert results[1]["provenance"]["options"]["set"] == ["tile.crossbar.read_time=200 ns"]
    assert results[1]["provenance"]["chip_hash"] != results[0]["provenance"]["chip_hash"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["chips"], ["isaac", "hermes-64", "systolic"]),
        (["networks"], ["resnet50", "mlp", "MACs"]),
        (["show", "isaac"], ["tile.adc.bits", "published"]),
        (["show", "isaac", "--cost"], ["65.8 W", "TOPS/W"]),
        (["show", "isaac", "--yaml"], ["tile:", "crossbar:"]),
        (["show", "--schema"], ['"$schema"', '"crossbar"']),
        (["show", "lenet5"], ["Conv", "parameters"]),
        (["--version"], ["ohmsum 0."]),
        (
            ["--version", "--verbose"],
            ["ohmsum 0.", f"Python {platform.python_version()} ", f"numpy {numpy.__version__}\n", "onnx "],
        ),
        (["run", "--help"], ["--chip", "--no-host", "--json"]),
    ],
)
def test_lists_and_descriptions(
    arguments: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    for text in expected:
        assert text in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--verbose"], "goes with --version"), (["--verbose", "chips"], "goes with --version")],
)
def test_the_root_alone(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert expected in capsys.readouterr().err


def test_a_printed_chip_can_be_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["show", ISAAC, "--yaml"]) == 0
    file = tmp_path / "mine.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["run", "mlp", "--chip", str(file)]) == 0


def test_help_loads_nothing_heavy() -> None:
    program = "from ohmsum.tools.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    code = f"import sys; {program}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "typer" in loaded
    assert not loaded & {
        "numpy",
        "numba",
        "onnx",
        "networkx",
        "pydantic",
        "simpy",
        "ohmsum.sim",
        "ohmsum.arch.chip",
    }


def test_module_and_command_are_the_same() -> None:
    by_module = subprocess.run(
        [sys.executable, "-m", "ohmsum", "rum"], capture_output=True, text=True, check=False
    )
    assert by_module.returncode == 2
    assert "Did you mean 'run'?" in by_module.stderr


# Mistakes on the command line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["rum"], "Did you mean 'run'?"),
        (["run"], "NETWORK"),
        (["run", "mlp"], "--chip"),
        (["run", "mlp", "--chip", "isaak"], "did you mean 'isaac'?"),
        (["run", "resnet51", "--chip", ISAAC], "did you mean 'resnet50'?"),
        (["run", "mlp", "--chip", ISAAC, "--batch", "0"], "expected a whole number from 1"),
        (["run", "mlp", "--chip", ISAAC, "--batch", "x"], "--batch"),
        (["run", "mlp", "--chip", ISAAC, "--chips", "0"], "--chips"),
        (["run", "mlp", "--chip", ISAAC, "--engine", "warp"], "'compiled' or 'reference'"),
        (["run", "mlp", "--chip", ISAAC, "--set", "tile.adc.bist=6"], "did you mean 'bits'?"),
        (["run", "mlp", "--chip", ISAAC, "--set", "tile.adc.bits"], "expected NAME=VALUE"),
        (["run", "mlp", "--chip", ISAAC, "--set", "tile.adc.bits=-3"], "tile.adc.bits"),
        (["run", "mlp", "--chip", ISAAC, "--bind", "batch=two"], "expected a whole number"),
        (["run", "mlp", "--chip", ISAAC, "--input", "x=1x0"], "expected sizes from 1"),
        (["run", "mlp", "--chip", ISAAC, "--unknown-operators", "ignore"], "'error' or 'vector'"),
        (["run", "mlp", "--chip", ISAAC, "--placement", "magic"], "--placement"),
        (["run", "mlp", "--chip", ISAAC, "--digital", "nothing"], "nothing"),
        (["run", "vgg16", "--chip", "hermes-64"], "tiles"),
        (["show"], "give the name"),
        (["show", "isaca"], "did you mean 'isaac'?"),
        (["show", "mlp", "--cost"], "this is a network"),
    ],
)
def test_mistakes_on_the_command_line(arguments: list[str], expected: str, refused: Refused) -> None:
    assert expected in refused(arguments)


def test_no_host_refuses_what_needs_the_host(refused: Refused) -> None:
    """ISAAC has no softmax unit: mobile networks without one run, attention does not."""
    said = refused(["run", "bert-base", "--chip", ISAAC, "--chips", "8", "--no-host"])
    assert "--no-host" in said


# Bad output


@pytest.mark.parametrize("option", ["--json", "--out"])
def test_output_that_cannot_be_written_is_found_before_the_work(
    option: str, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("the simulation was started")

    monkeypatch.setattr(ohmsum.sim.simulate, "simulate", never)
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    assert option in refused(["run", "mlp", "--chip", ISAAC, option, str(tmp_path / "file" / "r.json")])
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def test_json_that_is_a_folder(refused: Refused, tmp_path: Path) -> None:
    assert "is a folder" in refused(["run", "mlp", "--chip", ISAAC, "--json", str(tmp_path)])


def test_json_into_a_device_does_not_replace_it() -> None:
    assert main(["run", "mlp", "--chip", ISAAC, "--json", os.devnull]) == 0
    assert not Path(os.devnull).is_file()


def test_failed_work_leaves_the_old_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old", encoding="utf-8")
    refused(["run", "mlp", "--chip", "isaak", "--json", str(tmp_path / "r.json")])
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == "old"


def test_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ohmsum.sim.simulate, "simulate", interrupted)
    assert (
        main(
            ["run", "mlp", "--chip", ISAAC, "--json", str(tmp_path / "r.json"), "--out", str(tmp_path / "o")]
        )
        == 130
    )
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_our_own_mistakes_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(ohmsum.sim.simulate, "simulate", broken)
    with pytest.raises(ZeroDivisionError, match="ours"):
        main(["run", "mlp", "--chip", ISAAC])


# Bad chips


@pytest.fixture
def isaac_text(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["show", ISAAC, "--yaml"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  crossbar:", "  crosbar:", "crossbar"),
        ("read_time: 100 ns", "read_time: 130 nJ", "130 nJ"),
        ("rows: 128", "rows: -128", "-128"),
        ("    cell:", "    cellar:", "cell"),
    ],
)
def test_bad_chip_field(
    old: str, new: str, expected: str, refused: Refused, isaac_text: str, tmp_path: Path
) -> None:
    assert old in isaac_text
    file = tmp_path / "chip.yaml"
    file.write_text(isaac_text.replace(old, new, 1), encoding="utf-8")
    line = isaac_text[: isaac_text.index(old)].count("\n") + 1
    said = refused(["run", "mlp", "--chip", str(file)])
    assert expected in said
    assert f"chip.yaml:{line}" in said


def test_chip_that_is_a_list(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "chip.yaml").write_text("- a\n- b\n", encoding="utf-8")
    assert "a list" in refused(["run", "mlp", "--chip", str(tmp_path / "chip.yaml")])


def test_chip_of_200_megabytes(refused: Refused, tmp_path: Path) -> None:
    with (tmp_path / "chip.yaml").open("wb") as file:
        file.truncate(200 * 2**20)
    assert "chip.yaml" in refused(["run", "mlp", "--chip", str(tmp_path / "chip.yaml")])


def test_chip_of_exploding_aliases(refused: Refused, tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    (tmp_path / "chip.yaml").write_text("\n".join(levels), encoding="utf-8")
    assert "chip.yaml" in refused(["run", "mlp", "--chip", str(tmp_path / "chip.yaml")])


def test_missing_files(refused: Refused, tmp_path: Path) -> None:
    assert "none.yaml" in refused(["run", "mlp", "--chip", str(tmp_path / "none.yaml")])
    assert "none.onnx" in refused(["run", str(tmp_path / "none.onnx"), "--chip", ISAAC])


# Bad networks


def test_truncated_network(refused: Refused, tmp_path: Path) -> None:
    whole = model(tmp_path / "net.onnx", [helper.make_node("Relu", ["x"], ["y"], name="act")])
    whole.write_bytes(whole.read_bytes()[:-20])
    assert "net.onnx" in refused(["run", str(whole), "--chip", ISAAC])


def test_text_as_network(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_text("this is a text\n" * 10, encoding="utf-8")
    assert "net.onnx" in refused(["run", str(tmp_path / "net.onnx"), "--chip", ISAAC])


def test_external_data_outside_the_folder(refused: Refused, tmp_path: Path) -> None:
    weight = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[4, 4], data_location=TensorProto.EXTERNAL
    )
    weight.external_data.add(key="location", value="../../etc/passwd")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")]
    file = model(tmp_path / "net.onnx", nodes, initializer=[weight])
    assert "../../etc/passwd" in refused(["run", str(file), "--chip", ISAAC])


def test_graph_with_a_cycle(refused: Refused, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="second"),
        helper.make_node("Relu", ["b"], ["y"], name="third"),
    ]
    assert "cycle" in refused(["run", str(model(tmp_path / "net.onnx", nodes)), "--chip", ISAAC])


def test_unbound_dimension(refused: Refused, tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="act")]
    file = str(model(tmp_path / "net.onnx", nodes, shape=("batch", 4)))
    assert "batch" in refused(["run", file, "--chip", ISAAC])
    assert main(["run", file, "--chip", ISAAC, "--bind", "batch=1"]) == 0
    assert main(["run", file, "--chip", ISAAC, "--input", "x=1x4"]) == 0


def test_empty_tensor(refused: Refused, tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="act")]
    file = model(tmp_path / "net.onnx", nodes, shape=(1, 0))
    assert "net.onnx" in refused(["run", str(file), "--chip", ISAAC])


def test_unknown_operator(refused: Refused, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [helper.make_node("Frobnicate", ["x"], ["y"], name="odd", domain="com.example")]
    file = str(model(tmp_path / "net.onnx", nodes))
    said = refused(["run", file, "--chip", ISAAC])
    assert "Frobnicate" in said
    assert "odd" in said
    assert "net.onnx" in said
