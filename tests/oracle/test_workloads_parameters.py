"""Are the parameters of a network those that its file stores, whoever wrote the file?

Files of PyTorch's two exporters and of ONNX Runtime's quantiser; counted independently
(`kit/stored_numbers.py`) and from PyTorch's own count, less or more what an exporter is known to do.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import load

from ..kit.stored_numbers import stored_numbers

torch = pytest.importorskip("torch")
quantization = pytest.importorskip("onnxruntime.quantization")
from ..kit.torch_modules import MORE_NETWORKS, NETWORKS, network  # noqa: E402

# What a folded batch norm of c channels takes away: it has 2 c numbers, the bias that it becomes has c.
FOLDED = {"residual": -8 - 8, "separable": -8 - 8 - 16, "audio": -16}
# Stored besides: mean and variance of a norm that stays (PyTorch calls them buffers), ones and zeros for the
# two groups that an instance norm has in the place of a group norm; the head that is tied, transposed.
ADDED = {"norm_first": 2 * 3 + 2 * 2, "decoder": 50 * 32}
DYNAMO = {"distances": 256 - 31}  # the bias is stored as it is added: 16 x 16 numbers of a table of 31
QUANTISED = ("qdq", "qoperator", "dynamic")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parameters")


@cache
def exported(folder: Path, name: str, dynamo: bool) -> tuple[Path, int]:
    """A file of one of the two exporters, and PyTorch's own count."""
    module, example = network(name)
    path = folder / f"{name}-{'dynamo' if dynamo else 'legacy'}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (example,), path, dynamo=dynamo, external_data=False, verbose=False)
    return path, sum(p.numel() for p in module.parameters())


class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
    """One random input."""

    def __init__(self, name: str, path: Path) -> None:
        _, example = network(name)
        found = load(path)
        self.feeds: Iterator[dict[str, np.ndarray]] = iter([{found.operators[0].name: example.numpy()}])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def masks(name: str) -> list[np.ndarray]:
    """Values of tensors that are no parameters, by hand: the mask, the first states."""
    if name == "decoder":
        mask: Any = network(name)[0].mask
        return [mask.numpy()]
    states: dict[str, list[np.ndarray]] = {
        "recurrent": [np.zeros(16, np.float32)],
        "gated": [np.zeros((2, 5), np.float32)],
    }
    return states.get(name, [])


@pytest.mark.parametrize("name", [*NETWORKS, *MORE_NETWORKS])
@pytest.mark.parametrize("dynamo", [False, True], ids=["legacy", "dynamo"])
def test_as_exported(folder: Path, name: str, dynamo: bool) -> None:
    path, of_torch = exported(folder, name, dynamo)
    found = load(path).params
    assert found == stored_numbers(path, masks(name))
    known = FOLDED.get(name, 0) + ADDED.get(name, 0) + (DYNAMO.get(name, 0) if dynamo else 0)
    assert found == of_torch + known


@pytest.mark.parametrize("name", [*NETWORKS, *MORE_NETWORKS])
@pytest.mark.parametrize("kind", QUANTISED)
def test_as_quantised(folder: Path, name: str, kind: str) -> None:
    plain, _ = exported(folder, name, False)
    path = folder / f"{name}-{kind}.onnx"
    if kind == "dynamic":
        quantization.quantize_dynamic(plain, path)
    else:
        form = quantization.QuantFormat.QDQ if kind == "qdq" else quantization.QuantFormat.QOperator
        quantization.quantize_static(plain, path, Calibration(name, plain), quant_format=form)
    assert load(path).params == stored_numbers(path, masks(name))
