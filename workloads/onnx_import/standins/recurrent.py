"""Recurrent operators whose batch comes first: the same with time first."""

from __future__ import annotations

from .body import Body
from .registry import stand_in


@stand_in("LSTM", "GRU", "RNN", domain="")
def batch_first(b: Body) -> None:
    """Layout 1: X (batch, time, inputs), Y (batch, time, directions, hidden), states likewise."""
    names = list(b.node.input)
    for i in (0, 5, 6):
        if i < len(names) and names[i]:
            names[i] = b.transpose(names[i], [1, 0, 2])
    given = {k: v for k, v in b.attributes.items() if k != "layout"}
    made = b.add(b.node.op_type, *names, n=3 if b.node.op_type == "LSTM" else 2, main=True, **given)
    for i, (name, perm) in enumerate(zip(made, ([2, 0, 1, 3], [1, 0, 2], [1, 0, 2]), strict=False)):
        if b.wants(i):
            b.give(i, b.transpose(name, perm))
