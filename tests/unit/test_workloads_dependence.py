"""Does a window hold every input token that an output token depends on? Found out by disturbing the inputs.

One input position at a time is changed, ONNX's reference implementation tells which outputs change with it,
and each of these must name the position in its window. Where the operator uses every tap, the window must
not be larger than that either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ohmsum.workloads import Network, Window
from onnx import NodeProto
from onnx.reference import ReferenceEvaluator

from ..kit.onnx_graphs import body, imported, model, node

Pixels = tuple[int, int]
Constants = dict[str, Any]
RNG = np.random.default_rng(1)


def weights(*shape: int) -> npt.NDArray[np.float32]:
    return RNG.uniform(0.5, 1.5, shape).astype(np.float32)


def pixels(shape: tuple[int, ...]) -> Pixels:
    return (shape[0] * shape[2], shape[3]) if is_image(shape) else (shape[0], shape[2])


def is_image(shape: tuple[int, ...]) -> bool:
    """Not a sequence, with or without a width of one."""
    return len(shape) == 4 and shape[3] > 1


def reached(
    nodes: list[NodeProto], shape: tuple[int, ...], constants: Constants, opset: int
) -> dict[Pixels, set[Pixels]]:
    """For every output pixel, the input pixels that it depends on."""
    run: Any = ReferenceEvaluator(model(nodes, {"x": shape}, constants, opset=opset)).run
    base_in = RNG.uniform(1, 2, shape).astype(np.float32)
    base = run(None, {"x": base_in})[0]
    rows, cols = pixels(shape)
    found: dict[Pixels, set[Pixels]] = {}
    for r in range(rows):
        for c in range(cols):
            disturbed = base_in.copy()
            if is_image(shape):
                disturbed[r // shape[2], :, r % shape[2], c] += 50
            else:
                disturbed[r, :, c] += 50
            changed = (run(None, {"x": disturbed})[0] != base).any(axis=1)
            changed = changed.reshape(-1, changed.shape[-1] if is_image(shape) else changed.shape[1])
            for place in np.argwhere(changed):
                found.setdefault((int(place[0]), int(place[1])), set()).add((r, c))
    return found


def windowed(network: Network) -> set[Pixels] | dict[Pixels, set[Pixels]]:
    """For every output pixel, the input pixels in its window, through all operators of the network."""
    seen: dict[str, dict[Pixels, set[Pixels]]] = {}
    for operator in network:
        grid = operator.output.grid
        places = [(r, c) for r in range(grid.rows) for c in range(grid.cols)]
        if operator.kind == "input":
            seen[operator.output.name] = {p: {p} for p in places}
            continue
        total: dict[Pixels, set[Pixels]] = {p: set() for p in places}
        for port in operator.inputs:
            source = network.producer(port.tensor).output.grid
            before = seen[port.tensor]
            for place in places:
                for q in inside(port.window, place, (source.rows, source.cols), grid.cols):
                    total[place] |= before[q]
        seen[operator.output.name] = total
    return seen[network.operators[-1].output.name]


def inside(window: Window, place: Pixels, source: Pixels, n_cols: int) -> list[Pixels]:
    if window.kind == "same":
        return [divmod(place[0] * n_cols + place[1], source[1])]
    if window.kind == "all":
        return [(r, c) for r in range(source[0]) for c in range(source[1])]
    (r0, r1), (c0, c1) = (window.span(axis, place[axis], source[axis]) for axis in (0, 1))
    return [(r, c) for r in range(r0, r1 + 1) for c in range(c0, c1 + 1)]


def conv(shape: tuple[int, ...], **attributes: Any) -> tuple[list[NodeProto], Constants]:
    return [node("Conv", "x w", "y", **attributes)], {"w": weights(*shape)}


IMAGE = (1, 2, 7, 6)
EXACT: dict[str, tuple[tuple[int, ...], tuple[list[NodeProto], Constants]]] = {
    "3x3": (IMAGE, conv((3, 2, 3, 3), pads=[1, 1, 1, 1])),
    "stride 2, uneven padding": (IMAGE, conv((3, 2, 3, 3), pads=[0, 0, 1, 1], strides=[2, 2])),
    "pointwise stride 2": (IMAGE, conv((3, 2, 1, 1), strides=[2, 2])),
    "same upper": (IMAGE, conv((3, 2, 4, 3), auto_pad="SAME_UPPER", strides=[2, 1])),
    "same lower": (IMAGE, conv((3, 2, 4, 3), auto_pad="SAME_LOWER", strides=[1, 2])),
    "depthwise 5x3": (IMAGE, conv((2, 1, 5, 3), group=2, pads=[2, 1, 2, 1])),
    "whole image": (IMAGE, conv((3, 2, 7, 6))),
    "1-D dilated needs no more than its taps' hull": ((1, 2, 9), conv((3, 2, 3), pads=[1, 1])),
    "1-D batch of 3": ((3, 2, 9), conv((3, 2, 3), strides=[2], pads=[1, 1])),
    "1-D as an image of width 1": ((1, 2, 9, 1), conv((3, 2, 3, 1), pads=[1, 0, 1, 0], strides=[2, 1])),
    "average pool": (IMAGE, ([node("AveragePool", "x", "y", kernel_shape=[3, 2], strides=[2, 2])], {})),
    "pad then convolve": (
        IMAGE,
        (
            [node("Pad", "x pads", "p"), node("Conv", "p w", "y", strides=[2, 2])],
            {"pads": np.array([0, 0, 2, 1, 0, 0, 1, 0]), "w": weights(2, 2, 3, 3)},
        ),
    ),
    "slice of rows": (
        IMAGE,
        ([node("Slice", "x a b c d", "y")], {"a": [2, 1], "b": [7, 6], "c": [2, 3], "d": [2, 1]}),
    ),
    "negative slice": (IMAGE, ([node("Slice", "x a b c", "y")], {"a": [-3], "b": [9], "c": [3]})),
    "one row by index": (IMAGE, ([node("Gather", "x i", "y", axis=2)], {"i": np.array([4])})),
    "nearest x2": (
        IMAGE,
        ([node("Resize", "x - s", "y", mode="nearest")], {"s": np.array([1, 1, 2, 2], np.float32)}),
    ),
    "upsample x3 by 2": (
        IMAGE,
        (
            [
                node(
                    "Resize",
                    "x - s",
                    "y",
                    mode="nearest",
                    coordinate_transformation_mode="asymmetric",
                    nearest_mode="floor",
                )
            ],
            {"s": np.array([1, 1, 3, 2], np.float32)},
        ),
    ),
    "depth to space": (
        (1, 8, 3, 4),
        (
            [node("DepthToSpace", "x", "d", blocksize=2), node("Conv", "d w", "y", pads=[1] * 4)],
            {"w": weights(2, 2, 3, 3)},
        ),
    ),
    "space to depth": (
        (1, 2, 6, 8),
        ([node("SpaceToDepth", "x", "d", blocksize=2), node("Conv", "d w", "y")], {"w": weights(2, 8, 1, 1)}),
    ),
    "two chained": (
        IMAGE,
        (
            [node("Conv", "x v", "t", pads=[1] * 4), node("Conv", "t w", "y", pads=[1] * 4)],
            {"v": weights(2, 2, 3, 3), "w": weights(2, 2, 3, 3)},
        ),
    ),
}

COVERED: dict[str, tuple[tuple[int, ...], tuple[list[NodeProto], Constants]]] = {
    "dilated": (IMAGE, conv((3, 2, 3, 3), dilations=[2, 2], pads=[2, 2, 2, 2])),
    "images of a batch": ((2, 2, 6, 6), conv((3, 2, 3, 3), pads=[1, 1, 1, 1])),
    "images of a batch, stride 2": ((2, 2, 6, 6), conv((3, 2, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2])),
    "images of a batch, shrinking": ((2, 2, 6, 6), conv((3, 2, 3, 3))),
    "max pool": (IMAGE, ([node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2])], {})),
    "max pool with ceil": (
        IMAGE,
        ([node("MaxPool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], {}),
    ),
    "transposed 4x4 by 2": (
        IMAGE,
        ([node("ConvTranspose", "x w", "y", strides=[2, 2], pads=[1, 1, 1, 1])], {"w": weights(2, 3, 4, 4)}),
    ),
    "transposed 3x3 by 2, output padding": (
        IMAGE,
        (
            [node("ConvTranspose", "x w", "y", strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])],
            {"w": weights(2, 3, 3, 3)},
        ),
    ),
    "transposed 1-D by 3": (
        (1, 2, 6),
        ([node("ConvTranspose", "x w", "y", strides=[3])], {"w": weights(2, 3, 5)}),
    ),
    "linear x2": (
        IMAGE,
        ([node("Resize", "x - s", "y", mode="linear")], {"s": np.array([1, 1, 2, 2], np.float32)}),
    ),
    "linear to 5 x 9": (
        IMAGE,
        ([node("Resize", "x - - z", "y", mode="linear")], {"z": np.array([1, 2, 5, 9])}),
    ),
    "cubic x2": (
        IMAGE,
        ([node("Resize", "x - s", "y", mode="cubic")], {"s": np.array([1, 1, 2, 2], np.float32)}),
    ),
    "reflect pad": (IMAGE, ([node("Pad", "x pads", "y")], {"pads": np.array([0, 0, 2, 1, 0, 0, 1, 0])})),
    "concatenated rows": (
        IMAGE,
        ([node("Relu", "x", "r"), node("Neg", "x", "n"), node("Concat", "r n", "y", axis=2)], {}),
    ),
    "instance norm": (
        IMAGE,
        ([node("InstanceNormalization", "x s b", "y")], {"s": weights(2), "b": weights(2)}),
    ),
}


def both(tmp_path: Path, case: tuple[tuple[int, ...], tuple[list[NodeProto], Constants]]) -> tuple[Any, Any]:
    shape, (nodes, constants) = case
    network = imported(tmp_path, nodes, {"x": shape}, constants)
    assert (network.operators[0].output.grid.rows, network.operators[0].output.grid.cols) == pixels(shape)
    assert len(body(network)) >= 1
    return reached(nodes, shape, constants, 20), windowed(network)


@pytest.mark.parametrize("case", EXACT.values(), ids=EXACT)
def test_the_window_is_what_is_needed(tmp_path: Path, case: Any) -> None:
    needed, seen = both(tmp_path, case)
    assert seen == needed


@pytest.mark.parametrize("case", COVERED.values(), ids=COVERED)
def test_the_window_holds_what_is_needed(tmp_path: Path, case: Any) -> None:
    needed, seen = both(tmp_path, case)
    for place, sources in needed.items():
        assert sources <= seen[place], place
