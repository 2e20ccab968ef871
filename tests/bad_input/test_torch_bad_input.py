"""Does every bad torch program get one clear message, and is nothing in a file ever run?"""

from __future__ import annotations

import inspect
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ohmsum.tools.cli import main
from ohmsum.workloads import NetworkError, from_torch, load
from ohmsum.workloads.torch_import import extra

from ..kit import torch_modules


def refused(call: Callable[[], object]) -> str:
    """The message of the refusal: short."""
    with pytest.raises(NetworkError) as caught:
        call()
    message = str(caught.value)
    assert message.count("\n") < 2
    assert len(message) < 400
    return message


def line_of(module: type, text: str) -> str:
    """FILE:LINE of a text within a class of `torch_modules`."""
    lines, first = inspect.getsourcelines(module)
    return f"{torch_modules.__file__}:{first + next(i for i, line in enumerate(lines) if text in line)}"


@pytest.fixture(scope="module")
def unsupported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("unsupported") / "net.pt2"
    torch.export.save(torch.export.export(torch_modules.Unsupported().eval(), (torch.randn(4, 8),)), path)
    return path


class TestUnsupportedOperators:
    def test_are_named_with_the_line_that_calls_them(
        self, unsupported: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["run", str(unsupported), "--chip", "isaac"]) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert "operator aten.cdist.default has no translation to ONNX" in message
        assert line_of(torch_modules.Unsupported, "torch.cdist") in message
        assert "--unknown-operators vector keeps it" in message

    def test_can_be_mapped_on_the_vector_unit(self, unsupported: Path) -> None:
        net = load(unsupported, unknown_operators="vector")
        assert [(o.name, o.op, o.output.shape) for o in net if o.function == "unknown"] == [
            ("cdist", "aten.cdist", (4, 4)),
            ("linalg_qr", "aten.linalg_qr", (4, 4)),
            ("linalg_qr/1", "aten.linalg_qr", (4, 4)),
        ]
        assert len(net.notes) == 2
        assert "operator 'aten.cdist' is not known" in net.notes[0]

    def test_of_the_simulator_are_named_with_their_line_too(self) -> None:
        message = refused(lambda: from_torch(torch_modules.Determinant(), torch.randn(1, 3, 3)))
        assert "operator 'Det' is not known" in message
        assert line_of(torch_modules.Determinant, "torch.linalg.det") in message

    def test_branches_on_values_cannot_be_captured(self) -> None:
        message = refused(lambda: from_torch(torch_modules.Branching(), torch.randn(4)))
        assert line_of(torch_modules.Branching, "x.sum() > 0") in message
        assert "torch.export cannot capture it" in message


def test_something_else_than_a_module() -> None:
    assert "expected a torch.nn.Module" in refused(lambda: from_torch("net.onnx", torch.zeros(1)))


def saved(thing: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is no .pt2 file, expected a program written by torch.export.save"),
        (b"tile:\n  adc: 8 bit\n", "is no .pt2 file"),
        (saved({"weight": torch.zeros(3)}), "holds a pickled object (a state_dict or a whole module"),
        (zipped(a="1"), "is a zip archive without a program"),
        (zipped(**{"net/models/model.json": "{}"}), "PyTorch 2."),
        (saved(torch.zeros(3))[:200], "is truncated or damaged"),
    ],
)
def test_a_file_that_is_no_program(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "net.pt2"
    path.write_bytes(content)
    message = refused(lambda: load(path))
    assert str(path) in message
    assert expected in message


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "net.pt2").mkdir()
    assert "is a folder, expected a .pt2 file" in refused(lambda: load(tmp_path / "net.pt2"))
    assert "no such file" in refused(lambda: load(tmp_path / "other.pt2"))


def test_a_program_without_its_suffix_is_known_by_its_bytes(unsupported: Path, tmp_path: Path) -> None:
    copy = tmp_path / "net.bin"
    copy.write_bytes(unsupported.read_bytes())
    assert "aten.cdist" in refused(lambda: load(copy))


class Malicious:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.target, "run")


def with_member(source: Path, target: Path, ending: str, content: bytes) -> Path:
    """A copy of an archive in which one member is another."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name.endswith(ending) else old.read(name))
    return target


class TestNothingInAFileIsRun:
    def test_pickled_example_inputs(self, unsupported: Path, tmp_path: Path) -> None:
        trap = tmp_path / "trap"
        sample = "data/sample_inputs/model.pt"
        path = with_member(unsupported, tmp_path / "bad.pt2", sample, pickle.dumps(Malicious(trap)))
        assert f"{sample!r} is code or a pickled object" in refused(lambda: load(path))
        assert not trap.exists()

    @pytest.mark.parametrize("entry", [{"use_pickle": True}, {"path_name": "custom_obj_0"}])
    def test_pickled_weights(self, unsupported: Path, tmp_path: Path, entry: dict[str, Any]) -> None:
        name = "model_weights_config.json"
        with zipfile.ZipFile(unsupported) as archive:
            config = json.loads(archive.read(next(n for n in archive.namelist() if n.endswith(name))))
        config["config"]["first.weight"].update(entry)
        path = with_member(unsupported, tmp_path / "bad.pt2", name, json.dumps(config).encode())
        assert "'first.weight' is code or a pickled object" in refused(lambda: load(path))

    def test_compiled_libraries(self, unsupported: Path, tmp_path: Path) -> None:
        path = tmp_path / "bad.pt2"
        path.write_bytes(unsupported.read_bytes())
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("net/data/aotinductor/model/code.so", b"\x7fELF")
        assert "code.so' is code or a pickled object" in refused(lambda: load(path))


@pytest.mark.parametrize("content", ["[]", '{"config": "x"}', "[" * 100_000, '{"config": {"w": 3}}'])
def test_a_table_of_weights_that_is_none(unsupported: Path, tmp_path: Path, content: str) -> None:
    name = "model_weights_config.json"
    path = with_member(unsupported, tmp_path / "bad.pt2", name, content.encode())
    assert "expected a table of tensors" in (message := refused(lambda: load(path))) or "'w'" in message


def test_without_torch_the_message_says_how_to_install_it(
    unsupported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    assert main(["show", str(unsupported)]) == 2
    message = capsys.readouterr().err
    assert "net.pt2: needs PyTorch and onnxscript" in message
    assert "pip install 'ohmsum[torch]'" in message
    assert "needs PyTorch" in refused(lambda: from_torch(torch_modules.Mlp(), torch.zeros(1, 12)))


def test_an_archive_that_unpacks_to_far_more(unsupported: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt2"
    path.write_bytes(unsupported.read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        root = archive.namelist()[0].partition("/")[0]
        archive.writestr(f"{root}/data/weights/more.json", b" " * (1 << 26))
    message = refused(lambda: load(path))
    assert "unpacks to" in message
    assert "expected at most 8 times as many" in message
