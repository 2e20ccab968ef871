"""LSTM, GRU and RNN: gates on crossbars, step by step; the state in digital."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from .operators import ComputedOperator, Floats, Mapped, Product, attributes, unsupported, weights_of

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}


def sigmoid(x: Floats) -> Floats:
    """Logistic function, by way of tanh, which cannot overflow."""
    half = np.float32(0.5)
    result: Floats = half + half * np.tanh(half * x)
    return result


FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "Sigmoid": sigmoid,
    "Tanh": np.tanh,
    "Relu": lambda x: np.maximum(x, np.float32(0)),
    "HardSigmoid": lambda x: np.clip(np.float32(0.2) * x + np.float32(0.5), 0, 1).astype(np.float32),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Softplus": lambda x: np.logaddexp(x, np.float32(0)),
}


class Recurrent(ComputedOperator):
    """A recurrent node; x and h drive one matrix, W above R, whose columns are the gates.

    x and h have each a scale of their own, which the weights of their rows make up for. The candidate of a
    GRU takes W x and R h apart, so each half is a read of its own; with linear_before_reset = 0 it multiplies
    the state that the reset gate lets through, in a third read.
    """

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        given = attributes(node)
        self.op, self.name, self.directions = node.op_type, name, mapped.names
        self.functions = self._functions(given, node, name)
        self.clip = float(given.get("clip", 0.0))
        self.coupled = bool(given.get("input_forget", 0))
        self.after = bool(given.get("linear_before_reset", 0))
        self.outputs = list(node.output)
        self.arguments = [*node.input, *[""] * (8 - len(node.input))]
        self.inputs = [n for n in (self.arguments[0], *self.arguments[4:7]) if n and n not in stored]
        self.stored = {n: stored[n] for n in self.arguments[4:7] if n in stored}
        weight, recurrence = weights_of(node, 1, stored), weights_of(node, 2, stored)
        self.hidden = recurrence.shape[2]
        n_directions = weight.shape[0]
        self.backwards = given.get("direction", b"forward") == b"reverse"
        both = np.concatenate([weight, recurrence], axis=2).transpose(0, 2, 1)
        self.matrices = {d: np.ascontiguousarray(m)[None] for d, m in zip(self.directions, both, strict=True)}
        self.input_parts = (weight.shape[2], self.hidden)
        bias = weights_of(node, 3, stored) if self.arguments[3] else np.zeros((n_directions, 1), np.float32)
        self.bias = np.broadcast_to(bias, (n_directions, 2 * GATES[self.op] * self.hidden)).astype(np.float32)
        peepholes = weights_of(node, 7, stored) if self.arguments[7] else np.zeros((n_directions, 1))
        self.peepholes = np.broadcast_to(peepholes, (n_directions, 3 * self.hidden)).astype(np.float32)

    def _functions(
        self, given: dict[str, Any], node: onnx.NodeProto, name: str
    ) -> list[Callable[[Floats], Floats]]:
        """Those of every gate, which both directions share."""
        names = [f.decode() for f in given.get("activations", [])] or DEFAULTS[self.op]
        n = len(DEFAULTS[self.op])
        if (
            any(f not in FUNCTIONS for f in names)
            or names != names[:n] * (len(names) // n)
            or given.get("activation_alpha")
            or given.get("activation_beta")
        ):
            raise unsupported(name, f"{self.op} with activations {names}")
        if given.get("layout"):
            raise unsupported(name, f"{self.op} with layout")
        return [FUNCTIONS[f] for f in names[:n]]

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.arguments[0]]
        n_steps, batch, _ = x.shape
        shape = (len(self.directions), batch, self.hidden)
        y = np.empty((n_steps, shape[0], batch, self.hidden), np.float32)
        states = [self._state(self.arguments[i], values, shape) for i in (5, 6)]
        lengths = self._lengths(values, n_steps)
        for d, name in enumerate(self.directions):
            h, c = states[0][d], states[1][d]
            order = range(n_steps)
            for t in reversed(order) if self.backwards or d == 1 else order:
                goes_on = t < lengths
                new_h, new_c = self._step(name, d, x[t], h, c, product)
                y[t, d] = np.where(goes_on, new_h, 0)
                h, c = np.where(goes_on, new_h, h), np.where(goes_on, new_c, c)
            states[0][d], states[1][d] = h, c
        made = dict(zip(self.outputs, (y, *states), strict=False))
        return {name: value for name, value in made.items() if name}

    def _lengths(self, values: Mapping[str, npt.NDArray[Any]], n_steps: int) -> npt.NDArray[np.int64]:
        """Steps of every sequence, shape (batch, 1), or of all."""
        name = self.arguments[4]
        given = (self.stored[name] if name in self.stored else values[name]) if name else n_steps
        return np.reshape(np.asarray(given, np.int64), (-1, 1))

    def _state(self, name: str, values: Mapping[str, npt.NDArray[Any]], shape: tuple[int, ...]) -> Floats:
        if not name:
            return np.zeros(shape, np.float32)
        return np.array(self.stored[name] if name in self.stored else values[name], np.float32)

    def _step(
        self, name: str, d: int, x: Floats, h: Floats, c: Floats, product: Product
    ) -> tuple[Floats, Floats]:
        n = GATES[self.op] * self.hidden
        bias_x, bias_h = self.bias[d, :n], self.bias[d, n:]
        if self.op == "GRU":
            return self._gru(name, x, h, (bias_x, bias_h), product), c
        gates = product(name, np.concatenate([x, h], axis=1)) + (bias_x + bias_h)
        if self.op == "RNN":
            return self.functions[0](self._held(gates)), c
        i, o, f, new = np.split(gates, 4, axis=1)
        p_i, p_o, p_f = np.split(self.peepholes[d], 3)
        gate, inner, outer = self.functions
        opened = gate(self._held(i + p_i * c))
        kept = 1 - opened if self.coupled else gate(self._held(f + p_f * c))
        c = kept * c + opened * inner(self._held(new))
        return gate(self._held(o + p_o * c)) * outer(c), c

    def _gru(self, name: str, x: Floats, h: Floats, bias: tuple[Floats, Floats], product: Product) -> Floats:
        """The next state."""
        gate, inner = self.functions
        last = slice(2 * self.hidden, None)
        from_x = product(name, np.concatenate([x, np.zeros_like(h)], axis=1)) + bias[0]
        from_h = product(name, np.concatenate([np.zeros_like(x), h], axis=1)) + bias[1]
        z, r, _ = (gate(self._held(a)) for a in np.split(from_x + from_h, 3, axis=1))
        state = r * from_h[:, last]
        if not self.after:
            reset = np.ascontiguousarray(r * h, np.float32)
            state = (product(name, np.concatenate([np.zeros_like(x), reset], axis=1)) + bias[1])[:, last]
        new = inner(self._held(from_x[:, last] + state))
        result: Floats = (1 - z) * new + z * h
        return result

    def _held(self, x: Floats) -> Floats:
        """What a gate sees, within the clip of the node."""
        return np.clip(x, -self.clip, self.clip) if self.clip else x
