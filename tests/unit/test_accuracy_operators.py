"""Every operator on crossbars is computed: tiles in float32 give what ONNX Runtime does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.accuracy import Conditions, Data, Study
from ohmsum.sim.errors import SimulationError
from onnx import NodeProto, helper

from ..kit.accuracy_cases import PRECISE, save, study, study_of_sequence

RNG = np.random.default_rng(11)
EXACT = 3e-6  # of the largest output: rounding of float32


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def built(
    tmp_path: Path, nodes: list[NodeProto], weights: dict[str, np.ndarray], x: np.ndarray, **options: object
) -> Study:
    path = save(tmp_path / "net.onnx", nodes, ["n", *x.shape[1:]], weights)
    return study(path, Data({"x": x}, None), PRECISE, metric="sqnr", rule="maximum", **options)  # type: ignore[arg-type]


def exact(s: Study, layers: set[str]) -> None:
    """The tiles compute the network, and 16-bit codes leave nearly all of it."""
    assert set(s.layers) == layers
    assert s.mapping_error < EXACT
    assert s.evaluate(Conditions(noise=False)).mean > 60


TRANSPOSED: dict[str, dict[str, Any]] = {
    "plain": {},
    "stride": {"strides": [2, 3], "pads": [1, 0, 0, 2]},
    "beyond": {"strides": [2, 2], "output_padding": [1, 0]},
    "dilated": {"dilations": [2, 1], "pads": [1, 1, 1, 1]},
    "groups": {"group": 2, "strides": [2, 2]},
    "depthwise": {"group": 4},
    "same upper": {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    "same lower": {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    "shape": {"strides": [3, 3], "output_shape": [20, 22]},
}


class TestTransposedConvolutions:
    @pytest.mark.parametrize("case", TRANSPOSED)
    def test_two_dimensions(self, tmp_path: Path, case: str) -> None:
        given = TRANSPOSED[case]
        groups = int(given.get("group", 1))
        weights = {
            "w": floats(4, 6 // groups if groups < 4 else 2, 3, 2),
            "b": floats(8 if groups == 4 else 6),
        }
        node = helper.make_node("ConvTranspose", ["x", "w", "b"], ["y"], name="up", **given)
        exact(built(tmp_path, [node], weights, floats(3, 4, 7, 8)), {"up/patches"})

    def test_one_dimension_as_in_a_vocoder(self, tmp_path: Path) -> None:
        """Upsampling by 4, dilated and grouped convolutions after it, weights used twice."""
        nodes = [
            helper.make_node(
                "ConvTranspose", ["x", "up", "bias"], ["a"], strides=[4], pads=[2, 2], name="up"
            ),
            helper.make_node("LeakyRelu", ["a"], ["b"], alpha=0.1),
            helper.make_node("Conv", ["b", "w"], ["c"], dilations=[3], pads=[3, 3], name="first"),
            helper.make_node("Tanh", ["c"], ["d"]),
            helper.make_node("Conv", ["d", "w"], ["e"], dilations=[3], pads=[3, 3], name="second"),
            helper.make_node("Add", ["b", "e"], ["f"]),
            helper.make_node("Conv", ["f", "g"], ["y"], group=3, pads=[1, 1], name="grouped"),
        ]
        weights = {"up": floats(5, 6, 8), "bias": floats(6), "w": floats(6, 6, 3) / 4, "g": floats(6, 2, 3)}
        exact(built(tmp_path, nodes, weights, floats(2, 5, 9)), {"up/patches", "first", "second", "grouped"})

    def test_three_dimensions(self, tmp_path: Path) -> None:
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["a"], name="conv", pads=[1] * 6),
            helper.make_node("ConvTranspose", ["a", "t"], ["y"], name="up", strides=[2, 2, 2]),
        ]
        weights = {"w": floats(4, 2, 3, 3, 3), "t": floats(4, 3, 2, 2, 2)}
        exact(built(tmp_path, nodes, weights, floats(2, 2, 4, 3, 5)), {"conv", "up/patches"})


class TestProducts:
    def test_a_stack_of_matrices(self, tmp_path: Path) -> None:
        node = helper.make_node("MatMul", ["x", "w"], ["y"], name="heads")
        exact(built(tmp_path, [node], {"w": floats(3, 6, 4)}, floats(5, 3, 7, 6)), {"heads"})

    def test_a_vector(self, tmp_path: Path) -> None:
        node = helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")
        exact(built(tmp_path, [node], {"w": floats(6)}, floats(5, 7, 6)), {"mm"})

    @pytest.mark.parametrize(
        "equation", ["nhqk,hkd->nhqd", "hdk,nqkh->nqhd", "nhqk,kd->nqhd", "nhqk,hkd->nqd"]
    )
    def test_einsum(self, tmp_path: Path, equation: str) -> None:
        sizes = {"n": 4, "h": 3, "q": 5, "k": 6, "d": 2}
        terms = equation.partition("->")[0].split(",")
        live = next(i for i, t in enumerate(terms) if "n" in t)
        names = ["x", "w"] if live == 0 else ["w", "x"]
        shapes = [[sizes[c] for c in t] for t in terms]
        node = helper.make_node("Einsum", names, ["y"], name="sum", equation=equation)
        x = floats(*shapes[live])
        exact(built(tmp_path, [node], {"w": floats(*shapes[1 - live])}, x), {"sum"})


RECURRENT: dict[str, dict[str, Any]] = {
    "RNN": {},
    "RNN relu": {"activations": ["Relu"]},
    "GRU": {},
    "GRU after": {"linear_before_reset": 1},
    "GRU clip": {"clip": 0.7},
    "LSTM peepholes": {},
    "LSTM clip": {"clip": 0.7},
    "LSTM coupled": {"input_forget": 1},
    "LSTM lengths": {},
    "GRU reverse lengths": {"direction": "reverse"},
    "LSTM hard": {"activations": ["HardSigmoid", "Softsign", "Tanh"]},
}


@pytest.mark.parametrize("case", RECURRENT)
def test_recurrent_layers(tmp_path: Path, case: str) -> None:
    op, hidden = case.partition(" ")[0], 5
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    weights = {
        "w": floats(1, gates * hidden, 3), "r": floats(1, gates * hidden, hidden),
        "b": floats(1, 2 * gates * hidden),
    }  # fmt: skip
    inputs = ["x", "w", "r", "b"]
    if case == "LSTM peepholes":
        weights["p"], inputs = floats(1, 3 * hidden), [*inputs, "", "", "", "p"]
    if case.endswith("lengths"):
        weights["n"], inputs = np.array([4, 6], np.int32), [*inputs, "n"]
    node = helper.make_node(op, inputs, ["y"], name="rnn", hidden_size=hidden, **RECURRENT[case])
    path = save(tmp_path / "rnn.onnx", [node], [6, 2, 3], weights)
    s = study_of_sequence(path, floats(6, 2, 3))
    assert set(s.layers) == {"rnn"}
    assert s.mapping_error < EXACT


def test_nodes_without_names_are_called_by_what_they_make(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("MatMul", ["a", "w"], ["y"])]
    exact(built(tmp_path, nodes, {"w": floats(4, 4)}, floats(9, 4)), {"a", "y"})


def test_all_that_cannot_be_computed_is_told_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node(
            "LSTM", ["t", "w", "r"], ["s"], name="first", hidden_size=5, activations=["Elu"] * 3
        ),
        helper.make_node("Squeeze", ["s", "axes"], ["u"]),
        helper.make_node(
            "LSTM", ["u", "v", "r"], ["y"], name="second", hidden_size=5, activations=["Elu"] * 3
        ),
    ]
    weights = {
        "w": floats(1, 20, 3), "v": floats(1, 20, 5), "r": floats(1, 20, 5), "axes": np.array([1], np.int64),
        "more": np.array([1], np.int64),
    }  # fmt: skip
    nodes = [helper.make_node("Unsqueeze", ["x", "more"], ["t"]), *nodes]
    with pytest.raises(SimulationError, match=r"'first': LSTM with activations.*'second'.*`digital: second`"):
        built(tmp_path, nodes, weights, floats(6, 3))
