"""Small networks that put a chip into the situation of a published measurement."""

from __future__ import annotations

from itertools import pairwise

from ...workloads.graph import Grid, Matrix, Network, Operator, Port, Tensor

SEQUENCE = 2
"""Tokens of the networks here, unless they say otherwise: one alone, and one behind it."""


def layer(k: int, n: int, tokens: int = SEQUENCE, fused: tuple[str, ...] = ()) -> Network:
    """One k x n matrix, applied to a sequence of independent vectors."""
    return stack((k, n), tokens, fused)


def stack(widths: tuple[int, ...], tokens: int = 1, fused: tuple[str, ...] = ()) -> Network:
    """Fully-connected layers of these widths, one after the other."""
    grid = Grid(1, tokens)
    operators = [Operator("x", "Input", "input", (), Tensor("x", (), grid, widths[0]))]
    for i, (k, n) in enumerate(pairwise(widths)):
        port = Port(operators[-1].output.name)
        out = Tensor(f"y{i}", (), grid, n)
        operators.append(
            Operator(f"fc{i}", "Gemm", "matrix", (port,), out, fused=fused, matrix=Matrix(k, n), params=k * n)
        )
    return Network("stack", tuple(operators), (operators[-1].name,))


def lstm(inputs: int, hidden: int, steps: int) -> Network:
    """One LSTM layer over so many time steps."""
    grid = Grid(1, steps)
    x = Operator("x", "Input", "input", (), Tensor("x", (), grid, inputs))
    gates = Matrix(inputs + hidden, 4 * hidden, recurrent_k=hidden)
    work = (("sigmoid", 3 * hidden), ("tanh", 2 * hidden), ("mul", 3 * hidden), ("add", hidden))
    out = Tensor("h", (), grid, hidden)
    cell = Operator("lstm", "LSTM", "matrix", (Port("x"),), out, matrix=gates, state_work=work)
    return Network("lstm", (x, cell), ("lstm",))
