"""Weights of few bits, packed into bytes."""

from __future__ import annotations

import numpy as np

from .body import Body
from .registry import MICROSOFT, stand_in


@stand_in("MatMulNBits", "MatMulBnb4")
def matmul(b: Body) -> None:
    """A times the K x N matrix that the packed blocks hold: what the operator makes of the identity."""
    k, kind = b.integer("K"), b.node.op_type
    last = 5 if kind == "MatMulNBits" else 3
    identity = b("EyeLike", b("ConstantOfShape", b.integers(k, k)), dtype=b.dtype(b.input(0)))
    weights = b(kind, identity, *(b.input(i) for i in range(1, last)), domain=MICROSOFT, **b.attributes)
    y = b("MatMul", b.input(0), weights, main=True)
    b.give(0, b.plus(y, b.input(5)) if last == 5 else y)


@stand_in("GatherBlockQuantized")
def gather(b: Body) -> None:
    """Rows of a table that is stored in blocks: of what the operator makes of all its rows."""
    axis, data = b.integer("gather_axis"), b.shape(b.input(0))
    rows = b.constant(np.arange(data[axis]), 7)
    inputs = (b.input(0), rows, b.input(2), b.input(3))
    table = b("GatherBlockQuantized", *inputs, domain=MICROSOFT, **b.attributes)
    b.give(0, b("Gather", table, b.input(1), main=True, axis=axis))
