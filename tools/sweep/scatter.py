"""A scatter plot as SVG: points, and the steps of the Pareto front through the best of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from ...sim.figures import Figure
from ...sim.report.numbers import figure_text

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 16, 48
"""Margins of the plot."""
LOG_SPAN = 20
"""An axis is logarithmic when its largest value is so many times the smallest."""
N_TICKS = 5


@dataclass(frozen=True)
class Mark:
    """One point: where it is, what is said when the pointer is on it, and whether it is among the best."""

    x: float
    y: float
    label: str
    best: bool


def scatter(marks: Sequence[Mark], x: Figure, y: Figure, with_front: bool) -> str:
    """The plot; `x` and `y` are the figures of the axes.

    The front is drawn only where the best marks are those of these two axes.
    """
    to_x, x_ticks = _axis([m.x for m in marks], LEFT, WIDTH - RIGHT)
    to_y, y_ticks = _axis([m.y for m in marks], HEIGHT - BOTTOM, TOP)
    what = f"{escape(y.key)} against {escape(x.key)}"
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{what}">']
    for value in x_ticks:
        at = f"{to_x(value):.1f}"
        parts.append(f'<line class="axis" x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        text = escape(figure_text(x, value))
        parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{text}</text>')
    for value in y_ticks:
        at = f"{to_y(value):.1f}"
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{at}" dy="4" text-anchor="end">{escape(figure_text(y, value))}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.key)}</text>'
    )
    parts.append(f'<text x="{LEFT}" y="{TOP - 4}">{escape(y.key)}</text>')
    best = sorted((to_x(m.x), to_y(m.y)) for m in marks if m.best)
    if with_front and len(best) > 1:
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in best)
        parts.append(f'<polyline class="front" points="{path}"/>')
    for mark in sorted(marks, key=lambda m: m.best):
        klass = ' class="best"' if mark.best else ""
        parts.append(
            f'<circle{klass} cx="{to_x(mark.x):.1f}" cy="{to_y(mark.y):.1f}" r="{4.5 if mark.best else 3.5}">'
            f"<title>{escape(mark.label)}</title></circle>"
        )
    return "\n".join([*parts, "</svg>"])


def _axis(values: Sequence[float], begin: float, end: float) -> tuple[Callable[[float], float], list[float]]:
    """From a value to its place between two ends, and the values of the ticks."""
    low, high = min(values), max(values)
    log = low > 0 and high / low > LOG_SPAN
    change: Callable[[float], float] = math.log10 if log else float
    a, b = change(low), change(high)
    room = (b - a) * 0.05 or abs(a) * 0.05 or 1.0
    a, b = a - room, b + room

    def place(value: float) -> float:
        return begin + (change(value) - a) / (b - a) * (end - begin)

    if log:
        decades = range(math.ceil(a), math.floor(b) + 1)
        steps = (1, 2, 5) if len(decades) < 3 else (1,)
        ticks = [m * 10.0**d for d in range(math.floor(a), math.floor(b) + 1) for m in steps]
    else:
        rough = (b - a) / N_TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough)
        ticks = [k * step for k in range(math.ceil(a / step), math.floor(b / step) + 1)]
    return place, [t for t in ticks if a <= change(t) <= b]
