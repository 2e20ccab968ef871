"""Published numbers beside simulated ones.

`rows` holds the published figures chip by chip, `measures` how they are simulated, `predictions` what is
predicted without a published figure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...sim.progress import Progress
from .row import Row, RowOutcome


def select(rows: Sequence[Row], chip: str | None) -> list[Row]:
    """The rows of a chip (its modes and multiples included), or all."""
    return [row for row in rows if chip is None or row.preset == chip]


def evaluate(rows: Sequence[Row], tell: Progress | None = None) -> list[RowOutcome]:
    """Simulate every row.

    Parameters
    ----------
    rows : sequence of Row
    tell : callable, optional
        Told the chip that is worked on, and the share that is done.
    """
    outcomes = []
    for done, row in enumerate(rows):
        if tell is not None:
            tell(row.chip, done / len(rows))
        outcomes.append(RowOutcome(row, row.simulated(row.chip)))
    return outcomes
