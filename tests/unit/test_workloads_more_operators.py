"""Volumes, samples between pixels, transforms, and general forms: their work by hand."""

from __future__ import annotations

from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import Network, NetworkError
from onnx import TensorProto

from ..kit.onnx_graphs import body, check_streams, imported, node, only, steps

IMAGE = {"x": (1, 4, 8, 10)}
VOLUME = {"x": (1, 3, 6, 8, 10)}


def needs(network: Network, out: int) -> tuple[int, int]:
    """First and last row of the input that a row of the output needs."""
    o = only(network)
    rows = network.producer(o.inputs[0].tensor).output.grid.rows
    return o.inputs[0].window.span(0, out, rows)


@pytest.mark.parametrize("strides", [(1, 1, 1), (1, 2, 2), (2, 2, 2), (2, 1, 3)])
def test_a_convolution_over_a_volume(tmp_path: Path, strides: tuple[int, ...]) -> None:
    """Rows are those of all planes; the window covers what each output row needs, and little more."""
    nodes = [node("Conv", "x w", "y", strides=list(strides), pads=[1] * 6)]
    network = imported(tmp_path, nodes, VOLUME, {"w": (5, 3, 3, 3, 3)})
    check_streams(network)
    _, _, d, h, w = only(network).output.shape
    assert network.macs == d * h * w * 5 * 81
    for plane in range(d):
        for row in range(h):
            first, last = needs(network, plane * h + row)
            planes = [p for p in range(plane * strides[0] - 1, plane * strides[0] + 2) if 0 <= p < 6]
            rows = [r for r in range(row * strides[1] - 1, row * strides[1] + 2) if 0 <= r < 8]
            assert first <= planes[0] * 8 + rows[0]
            assert last >= planes[-1] * 8 + rows[-1]
            assert last - first < 8 * 5, "less than five planes"


def test_pooling_over_a_volume(tmp_path: Path) -> None:
    made = only(
        imported(tmp_path, [node("MaxPool", "x", "y", kernel_shape=[2] * 3, strides=[2] * 3)], VOLUME)
    )
    assert (made.output.shape, made.work) == ((1, 3, 3, 4, 5), 3 * 8)


def test_weights_that_are_computed_are_a_product(tmp_path: Path) -> None:
    inputs = {**IMAGE, "w": (6, 2, 3, 3)}
    made = only(imported(tmp_path, [node("Conv", "x w", "y", group=2)], inputs))
    assert (made.kind, made.product_macs) == ("product", 6 * 8 * 6 * 18)
    assert [p.window.kind for p in made.inputs] == ["window", "all"]


def test_places_of_the_largest_and_back(tmp_path: Path) -> None:
    nodes = [node("MaxPool", "x", "p i", kernel_shape=[2, 2], strides=[2, 2])]
    nodes.append(node("MaxUnpool", "p i", "y", kernel_shape=[2, 2], strides=[2, 2]))
    network = imported(tmp_path, nodes, IMAGE)
    assert [o.name for o in body(network)] == ["p", "p/indices", "y"]
    assert network.operators[-1].output.shape == (1, 4, 8, 10)


def test_samples_of_a_grid(tmp_path: Path) -> None:
    made = only(imported(tmp_path, [node("GridSample", "x g", "y")], {**IMAGE, "g": (1, 5, 7, 2)}))
    assert (made.function, made.work, made.output.shape) == ("interpolate", 4 * 4, (1, 4, 5, 7))
    assert [p.window.kind for p in made.inputs] == ["all", "same"]


def test_regions(tmp_path: Path) -> None:
    inputs = {**IMAGE, "r": (3, 4), "b": (3,)}
    nodes = [node("RoiAlign", "x r b", "y", output_height=2, output_width=2, sampling_ratio=2)]
    made = only(imported(tmp_path, nodes, inputs, dtypes={"b": TensorProto.INT64}))
    assert (made.output.shape, made.work) == ((3, 4, 2, 2), 4 * 4 * 4)


def test_deformable_convolution(tmp_path: Path) -> None:
    inputs = {**IMAGE, "o": (1, 18, 6, 8)}
    network = imported(tmp_path, [node("DeformConv", "x w o", "y")], inputs, {"w": (5, 4, 3, 3)})
    columns, product = body(network)
    assert (columns.function, columns.work) == ("interpolate", 4 * 36)
    assert (product.macs, product.params) == (48 * 5 * 36, 180)


@pytest.mark.parametrize(("parts", "factor"), [(1, 2.5), (2, 5)])
def test_transforms(tmp_path: Path, parts: int, factor: float) -> None:
    nodes = [node("DFT", "x - a", "y")]
    made = only(imported(tmp_path, nodes, {"x": (1, 6, 64, parts)}, {"a": np.array(2)}, opset=20))
    assert made.work * made.output.grid.n_tokens == round(factor * 64 * log2(64)) * 6


def test_transforms_of_frames(tmp_path: Path) -> None:
    constants = {"step": np.array(16), "w": (64,), "n": np.array(64)}
    nodes = [node("STFT", "x step w n", "y", onesided=1)]
    made = only(imported(tmp_path, nodes, {"x": (1, 320, 1)}, constants))
    assert made.output.shape == (1, 17, 33, 2)
    assert made.work == round(2.5 * 64 * 6) + 64
    assert made.inputs[0].window.span(1, 2, 320) == (32, 95)


def test_columns_to_an_image(tmp_path: Path) -> None:
    constants = {"size": np.array([6, 6]), "block": np.array([3, 3])}
    made = only(imported(tmp_path, [node("Col2Im", "x size block", "y")], {"x": (1, 18, 16)}, constants))
    assert (made.output.shape, made.work * 36) == ((1, 2, 6, 6), 18 * 16)


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("...ij,jk->...ik", [(2, 3, 4)], 24 * 5),
        ("bij,jk", [(2, 3, 4)], 24 * 5),
        ("bij,jk,bi->bk", [(2, 3, 4), (2, 3)], 24 * 5),  # and 2 x 3 x 5 of two activations
    ],
)
def test_general_einsums(tmp_path: Path, equation: str, shapes: list[Any], macs: int) -> None:
    names = ["x", "w", "z"][: len(shapes) + 1]
    inputs = dict(zip(["x", "z"], shapes, strict=False))
    network = imported(
        tmp_path, [node("Einsum", " ".join(names), "y", equation=equation)], inputs, {"w": (4, 5)}
    )
    assert network.macs == macs


def test_an_einsum_of_one_operand(tmp_path: Path) -> None:
    network = imported(
        tmp_path, [node("Einsum", "x", "s", equation="bij->jb"), node("Exp", "s", "y")], {"x": (2, 3, 4)}
    )
    assert steps(network) == ["ReduceSum", "Exp"]
    assert network.operators[-1].output.shape == (4, 2)


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
def test_recurrence_with_the_batch_first(tmp_path: Path, op: str) -> None:
    gates = {"LSTM": 4, "GRU": 3}[op]
    constants = {"w": (1, gates * 8, 16), "r": (1, gates * 8, 8)}
    networks = [
        imported(tmp_path, [node(op, "x w r", "y", hidden_size=8, layout=layout)], {"x": shape}, constants)
        for layout, shape in ((0, (6, 2, 16)), (1, (2, 6, 16)))
    ]
    assert networks[0].macs == networks[1].macs == 12 * gates * 8 * 24
    assert networks[1].operators[-1].output.size == 12 * 8


@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("op", ["RNN", "GRU", "LSTM"])
def test_steps_after_the_end_of_a_sequence_are_no_work(tmp_path: Path, op: str, layout: int) -> None:
    gates, shape = {"LSTM": 4, "GRU": 3, "RNN": 1}[op], (1, 20, 16) if layout else (20, 1, 16)
    constants = {"w": (1, gates * 8, 16), "r": (1, gates * 8, 8), "n": np.array([12], np.int32)}
    nodes = [node(op, "x w r - n", "y h", hidden_size=8, layout=layout), node("Relu", "y", "z")]
    network = imported(tmp_path, nodes, {"x": shape}, constants, outputs=["z", "h"])
    check_streams(network)
    assert (network.macs, network.params, network.notes) == (12 * gates * 8 * 24, gates * 8 * 24, ())
    assert network.operators[-1].output.size == 20 * 8, "zeros after the end"


@pytest.mark.parametrize(("lengths", "counted", "noted"), [([9, 7], 9, True), ([9, 9], 9, False)])
def test_sequences_of_several_lengths(tmp_path: Path, lengths: list[int], counted: int, noted: bool) -> None:
    constants = {"w": (1, 8, 16), "r": (1, 8, 8), "n": np.array(lengths, np.int32)}
    nodes = [node("RNN", "x w r - n", "y", hidden_size=8)]
    network = imported(tmp_path, nodes, {"x": (20, 2, 16)}, constants)
    assert network.macs == 2 * counted * 8 * 24
    assert any("all are counted with 9" in note for note in network.notes) == noted


def test_lengths_that_come_with_the_data_are_a_note(tmp_path: Path) -> None:
    network = imported(
        tmp_path, [node("RNN", "x w r - n", "y", hidden_size=8)], {"x": (20, 1, 16), "n": (1,)},
        {"w": (1, 8, 16), "r": (1, 8, 8)}, dtypes={"n": TensorProto.INT32},
    )  # fmt: skip
    assert network.macs == 20 * 8 * 24
    assert "all are counted with 20" in network.notes[0]


@pytest.mark.parametrize("lengths", [[21], [-1], [0], [4, 4]])
def test_lengths_that_are_none(tmp_path: Path, lengths: list[int]) -> None:
    constants = {"w": (1, 8, 16), "r": (1, 8, 8), "n": np.array(lengths, np.int32)}
    with pytest.raises(NetworkError, match=r"y.*sequence_lens .* expected 1 of 0 to 20 steps"):
        imported(tmp_path, [node("RNN", "x w r - n", "y", hidden_size=8)], {"x": (20, 1, 16)}, constants)


def test_a_first_state_of_zeros_is_no_parameter(tmp_path: Path) -> None:
    constants = {"w": (1, 8, 16), "r": (1, 8, 8), "h": np.zeros((1, 1, 8), np.float32)}
    network = imported(
        tmp_path, [node("RNN", "x w r - - h", "y", hidden_size=8)], {"x": (6, 1, 16)}, constants
    )
    assert network.params == 8 * 24


def test_a_resize_with_channels_last(tmp_path: Path) -> None:
    scales = {"s": np.array([1, 2, 2, 1], np.float32)}
    made = only(
        imported(tmp_path, [node("Resize", "x - s", "y", mode="linear")], {"x": (1, 8, 10, 4)}, scales)
    )
    assert (made.work, made.output.grid.rows, made.output.elements) == (16, 16, 4)


def test_random_numbers_are_an_input(tmp_path: Path) -> None:
    network = imported(tmp_path, [node("RandomNormalLike", "x", "r"), node("Add", "x r", "y")], {"x": (2, 3)})
    assert [o.name for o in network if o.kind == "input"] == ["x", "r"]
    assert network.notes == ("the random numbers of node 'r' (RandomNormalLike) are an input of the network",)
