"""A figure before and after, in words."""

from __future__ import annotations

from ...sim.figures import find
from ...sim.report.numbers import figure_text, si


def value_text(name: str, value: float) -> str:
    """A figure with its unit.

    Examples
    --------
    >>> value_text("latency_s", 1.5e-3), value_text("throughput_per_s", 2e3), value_text("tops_per_w", 0.25)
    ('1.500 ms', '2.00 k/s', '0.25')
    """
    record = find(name)
    return si(value) if record is None else figure_text(record, value, fine=True)


def change_text(old: float, new: float) -> str:
    """The relative change, fine enough to show that there is one.

    Examples
    --------
    >>> change_text(2.0, 2.1), change_text(1.0, 1.0), change_text(0.0, 1.0), change_text(1.0, 0.99999)
    ('+5.0 %', '0 %', 'new', '-0.001 %')
    """
    if old == new:
        return "0 %"
    if old == 0:
        return "new"
    relative = 100 * (new / old - 1)
    if abs(relative) >= 9.95:
        return f"{relative:+.0f} %"
    digits = 1 if abs(relative) >= 0.095 else 3
    return f"{relative:+.{digits}f} %" if abs(relative) >= 0.0005 else f"{relative:+.0e} %"
