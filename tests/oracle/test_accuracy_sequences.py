"""A recogniser with CTC, a GRU that encodes and one that decodes, and a vocoder, beside plain NumPy.

Networks with structure: templates of symbols in noise, states that carry from step to step, a waveform of a
few loud samples. The reference shares no code with the product: its ranges are searched by brute force over
every input and every sum of a column. Both leave the mean of a column's error where it is (`bias` plain).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.accuracy import Conditions, Data, Study
from ohmsum.sim.accuracy.metrics import sqnr_db
from onnx import helper

from ..kit.accuracy_cases import save, study, study_of_sequence

Array = np.ndarray
EIGHT = {
    "tile.crossbar.cell.model": "null", "tile.weights.bits": "8", "tile.crossbar.cell.bits": "8",
    "tile.dac.range_rule": "least error", "tile.adc.range_rule": "least error",
}  # fmt: skip


def least(values: Array, top: int, finest: float = 0.0) -> float:
    """The step of least mean-square error of rounding and clipping, by trying 160 not finer than `finest`."""
    largest = float(np.abs(values).max()) or 1.0
    steps = np.maximum(np.geomspace(largest / 40, largest, 160) / top, finest)
    return float(
        min(steps, key=lambda s: np.mean((np.clip(np.rint(values / s), -top, top) * s - values) ** 2))
    )


class Arithmetic:
    """Products in float64 that are remembered, then the same in 8-bit inputs, weights and converters.

    Parameters
    ----------
    by_column : bool
        A converter range for every column, not one for all.
    """

    def __init__(self, by_column: bool) -> None:
        self.by_column = by_column
        self.seen: dict[str, list[Array]] = defaultdict(list)
        self.quantised: dict[str, Callable[[Array], Array]] = {}
        self.matrices: dict[str, Array] = {}
        self.parts: dict[str, tuple[int, ...]] = {}

    def product(self, name: str, rows: Array, matrix: Array, parts: tuple[int, ...] = ()) -> Array:
        """`parts` are rows with a range of their own, which those of the matrix make up for."""
        if name in self.quantised:
            return self.quantised[name](rows)
        self.seen[name].append(rows)
        self.matrices[name], self.parts[name] = matrix, parts or (rows.shape[1],)
        return rows @ matrix

    def settle(self) -> None:
        """Ranges from all that was seen."""
        for name, seen in self.seen.items():
            self.quantised[name] = self._layer(np.concatenate(seen), self.matrices[name], self.parts[name])

    def _layer(self, rows: Array, matrix: Array, parts: tuple[int, ...]) -> Callable[[Array], Array]:
        top = 127 if rows.min() < 0 else 255
        low = -top if top == 127 else 0
        cut = np.split(rows, np.cumsum(parts)[:-1], axis=1)
        step = np.repeat([least(part[part.any(axis=1)], top) for part in cut], parts)
        scaled = matrix * step[:, None]
        scale = np.abs(scaled).max(axis=0) / 127
        scale[scale == 0] = 1
        weights = np.rint(scaled / scale)
        sums = np.clip(np.rint(rows / step), low, top) @ weights
        high = 127 if sums.min() < 0 else 255
        columns = list(sums.T) if self.by_column else [sums]
        fine = np.array([least(column, high, finest=1) for column in columns])

        def computed(x: Array) -> Array:
            y = np.clip(np.rint(x / step), low, top) @ weights
            return np.clip(np.rint(y / fine), -high, high) * fine * scale

        return computed

    def conv(self, name: str, x: Array, w: Array, *, groups: int = 1, dilation: int = 1, pad: int) -> Array:
        """A convolution along one axis, groups as blocks along the diagonal of one matrix."""
        n, _, length = x.shape
        padded = np.pad(x, [(0, 0), (0, 0), (pad, pad)])
        out = length + 2 * pad - (w.shape[2] - 1) * dilation
        taps = np.stack([padded[:, :, d * dilation :][:, :, :out] for d in range(w.shape[2])], axis=2)
        rows = taps.transpose(0, 3, 1, 2).reshape(n * out, -1)
        whole = np.zeros((rows.shape[1], w.shape[0]))
        k, m = rows.shape[1] // groups, w.shape[0] // groups
        for g in range(groups):
            whole[g * k : g * k + k, g * m : g * m + m] = w[g * m : g * m + m].reshape(m, k).T
        return self.product(name, rows, whole).reshape(n, out, -1).transpose(0, 2, 1)

    def up(self, name: str, x: Array, w: Array, stride: int, pad: int) -> Array:
        """A transposed convolution along one axis."""
        n, channels, length = x.shape
        rows = x.transpose(0, 2, 1).reshape(-1, channels)
        patches = self.product(name, rows, w.reshape(channels, -1)).reshape(n, length, *w.shape[1:])
        y = np.zeros((n, w.shape[1], (length - 1) * stride + w.shape[2]))
        for t in range(length):
            y[:, :, t * stride : t * stride + w.shape[2]] += patches[:, t]
        return y[:, :, pad : y.shape[2] - pad]


def compared(s: Study, forward: Callable[[Arithmetic], Array], by_column: bool) -> None:
    """Tiles compute the network, and 8 bits lose what plain NumPy loses."""
    reference = Arithmetic(by_column)
    exact = forward(reference)
    assert s.mapping_error < 1e-5
    np.testing.assert_allclose(s.reference, exact, atol=1e-5 * np.abs(exact).max())
    reference.settle()
    expected = sqnr_db(forward(reference), exact, None)
    assert s.evaluate(Conditions(noise=False, bias="plain")).mean == pytest.approx(expected, abs=1.0)


def changes(by_column: bool) -> dict[str, str]:
    return {**EIGHT, "tile.adc.range": "column" if by_column else "crossbar"}


# A recogniser: templates of five symbols, smoothed over time, against a threshold for "nothing".

SYMBOLS, MELS, STEPS, TEXTS, LENGTH = 5, 8, 40, 96, 5


def recogniser_weights() -> dict[str, Array]:
    templates = np.linalg.qr(np.random.default_rng(0).normal(size=(MELS, MELS)))[0][:SYMBOLS]
    first = np.repeat(templates[:, :, None], 3, axis=2) / 3
    smooth = np.tile([0.25, 0.5, 0.25], (SYMBOLS, 1, 1))
    last = np.concatenate([np.zeros((1, SYMBOLS)), np.eye(SYMBOLS) - 0.1])[:, :, None]
    bias = np.array([0.6, *[0.0] * SYMBOLS])
    found = {"first": first, "smooth": smooth, "last": last, "bias": bias}
    return {name: w.astype(np.float32) for name, w in found.items()}


def recordings() -> tuple[Array, Array]:
    """Faint noise with symbols of three steps, five steps apart; and the texts, ends marked by -1."""
    rng = np.random.default_rng(4)
    templates = recogniser_weights()["first"][:, :, 0] * 3
    x, texts = rng.normal(size=(TEXTS, MELS, STEPS)) * 0.1, rng.integers(1, SYMBOLS + 1, (TEXTS, LENGTH))
    for i, text in enumerate(texts):
        for j, symbol in enumerate(text):
            x[i, :, 2 + 7 * j : 6 + 7 * j] += 1.5 * templates[symbol - 1][:, None]
    return x.astype(np.float32), texts


def recogniser(tmp_path: Path) -> Path:
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["a"], name="first", pads=[1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "smooth"], ["c"], name="smooth", pads=[2, 2], dilations=[2],
                         group=SYMBOLS),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Conv", ["d", "last", "bias"], ["e"], name="last"),
        helper.make_node("Transpose", ["e"], ["y"], perm=[0, 2, 1]),
    ]  # fmt: skip
    return save(tmp_path / "ctc.onnx", nodes, ["n", MELS, STEPS], recogniser_weights())


def recognised(x: Array) -> Callable[[Arithmetic], Array]:
    w = {name: v.astype(np.float64) for name, v in recogniser_weights().items()}

    def forward(a: Arithmetic) -> Array:
        y = np.maximum(a.conv("first", x.astype(np.float64), w["first"], pad=1), 0)
        y = np.maximum(a.conv("smooth", y, w["smooth"], groups=SYMBOLS, dilation=2, pad=2), 0)
        return (a.conv("last", y, w["last"], pad=0) + w["bias"][:, None]).transpose(0, 2, 1)

    return forward


@pytest.mark.parametrize("by_column", [False, True])
def test_a_recogniser(tmp_path: Path, by_column: bool) -> None:
    x, texts = recordings()
    path = recogniser(tmp_path)
    s = study(path, Data({"x": x}, None), changes(by_column), metric="sqnr")
    compared(s, recognised(x), by_column)
    read = study(path, Data({"x": x}, texts), changes(by_column), metric="cer:blank=0")
    assert read.float_value == 0
    assert read.evaluate(Conditions(noise=False)).mean <= 0.01


# A vocoder: frames to a waveform, through two transposed convolutions and a dilated one beside the way.


def vocoder_weights() -> dict[str, Array]:
    rng = np.random.default_rng(6)
    shapes = {"up1": (10, 8, 8), "wide": (8, 8, 3), "up2": (8, 4, 4), "last": (1, 4, 7)}
    return {n: (rng.normal(size=s) / np.sqrt(s[0] * s[2])).astype(np.float32) for n, s in shapes.items()}


def frames() -> Array:
    """Silence, and a loud burst in every piece."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(24, 10, 12)) * 0.05
    for i in range(len(x)):
        x[i, :, rng.integers(2, 10)] += rng.normal(size=10) * 2
    return x.astype(np.float32)


def vocoder(tmp_path: Path) -> Path:
    nodes = [
        helper.make_node("ConvTranspose", ["x", "up1"], ["a"], name="up1", strides=[4], pads=[2, 2]),
        helper.make_node("LeakyRelu", ["a"], ["b"], alpha=0.1),
        helper.make_node("Conv", ["b", "wide"], ["c"], name="wide", pads=[3, 3], dilations=[3]),
        helper.make_node("Add", ["b", "c"], ["d"]),
        helper.make_node("ConvTranspose", ["d", "up2"], ["e"], name="up2", strides=[2], pads=[1, 1]),
        helper.make_node("LeakyRelu", ["e"], ["f"], alpha=0.1),
        helper.make_node("Conv", ["f", "last"], ["g"], name="last", pads=[3, 3]),
        helper.make_node("Tanh", ["g"], ["y"]),
    ]
    return save(tmp_path / "vocoder.onnx", nodes, ["n", 10, 12], vocoder_weights())


def spoken(x: Array) -> Callable[[Arithmetic], Array]:
    w = {name: v.astype(np.float64) for name, v in vocoder_weights().items()}

    def leaky(y: Array) -> Array:
        return np.where(y < 0, 0.1 * y, y)

    def forward(a: Arithmetic) -> Array:
        y = leaky(a.up("up1", x.astype(np.float64), w["up1"], 4, 2))
        y = y + a.conv("wide", y, w["wide"], dilation=3, pad=3)
        y = leaky(a.up("up2", y, w["up2"], 2, 1))
        return np.tanh(a.conv("last", y, w["last"], pad=3))

    return forward


@pytest.mark.parametrize("by_column", [False, True])
def test_a_vocoder(tmp_path: Path, by_column: bool) -> None:
    x = frames()
    s = study(vocoder(tmp_path), Data({"x": x}, None), changes(by_column), metric="sqnr")
    compared(s, spoken(x), by_column)


# One GRU reads a sequence, another begins with its state and is read out.

FEATURES, HIDDEN, TIME, BATCH, CLASSES = 6, 12, 16, 24, 5


def gru_weights() -> dict[str, Array]:
    rng = np.random.default_rng(8)
    found = {"out": rng.normal(size=(HIDDEN, CLASSES))}
    for which in ("enc", "dec"):
        found[f"{which}_w"] = rng.normal(size=(1, 3 * HIDDEN, FEATURES))
        found[f"{which}_r"] = rng.normal(size=(1, 3 * HIDDEN, HIDDEN)) / np.sqrt(HIDDEN)
        found[f"{which}_b"] = rng.normal(size=(1, 6 * HIDDEN)) * 0.1
    return {name: w.astype(np.float32) for name, w in found.items()}


def coder(tmp_path: Path) -> Path:
    weights = {**gru_weights(), "one": np.array([1], np.int64)}
    options: dict[str, Any] = {"hidden_size": HIDDEN, "linear_before_reset": 1}
    nodes = [
        helper.make_node("GRU", ["x", "enc_w", "enc_r", "enc_b"], ["", "state"], "encoder", **options),
        helper.make_node(
            "GRU", ["x", "dec_w", "dec_r", "dec_b", "", "state"], ["h"], "decoder", **options
        ),
        helper.make_node("Squeeze", ["h", "one"], ["s"]),
        helper.make_node("MatMul", ["s", "out"], ["y"], "readout"),
    ]
    return save(tmp_path / "gru.onnx", nodes, [TIME, BATCH, FEATURES], weights)


def decoded(x: Array) -> Callable[[Arithmetic], Array]:
    w = {name: v.astype(np.float64) for name, v in gru_weights().items()}

    def sigmoid(y: Array) -> Array:
        return 1 / (1 + np.exp(-y))

    def gru(a: Arithmetic, name: str, which: str, h: Array) -> list[Array]:
        matrix = np.concatenate([w[f"{which}_w"][0], w[f"{which}_r"][0]], axis=1).T
        bias = np.split(w[f"{which}_b"][0], 2)
        states = []
        for step in x.astype(np.float64):
            nothing = np.zeros_like(h), np.zeros_like(step)
            of_x = np.concatenate([step, nothing[0]], axis=1)
            of_h = np.concatenate([nothing[1], h], axis=1)
            from_x, from_h = (
                np.split(a.product(name, rows, matrix, (FEATURES, HIDDEN)) + b, 3, axis=1)
                for rows, b in zip((of_x, of_h), bias, strict=True)
            )
            z, r = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
            h = (1 - z) * np.tanh(from_x[2] + r * from_h[2]) + z * h
            states.append(h)
        return states

    def forward(a: Arithmetic) -> Array:
        begin = gru(a, "encoder", "enc", np.zeros((BATCH, HIDDEN)))[-1]
        states = np.stack(gru(a, "decoder", "dec", begin))
        return a.product("readout", states.reshape(-1, HIDDEN), w["out"]).reshape(TIME, BATCH, CLASSES)

    return forward


@pytest.mark.parametrize("by_column", [False, True])
def test_an_encoder_and_a_decoder(tmp_path: Path, by_column: bool) -> None:
    x = np.random.default_rng(9).normal(size=(TIME, BATCH, FEATURES)).astype(np.float32)
    s = study_of_sequence(coder(tmp_path), x, changes(by_column))
    compared(s, decoded(x), by_column)
