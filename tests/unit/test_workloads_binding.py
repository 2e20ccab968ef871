"""Are open dimensions bound by name or by shape, and asked for when they are not?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import Grid, NetworkError
from onnx import TensorProto

from ..kit.onnx_graphs import imported, node, only

SYMBOLIC = {"x": ("batch", "time", 16)}


def linear(tmp_path: Path, inputs: object, **options: object) -> object:
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s two", "n"),
        node("Concat", "minus n", "t", axis=0),
        node("Reshape", "x t", "r"),
        node("MatMul", "r w", "y"),
    ]
    constants = {"two": np.array([2]), "minus": np.array([-1]), "w": (16, 4)}
    return only(imported(tmp_path, nodes, inputs, constants, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"bind": {"batch": 2, "time": 5}},
        {"input_shapes": {"x": (2, 5, 16)}},
        {"bind": {"time": 5, "batch": 2}, "input_shapes": {"x": (2, 5, 16)}},
    ],
)
def test_bound_by_name_or_by_shape(tmp_path: Path, options: dict[str, Any]) -> None:
    made = linear(tmp_path, SYMBOLIC, **options)
    assert made.output.grid.n_tokens == 10  # type: ignore[attr-defined]


def test_a_shape_may_override_the_file(tmp_path: Path) -> None:
    made = linear(tmp_path, {"x": (1, 3, 16)}, input_shapes={"x": (1, 8, 16)})
    assert made.output.grid == Grid(1, 8)  # type: ignore[attr-defined]


def test_a_name_bound_through_one_input_holds_for_the_others(tmp_path: Path) -> None:
    inputs = {"x": ("n", 16), "z": ("n", 16)}
    made = only(imported(tmp_path, [node("Add", "x z", "y")], inputs, input_shapes={"x": (3, 16)}))
    assert made.output.grid == Grid(1, 3)


@pytest.mark.parametrize(
    ("inputs", "options", "expected"),
    [
        (
            SYMBOLIC,
            {},
            (
                r"input 'x' \(batchxtimex16\) has unbound dimensions: 'batch', 'time'; "
                r"give `bind: batch=VALUE` `bind: time=VALUE` or `input: x=NxNx16`"
            ),
        ),
        (
            SYMBOLIC,
            {"bind": {"batch": 1}},
            r"unbound dimensions: 'time'; give `bind: time=VALUE` or `input: x=1xNx16`",
        ),
        (
            {"x": (None, "time", 16)},
            {"bind": {"time": 4}},
            r"dimensions: 1 without a name; give `input: x=Nx4x16`",
        ),
        ({"x": (None, "time", 16)}, {}, r"dimensions: 'time', 1 without a name; give `input: x=NxNx16`"),
        (SYMBOLIC, {"bind": {"bacth": 1}}, r"no dimension is called 'bacth' \(did you mean 'batch'\?\)"),
        (
            {"x": (1, 6, 16)},
            {"bind": {"batch": 1}},
            r"no dimension is called 'batch'; all its dimensions are numbers",
        ),
        (SYMBOLIC, {"bind": {"batch": 0, "time": 1}}, r"dimension 'batch' bound to 0, expected at least 1"),
        (SYMBOLIC, {"input_shapes": {"z": (1, 2, 16)}}, r"no input is called 'z'; inputs: x"),
        (
            SYMBOLIC,
            {"input_shapes": {"x": (1, 2)}},
            r"'x' given as 1x2, expected 3 dimensions \(batchxtimex16\)",
        ),
        (
            SYMBOLIC,
            {"input_shapes": {"x": (1, -2, 16)}},
            r"'x' given as 1x-2x16, expected dimensions of at least 1",
        ),
        (
            SYMBOLIC,
            {"bind": {"batch": 2}, "input_shapes": {"x": (1, 2, 16)}},
            r"'batch' bound to both 2 and 1",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    tmp_path: Path, inputs: object, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(NetworkError, match=expected):
        linear(tmp_path, inputs, **options)


def test_inputs_from_here_on_are_weights(tmp_path: Path) -> None:
    inputs = {"x": (1, 6, 16), "w": (16, 4), "b": (4,)}
    nodes = [node("MatMul", "x w", "m"), node("Add", "m b", "y")]
    made = only(imported(tmp_path, nodes, inputs, weight_inputs_from=1))
    assert (made.kind, made.params) == ("matrix", 16 * 4 + 4)
    with pytest.raises(NetworkError, match=r"from number 4 on: expected 1 to 3"):
        imported(tmp_path, nodes, inputs, weight_inputs_from=4)


def test_weights_listed_as_inputs_too_are_no_inputs(tmp_path: Path) -> None:
    inputs = {"x": (1, 6, 16), "w": (16, 4)}
    made = only(imported(tmp_path, [node("MatMul", "x w", "y")], inputs, {"w": (16, 4)}))
    assert (made.kind, len(made.inputs)) == ("matrix", 1)


def test_an_input_of_indices_is_one_element_per_token(tmp_path: Path) -> None:
    nodes = [node("Reshape", "ids s", "r"), node("Gather", "table r", "y")]
    constants = {"s": np.array([-1, 6]), "table": (100, 16)}
    network = imported(tmp_path, nodes, {"ids": (1, 6)}, constants, dtypes={"ids": TensorProto.INT64})
    assert [(o.output.grid, o.output.elements) for o in network] == [(Grid(1, 6), 1), (Grid(1, 6), 16)]
