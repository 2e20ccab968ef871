"""One picture of an answer as SVG, without scripts, in colours that are seen on light and dark ground.

Text and lines take the colour of the text around the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from ..answers.generation import Generation
from ..answers.run import Run
from ..answers.serving import Serving
from ..metrics.seconds import seconds
from .colours import WORK, of_classes
from .heading import named_figure
from .numbers import percent, shorten, si

if TYPE_CHECKING:
    from ..answers.base import Answer


WIDTH, LEFT, RIGHT = 720, 130, 20
"""Of the picture, and its margins; the height follows from what is drawn."""
ROW = 22
MOST_ROWS = 40
"""Layers of the critical path drawn in rows of their own; more share rows with their neighbours."""
STAIRCASE = 160
"""Height of the critical path."""
HAIR = 0.5
"""Width below which nothing can be told apart."""
PER_LINE = 4
"""Entries of the legend side by side."""


def picture(answer: Answer) -> str:
    """The picture of an answer: the critical path, kinds of work, or how many requests took how long."""
    if isinstance(answer, Run):
        return critical_path(answer)
    if isinstance(answer, Generation):
        return kinds_of_work(answer)
    if isinstance(answer, Serving):
        return waiting(answer)
    raise TypeError(f"no picture of {type(answer).__name__}")


def critical_path(run: Run) -> str:
    """What the latency is made of: layers from top to bottom, time from left to right, colours by class."""
    path, total_fs = run.critical_path, run.latency_fs
    rows = [layer.name for layer in run.layers if layer.name in path.by_layer_s]
    step = max(1, -(-len(rows) // MOST_ROWS))
    row_of = {name: i // step for i, name in enumerate(rows)}
    height = STAIRCASE / max(1, -(-len(rows) // step))
    scale = (WIDTH - LEFT - RIGHT) / total_fs
    drawn: dict[str, dict[int, list[list[float]]]] = {}
    for piece in path.pieces:
        if piece.layer in row_of:
            begin = LEFT + piece.start_fs * scale
            end = begin + max(HAIR, piece.duration_fs * scale)
            row = drawn.setdefault(piece.klass, {}).setdefault(row_of[piece.layer], [])
            if row and begin - row[-1][1] < HAIR:
                row[-1][1] = max(end, row[-1][1])
            else:
                row.append([begin, end])
    colours = of_classes(path.by_class_s)
    body = [
        f'<path fill="{colours[klass]}" d="{"".join(_boxes(by_row, height))}"/>'
        for klass, by_row in drawn.items()
    ]
    named = max(1, round(14 / height))
    body += [
        _text(LEFT - 8, (row_of[rows[i]] + 0.5) * height + 4, shorten(rows[i], 16), "end")
        for i in range(0, len(rows), named * step)
    ]
    body.append(_axis(STAIRCASE + 4, seconds(total_fs)))
    shares = {name: t / run.latency_s for name, t in path.by_class_s.items()}
    legend = _legend(shares, colours, STAIRCASE + 40)
    return _svg("critical path by class of resource", [*body, *legend[0]], legend[1])


def _boxes(by_row: Mapping[int, Sequence[Sequence[float]]], height: float) -> Iterator[str]:
    """Rectangles of one colour as parts of a path."""
    for row, spans in by_row.items():
        for begin, end in spans:
            w = end - begin
            yield f"M{begin:.1f} {row * height:.1f}h{w:.1f}v{max(1.0, height - 1):.1f}h{-w:.1f}z"


def kinds_of_work(made: Generation) -> str:
    """Time and energy of each phase by kind of work, a bar each."""
    bars = {
        f"{name} {what}": values
        for name, shares in made.shares.items()
        for what, values in (("time", shares.time_s), ("energy", shares.energy_j))
        if sum(values.values()) > 0
    }
    body: list[str] = []
    for i, (name, values) in enumerate(bars.items()):
        body.append(_text(LEFT - 8, i * ROW + 14, name, "end"))
        x, total = float(LEFT), sum(values.values())
        for kind, value in values.items():
            w = (WIDTH - LEFT - RIGHT) * value / total
            told = f"<title>{escape(f'{kind} {percent(value / total)}')}</title>"
            box = f'x="{x:.1f}" y="{i * ROW}" width="{w:.1f}" height="{ROW - 5}"'
            body.append(f'<rect {box} fill="{WORK[kind]}">{told}</rect>')
            x += w
    first = next(iter(bars.values()))
    kinds = {kind: None for values in bars.values() for kind in values}
    shares = {kind: first.get(kind, 0.0) / sum(first.values()) for kind in kinds}
    legend = _legend(shares, WORK, len(bars) * ROW + 12, figures=False)
    return _svg("time and energy by kind of work", [*body, *legend[0]], legend[1])


def waiting(served: Serving) -> str:
    """How many of the requests had their first token, and their last, within a time."""
    lines = {
        "first token": ([r.first_token_fs for r in served.requests], "#4c78a8"),
        "last token": ([r.latency_fs for r in served.requests], "#f58518"),
    }
    most_fs = max(max(times) for times, _ in lines.values())
    scale, body = (WIDTH - LEFT - RIGHT) / most_fs, []
    for share in (0.0, 0.5, 0.99):
        y = STAIRCASE * (1 - share)
        body.append(_text(LEFT - 8, y + 4, percent(share), "end"))
        body.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".2"/>')
    for times, colour in lines.values():
        ranked = enumerate(sorted(times), 1)
        up = STAIRCASE / len(times)
        steps = "".join(f"H{LEFT + t * scale:.1f}V{STAIRCASE - i * up:.1f}" for i, t in ranked)
        look = f'fill="none" stroke="{colour}" stroke-width="2"'
        body.append(f'<path d="M{LEFT} {STAIRCASE}{steps}" {look}/>')
    body.append(_axis(STAIRCASE + 4, seconds(most_fs)))
    colours = {name: colour for name, (_, colour) in lines.items()}
    legend = _legend(dict.fromkeys(lines, 0.0), colours, STAIRCASE + 40, figures=False)
    return _svg("share of the requests served within a time", [*body, *legend[0]], legend[1])


def _axis(y: float, most_s: float) -> str:
    """A line of time with its two ends."""
    return (
        f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".4"/>'
        + _text(LEFT, y + 16, "0", "start")
        + _text(WIDTH - RIGHT, y + 16, si(most_s, "s"), "end")
    )


def _legend(
    shares: Mapping[str, float], colours: Mapping[str, str], y: float, *, figures: bool = True
) -> tuple[list[str], float]:
    """Colours with names and shares, several to a line, and where the picture ends."""
    body = []
    each = (WIDTH - RIGHT) / PER_LINE
    for i, (name, share) in enumerate(shares.items()):
        x, at = 4 + (i % PER_LINE) * each, y + i // PER_LINE * 18
        box = f'x="{x:.0f}" y="{at - 9:.0f}" width="10" height="10"'
        body.append(f'<rect {box} rx="2" fill="{colours[name]}"/>')
        told = f" {percent(share)}" if figures else ""
        body.append(_text(x + 15, at, shorten(name, 18) + told, "start"))
    return body, y + (len(shares) - 1) // PER_LINE * 18 + 8


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(what: str, body: Sequence[str], height: float) -> str:
    return (
        f'<svg viewBox="0 -4 {WIDTH} {height + 4:.0f}" role="img" aria-label="{escape(what)}" '
        'style="max-width:720px;width:100%;height:auto" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="currentColor">{"".join(body)}</svg>'
    )


def notebook_html(answer: Answer) -> str:
    """A few lines of HTML, without scripts or styles of their own; colours are those of the notebook."""
    figures = [named_figure(answer, key) for key in answer.headline if key in answer.figures]
    look = "margin-right:2em;display:inline-block"
    cells = [f'<span style="{look}">{escape(name)} <b>{escape(text)}</b></span>' for name, text in figures]
    return "\n".join(
        [
            f'<div style="margin:.4em 0"><b>{escape(answer.title)}</b></div>',
            f'<div style="margin:.4em 0">{"".join(cells)}</div>',
            picture(answer),
        ]
    )
