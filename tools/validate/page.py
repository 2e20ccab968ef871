"""Signed errors of all rows as one HTML page: a plot, and why predictions miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import log2

from ..plain_page import plain_page
from .row import RowOutcome, Score

WIDTH, LEFT, RIGHT, STEP, TOP = 1040, 400, 40, 17, 30
"""Of the plot, in pixels: margins, and the height of a row."""
OCTAVES = 2.0
"""The axis reaches from a quarter to four times what was published."""
TICKS = (-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 3.0)

_STYLE = """
svg { width: 100%; height: auto; }
svg .zero { stroke: var(--ink); }
svg .target { stroke: var(--line); stroke-width: 9; }
svg .off { stroke-width: 1.5; fill: none; }
.identity { fill: var(--dot); stroke: var(--dot); }
.calibrated { fill: #0e7490; stroke: #0e7490; }
.predicted { fill: var(--best); stroke: var(--best); }
"""


def page(outcomes: Sequence[RowOutcome]) -> str:
    """The page; the same rows give the same bytes."""
    score = Score.of(outcomes)
    body = ["<h1>Published numbers and simulated ones</h1>"]
    body.append(
        "<p>Simulated over published, less one; a bar is the target of a row. Identities (grey) are "
        "arithmetic on what a preset was given, calibrated rows (blue) were inputs of it; only predictions "
        f"(orange) say how good the model is: {score.on_target} of {score.rows} rows on target, "
        f"{score.degrees_on_target} of {score.degrees} degrees of freedom with every row. Rings are off "
        "target.</p>"
    )
    body += [_plot(outcomes), "<h2>Why predictions miss</h2>", *_reasons(outcomes)]
    return plain_page("Published numbers and simulated ones", body, _STYLE)


def place(error: float) -> float:
    """Where a signed error is on the axis, pixels; ratios are as far apart as they are large."""
    octaves = max(-OCTAVES, min(OCTAVES, log2(max(1 + error, 1e-9))))
    return LEFT + (octaves + OCTAVES) / (2 * OCTAVES) * (WIDTH - LEFT - RIGHT)


def _plot(outcomes: Sequence[RowOutcome]) -> str:
    chips = list(dict.fromkeys(o.row.chip for o in outcomes))
    rows = [o for chip in chips for o in outcomes if o.row.chip == chip]
    height = TOP + STEP * (len(rows) + 1)
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="signed error of every row">']
    for tick in TICKS:
        at = f"{place(tick):.1f}"
        line = f'x1="{at}" x2="{at}" y1="{TOP - 6}" y2="{height - STEP}"'
        parts.append(f'<line class="{"axis" if tick else "zero"}" {line}/>')
        parts.append(f'<text x="{at}" y="{TOP - 12}" text-anchor="middle">{100 * tick:+.0f} %</text>')
    for i, outcome in enumerate(rows):
        parts += _mark(
            outcome, TOP + STEP * i + STEP / 2, first=not i or rows[i - 1].row.chip != outcome.row.chip
        )
    return "\n".join([*parts, "</svg>"])


def _mark(outcome: RowOutcome, y: float, *, first: bool) -> Iterator[str]:
    """The target, the error, and the name of a row at a height."""
    row, target = outcome.row, outcome.target
    if first:
        yield f'<text x="4" y="{y:.1f}" dy="4">{escape(row.chip)}</text>'
    low, high = place(-target), place(target)
    yield f'<line class="target" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    klass = row.kind if outcome.on_target else f"{row.kind} off"
    words = (
        f"{row.chip}, {row.quantity}: {100 * outcome.error:+.1f} % ({row.kind})\n{row.source}; {row.boundary}"
    )
    yield (
        f'<circle class="{klass}" cx="{place(outcome.error):.1f}" cy="{y:.1f}" r="4">'
        f"<title>{escape(words)}</title></circle>"
    )
    yield f'<text x="{LEFT - 8}" y="{y:.1f}" dy="4" text-anchor="end">{escape(row.quantity)}</text>'


def _reasons(outcomes: Sequence[RowOutcome]) -> Iterator[str]:
    for o in outcomes:
        if o.row.kind == "predicted" and not o.on_target and o.row.why:
            what = f"{o.row.chip}, {o.row.quantity} ({100 * o.error:+.0f} %)"
            yield f"<p>{escape(what)}: {escape(o.row.why)}</p>"
