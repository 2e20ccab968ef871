"""A detector of blobs, whose signal is a few pixels, beside the same arithmetic in plain NumPy.

A matched filter, a grouped convolution, a transposed one and a 1 x 1 convolution, 8 bits everywhere. The
reference shares no code with the product: its convolutions are sums over taps, its ranges are searched by
brute force over every activation and every sum of a column of the images that calibrate.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ohmsum.sim.accuracy import Conditions, Data
from ohmsum.sim.accuracy.metrics import sqnr_db
from onnx import helper

from ..kit.accuracy_cases import save, study

CHANNELS, SIZE, N_IMAGES = 8, 16, 64
Array = np.ndarray
Quantised = Callable[[Array], Array]


def weights() -> dict[str, Array]:
    """Matched filters of blobs of several widths, and a way back up to the size of the image."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[-1:2, -1:2]
    first = np.stack([np.exp(-(x**2 + y**2) / (2 * s**2)) for s in np.linspace(0.5, 1.5, CHANNELS)])
    first = (first - first.mean(axis=(1, 2), keepdims=True))[:, None]
    sizes = np.geomspace(1, 0.05, CHANNELS)  # columns of very unlike size
    mixed = rng.normal(size=(CHANNELS, CHANNELS // 4, 3, 3)) * sizes[:, None, None, None]
    up = rng.normal(size=(CHANNELS, CHANNELS, 4, 4)) * 0.3
    return {
        "first": first.astype(np.float32), "mixed": mixed.astype(np.float32), "up": up.astype(np.float32),
        "last": rng.normal(size=(1, CHANNELS, 1, 1)).astype(np.float32),
    }  # fmt: skip


def images() -> Array:
    """Faint noise, with a bright blob of two pixels in every other image."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(N_IMAGES, 1, SIZE, SIZE)) * 0.05
    for i in range(0, N_IMAGES, 2):
        r, c = rng.integers(1, SIZE - 2, 2)
        x[i, 0, r : r + 2, c] += rng.uniform(1, 4)
    return x.astype(np.float32)


def network(tmp_path: Path) -> Path:
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["a"], name="first", pads=[1] * 4, strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "mixed"], ["c"], name="mixed", pads=[1] * 4, group=4),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("ConvTranspose", ["d", "up"], ["e"], name="up", strides=[2, 2], pads=[1] * 4),
        helper.make_node("Relu", ["e"], ["f"]),
        helper.make_node("Conv", ["f", "last"], ["y"], name="last"),
    ]
    return save(tmp_path / "detector.onnx", nodes, ["n", 1, SIZE, SIZE], weights())


def least(values: Array, top: int) -> float:
    """The step of least mean-square error of rounding and clipping, by trying 80."""
    largest = float(np.abs(values).max()) or 1.0
    steps = np.geomspace(largest / 40, largest, 80) / top
    return float(
        min(steps, key=lambda s: np.mean((np.clip(np.rint(values / s), -top, top) * s - values) ** 2))
    )


class Reference:
    """Layers as products of rows and columns; `exact` leaves everything in float64."""

    def __init__(self, by_column: bool, exact: bool = False) -> None:
        self.by_column, self.exact = by_column, exact

    def product(self, rows: Array, matrix: Array) -> Array:
        """8-bit inputs, weights and converters."""
        if self.exact:
            return rows @ matrix
        top = 127 if rows.min() < 0 else 255
        step = least(rows, top)
        codes = np.clip(np.rint(rows / step), -top if top == 127 else 0, top)
        scale = np.abs(matrix).max(axis=0) / 127
        scale[scale == 0] = 1
        sums = codes @ np.rint(matrix / scale)
        each = [least(column, 127) for column in sums.T] if self.by_column else [least(sums, 127)]
        fine = np.maximum(np.array(each), 1)
        return np.clip(np.rint(sums / fine), -127, 127) * fine * step * scale

    def conv(self, x: Array, w: Array, groups: int = 1, stride: int = 1, pad: int = 0) -> Array:
        n, channels, height, width = x.shape
        size = w.shape[2]
        padded = np.zeros((n, channels, height + 2 * pad, width + 2 * pad))
        padded[:, :, pad : pad + height, pad : pad + width] = x
        out = (height + 2 * pad - size) // stride + 1
        taps = [
            padded[:, :, i : i + stride * out : stride, j : j + stride * out : stride][:, :, :out, :out]
            for i in range(size)
            for j in range(size)
        ]
        rows = np.stack(taps, axis=2)  # (n, channels, taps, out, out)
        rows = rows.transpose(0, 3, 4, 1, 2).reshape(n * out * out, -1)
        whole = np.zeros((rows.shape[1], w.shape[0]))  # groups as blocks along the diagonal of one matrix
        k, m = rows.shape[1] // groups, w.shape[0] // groups
        for g in range(groups):
            whole[g * k : g * k + k, g * m : g * m + m] = w[g * m : g * m + m].reshape(m, k).T
        return self.product(rows, whole).reshape(n, out, out, -1).transpose(0, 3, 1, 2)

    def up(self, x: Array, w: Array) -> Array:
        """Stride 2, kernel 4, one pixel cut off at every side."""
        n, channels, height, width = x.shape
        rows = x.transpose(0, 2, 3, 1).reshape(-1, channels)
        patches = self.product(rows, w.reshape(channels, -1)).reshape(n, height, width, w.shape[1], 4, 4)
        y = np.zeros((n, w.shape[1], 2 * height + 2, 2 * width + 2))
        for r in range(height):
            for c in range(width):
                y[:, :, 2 * r : 2 * r + 4, 2 * c : 2 * c + 4] += patches[:, r, c]
        return y[:, :, 1:-1, 1:-1]

    def __call__(self, x: Array) -> Array:
        w = {name: v.astype(np.float64) for name, v in weights().items()}
        a = np.maximum(self.conv(x.astype(np.float64), w["first"], stride=2, pad=1), 0)
        b = np.maximum(self.conv(a, w["mixed"], groups=4, pad=1), 0)
        return self.conv(np.maximum(self.up(b, w["up"]), 0), w["last"])


@pytest.mark.parametrize("by_column", [False, True])
def test_a_detector_is_as_good_as_its_arithmetic(tmp_path: Path, by_column: bool) -> None:
    x = images()
    changes = {
        "tile.crossbar.cell.model": "null", "tile.weights.bits": "8", "tile.crossbar.cell.bits": "8",
        "tile.adc.range": "column" if by_column else "crossbar",
    }  # fmt: skip
    s = study(network(tmp_path), Data({"x": x}, None), changes, metric="sqnr")
    assert set(s.layers) == {"first", "mixed", "up/patches", "last"}
    assert s.mapping_error < 1e-5
    exact = Reference(by_column, exact=True)(x)
    np.testing.assert_allclose(s.reference, exact, atol=1e-5 * np.abs(exact).max())
    expected = sqnr_db(Reference(by_column)(x), exact, None)
    assert s.evaluate(Conditions(noise=False)).mean == pytest.approx(expected, abs=1.0)


def test_columns_of_unlike_size_gain_by_ranges_of_their_own() -> None:
    x = images()
    exact = Reference(False, exact=True)(x)
    shared, own = (sqnr_db(Reference(by_column)(x), exact, None) for by_column in (False, True))
    assert own > shared + 1
