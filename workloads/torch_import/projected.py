"""LSTMs whose state is projected (`proj_size`), which ONNX does not have and PyTorch's exporter drops.

Step after step: gates of [x, h] with one matrix, and the projection of the new state (Sak et al. 2014).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..errors import NetworkError

MOST_STEPS = 1024


def translations(program: Any, where: str, torch: ModuleType) -> dict[Any, Callable[..., Any]]:
    """How to translate the LSTMs of a program, if one of them has a projection; else nothing to say.

    Raises
    ------
    NetworkError
        One has more steps than can be told apart.
    """
    target = torch.ops.aten.lstm.input
    found = [node for node in program.graph.nodes if node.target is target]
    if not any(_has_projection(node.args[2]) for node in found):
        return {}
    for node in found:
        n_steps = int(node.args[0].meta["val"].shape[1 if node.args[8] else 0])
        if n_steps > MOST_STEPS:
            raise NetworkError(
                f"{where}: node {node.name!r}: an LSTM with a projection over {n_steps} steps, expected at"
                f" most {MOST_STEPS}; export it with a shorter sequence"
            )
    return {target: unrolled}


def _has_projection(weights: Any) -> bool:
    """Whether the state of an LSTM is smaller than its cell: a quarter of its gates."""
    gates, state = weights[1].meta["val"].shape
    return bool(state * 4 != gates)


def unrolled(
    x: Any, states: Any, weights: Any, biased: bool, n_layers: int, dropout: float, train: bool,
    both_ways: bool, batch_first: bool,
) -> Any:  # fmt: skip
    """The nodes of aten.lstm.input: all outputs, the last states, the last cells."""
    from onnxscript import opset18

    op: Any = opset18  # its types know no numbers of a program

    y = op.Transpose(x, perm=[1, 0, 2]) if batch_first else x
    n_steps, ways = y.shape[0] if not batch_first else x.shape[1], 2 if both_ways else 1
    per_way = len(weights) // (n_layers * ways)
    last: list[Any] = []
    cells: list[Any] = []
    for layer in range(n_layers):
        made = []
        for way in range(ways):
            k = layer * ways + way
            own = weights[k * per_way : (k + 1) * per_way]
            start = [None if _is_zero(s) else op.Gather(s, op.Constant(value_int=k), axis=0) for s in states]
            steps = range(n_steps)[::-1] if way else range(n_steps)
            outputs, h, c = _run(op, y, own, biased, start[0], start[1], steps)
            made.append(op.Concat(*(outputs[::-1] if way else outputs), axis=0))
            last.append(_first_axis(op, h))
            cells.append(_first_axis(op, c))
        y = op.Concat(*made, axis=-1) if ways > 1 else made[0]
    y = op.Transpose(y, perm=[1, 0, 2]) if batch_first else y
    return y, op.Concat(*last, axis=0), op.Concat(*cells, axis=0)


def _is_zero(state: Any) -> bool:
    """Whether a first state is made as zeros, which are no parameters and no operand."""
    filled = state.producer()
    number = filled.inputs[0].producer() if filled is not None and filled.op_type == "Expand" else None
    value = number.attributes.get("value") if number is not None and number.op_type == "Constant" else None
    return value is not None and not value.value.numpy().any()


def _run(op: Any, x: Any, own: Any, biased: bool, h: Any, c: Any, steps: range) -> tuple[list[Any], Any, Any]:
    """One direction of one layer: outputs in the order of the steps, the last state and cell.

    States that are None are zero.
    """
    matrix = op.Transpose(op.Concat(own[0], own[1], axis=1), perm=[1, 0])
    bias = op.Add(own[2], own[3]) if biased else None
    projection = op.Transpose(own[-1], perm=[1, 0]) if len(own) in (3, 5) else None
    outputs = []
    for t in steps:
        now = op.Gather(x, op.Constant(value_int=t), axis=0)
        if h is None:
            both = op.Pad(now, op.Constant(value_ints=[0, 0, 0, own[1].shape[1]]))
        else:
            both = op.Concat(now, h, axis=-1)
        z = op.MatMul(both, matrix)
        i, f, g, o = op.Split(op.Add(z, bias) if biased else z, num_outputs=4, axis=-1)
        new = op.Mul(op.Sigmoid(i), op.Tanh(g))
        c = new if c is None else op.Add(op.Mul(op.Sigmoid(f), c), new)
        h = op.Mul(op.Sigmoid(o), op.Tanh(c))
        h = h if projection is None else op.MatMul(h, projection)
        outputs.append(_first_axis(op, h))
    return outputs, h, c


def _first_axis(op: Any, x: Any) -> Any:
    return op.Unsqueeze(x, op.Constant(value_ints=[0]))
