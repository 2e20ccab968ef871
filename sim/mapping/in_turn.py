"""Chips without crossbars one after the other: which of them a matrix or a product on the chip runs on.

These operators are cut, in the order of the network, into as many runs as there are chips, of as even a
number of multiply-accumulates as the order allows. Everything else runs on the chip of its first input.
"""

from __future__ import annotations

from ...arch.chip import Chip
from ...workloads.graph import Network, Operator
from .assignment import Choice, OnArray, OnChipUnits


def chips_in_turn(network: Network, chip: Chip, choices: dict[str, Choice]) -> dict[str, int]:
    """Number of the chip of every operator on MAC arrays; empty where chips have crossbars, or there is one.

    What belongs to the way back of a training step is left out: it runs where its layer does.
    """
    if chip.tile is not None or chip.n_chips == 1:
        return {}
    placed = [
        o
        for o in network.operators
        if _multiplies(o, choices[o.name]) and (o.role is None or o.role.task == "forward")
    ]
    total = sum(o.macs + o.product_macs for o in placed)
    found: dict[str, int] = {}
    done = 0
    for o in placed:
        own = o.macs + o.product_macs
        middle = 2 * done + own  # twice the work up to the middle of this operator
        found[o.name] = min(chip.n_chips - 1, middle * chip.n_chips // max(1, 2 * total))
        done += own
    return found


def _multiplies(o: Operator, choice: Choice) -> bool:
    """Whether it is on MAC arrays, or a matrix that a unit of the chip makes faster."""
    return isinstance(choice, OnArray) or (isinstance(choice, OnChipUnits) and o.matrix is not None)
