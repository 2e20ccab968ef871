"""LSTM and GRU: gates on crossbars, step by step; the state in digital."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from .operators import Floats, Operator, Product, attributes, unsupported, weights_of

DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
GATES = {"LSTM": 4, "GRU": 3}


class Recurrent(Operator):
    """A recurrent node; x and h drive one matrix, W above R, whose columns are the gates.

    x and h have each a scale of their own, which the weights of their rows make up for.

    The GRU needs linear_before_reset = 1: else its candidate would multiply a state that depends on the other
    gates, a second product. Its candidate takes W x and R h apart, so each half is a read of its own.
    """

    def __init__(self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]]) -> None:
        given = attributes(node)
        self.op, self.name = node.op_type, name
        self._check(given, node, name)
        self.outputs = list(node.output)
        self.arguments = [*node.input, *[""] * (8 - len(node.input))]
        self.inputs = [n for n in (self.arguments[0], *self.arguments[5:7]) if n and n not in stored]
        self.stored = {n: stored[n] for n in self.arguments[5:7] if n in stored}
        weight, recurrence = weights_of(node, 1, stored), weights_of(node, 2, stored)
        self.hidden = recurrence.shape[2]
        n_directions = weight.shape[0]
        parts = ["forward", "reverse"] if n_directions == 2 else [""]
        self.directions = [f"{name}/{part}" if part else name for part in parts]
        self.backwards = given.get("direction", b"forward") == b"reverse"
        both = np.concatenate([weight, recurrence], axis=2).transpose(0, 2, 1)
        self.matrices = {d: np.ascontiguousarray(m)[None] for d, m in zip(self.directions, both, strict=True)}
        self.input_parts = (weight.shape[2], self.hidden)
        bias = weights_of(node, 3, stored) if self.arguments[3] else np.zeros((n_directions, 1), np.float32)
        self.bias = np.broadcast_to(bias, (n_directions, 2 * GATES[self.op] * self.hidden)).astype(np.float32)

    def _check(self, given: dict[str, Any], node: onnx.NodeProto, name: str) -> None:
        functions = [f.decode() for f in given.get("activations", [])]
        n_directions = 2 if given.get("direction") == b"bidirectional" else 1
        if functions and functions != DEFAULTS[self.op] * n_directions:
            raise unsupported(name, f"{self.op} with activations {functions}")
        for attribute in ("clip", "layout", "input_forget"):
            if given.get(attribute):
                raise unsupported(name, f"{self.op} with {attribute}")
        for index, what in ((4, "sequence lengths"), (7, "peepholes")):
            if len(node.input) > index and node.input[index]:
                raise unsupported(name, f"{self.op} with {what}")
        if self.op == "GRU" and not given.get("linear_before_reset"):
            raise unsupported(name, "GRU with linear_before_reset = 0")

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.arguments[0]]
        n_steps, batch, _ = x.shape
        shape = (len(self.directions), batch, self.hidden)
        y = np.empty((n_steps, shape[0], batch, self.hidden), np.float32)
        states = [self._state(self.arguments[i], values, shape) for i in (5, 6)]
        for d, name in enumerate(self.directions):
            h, c = states[0][d], states[1][d]
            order = range(n_steps)
            for t in reversed(order) if self.backwards or d == 1 else order:
                h, c = self._step(name, d, x[t], h, c, product)
                y[t, d] = h
            states[0][d], states[1][d] = h, c
        made = dict(zip(self.outputs, (y, *states), strict=False))
        return {name: value for name, value in made.items() if name}

    def _state(self, name: str, values: Mapping[str, npt.NDArray[Any]], shape: tuple[int, ...]) -> Floats:
        if not name:
            return np.zeros(shape, np.float32)
        return np.array(self.stored[name] if name in self.stored else values[name], np.float32)

    def _step(
        self, name: str, d: int, x: Floats, h: Floats, c: Floats, product: Product
    ) -> tuple[Floats, Floats]:
        n = GATES[self.op] * self.hidden
        bias_x, bias_h = self.bias[d, :n], self.bias[d, n:]
        if self.op == "LSTM":
            gates = product(name, np.concatenate([x, h], axis=1)) + (bias_x + bias_h)
            i, o, f, new = np.split(gates, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
            return sigmoid(o) * np.tanh(c), c
        from_x = product(name, np.concatenate([x, np.zeros_like(h)], axis=1)) + bias_x
        from_h = product(name, np.concatenate([np.zeros_like(x), h], axis=1)) + bias_h
        z, r = (
            sigmoid(a + b)
            for a, b in list(zip(*(np.split(p, 3, 1) for p in (from_x, from_h)), strict=True))[:2]
        )
        new = np.tanh(from_x[:, 2 * self.hidden :] + r * from_h[:, 2 * self.hidden :])
        return (1 - z) * new + z * h, c


def sigmoid(x: Floats) -> Floats:
    """Logistic function, by way of tanh, which cannot overflow."""
    half = np.float32(0.5)
    result: Floats = half + half * np.tanh(half * x)
    return result
