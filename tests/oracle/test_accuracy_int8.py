"""Whole int8 networks on crossbars of enough bits: are they ONNX Runtime's int8 networks?

A tile that holds the network's own codes rounds nothing. What is left is the rounding of ONNX Runtime, whose
kernels add in float32 or in integers and so put a code in a million on the other side of a half.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.tools.cli import main

torch = pytest.importorskip("torch")
quantization = pytest.importorskip("onnxruntime.quantization")
from ..kit.torch_modules import whole_minilm, whole_resnet  # noqa: E402

FLOAT32_DB = 110.0
"""A product of some hundred terms in float32 against an exact one; 16-bit codes of their own are at 90."""


def calibrated(folder: Path, make: Any, form: str) -> tuple[Path, Path]:
    """An int8 file of a network, and two samples."""
    module, example = make()
    plain, coded, data = (folder / name for name in ("float.onnx", f"{form}.onnx", "data.npz"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (example,), plain, dynamo=False, input_names=["x"], output_names=["y"],
            dynamic_axes={"x": {0: "n"}}, opset_version=17,
        )  # fmt: skip
    np.savez(data, x=example.numpy())

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.left = [{"x": example.numpy()}]

        def get_next(self) -> Any:
            return self.left.pop() if self.left else None

    if form == "dynamic":
        quantization.quantize_dynamic(plain, coded)
    else:
        way = quantization.QuantFormat[form]
        quantization.quantize_static(plain, coded, Reader(), quant_format=way, per_channel=form == "QDQ")
    return coded, data


@pytest.mark.parametrize(
    ("make", "form"),
    [(whole_resnet, "QDQ"), (whole_minilm, "QDQ"), (whole_minilm, "dynamic")],
)
def test_ideal_tiles_round_nothing_that_the_network_has_not_rounded(
    make: Any, form: str, tmp_path: Path
) -> None:
    network, data = calibrated(tmp_path, make, form)
    out = tmp_path / "out.json"
    told = ["--data", str(data), "--metric", "sqnr", "--noise", "off", "--json", str(out)]
    told += ["--samples", "1", "--set", "tile.dac.bits=10", "--set", "tile.weights.bits=10"]
    assert main(["accuracy", str(network), "--chip", "isaac", *told]) == 0
    (row,) = json.loads(out.read_text())["rows"]
    assert row["layers"]
    for layer in row["layers"]:
        found = layer["own_snr_db"]
        assert found == "infinite" or found > FLOAT32_DB, layer
    assert row["mean"] == "infinite" or row["mean"] > 45, row["mean"]
