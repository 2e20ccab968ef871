"""Recurrent operators with the batch first, or with sequences that end early: the same in the common form."""

from __future__ import annotations

from collections.abc import Sequence

from ..nodes import Array
from .body import Body
from .registry import stand_in


def is_common(b: Body) -> bool:
    """Whether time comes first, and the longest sequence, if it is known, has no step to cut off."""
    if b.integer("layout"):
        return False
    lengths = lengths_of(b)
    return lengths is None or (lengths.max() == b.shape(b.input(0))[0] and lengths.min() < lengths.max())


def lengths_of(b: Body) -> Array | None:
    """Steps of every sequence; None if all have all steps, or if they come with the data.

    Raises
    ------
    NetworkError
        They are no lengths of these sequences.
    """
    lengths = b.value(b.input(4)) if b.input(4) else None
    if lengths is None:
        return None
    shape: Sequence[int] = b.shape(b.input(0))
    n_steps, batch = shape[:2] if not b.integer("layout") else (shape[1], shape[0])
    if lengths.shape != (batch,) or lengths.min() < 0 or not 1 <= lengths.max() <= n_steps:
        raise b.error(
            f"sequence_lens {lengths.tolist()}, expected {batch} of 0 to {n_steps} steps, one of at least 1"
        )
    return lengths


@stand_in("LSTM", "GRU", "RNN", domain="", common=is_common)
def common_form(b: Body) -> None:
    """Layout 1: X (batch, time, inputs), Y (batch, time, directions, hidden), states likewise.

    Steps after the end of the longest sequence are no work: X is cut off there, and Y is 0 from there on.
    """
    names, first = list(b.node.input), b.integer("layout")
    for i in (0, 5, 6) if first else ():
        if i < len(names) and names[i]:
            names[i] = b.transpose(names[i], [1, 0, 2])
    beyond, lengths = 0, lengths_of(b)
    if lengths is not None:
        n_steps, longest = b.shape(b.input(0))[first], int(lengths.max())
        beyond = n_steps - longest
        names[0] = b.first(names[0], longest) if beyond else names[0]
        names[4] = "" if lengths.min() == longest else names[4]
    given = {k: v for k, v in b.attributes.items() if k != "layout"}
    n = 3 if b.node.op_type == "LSTM" else 2
    made = b.add(b.node.op_type, *names, n=n, main=True, **given)
    if beyond and b.wants(0):
        made[0] = b.zeros_after(made[0], beyond, rank=4)
    for i, (name, perm) in enumerate(zip(made, ([2, 0, 1, 3], [1, 0, 2], [1, 0, 2]), strict=False)):
        if b.wants(i):
            b.give(i, b.transpose(name, perm) if first else name)
