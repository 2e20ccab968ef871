"""The Pareto fronts of a sweep as one HTML page that needs nothing else: tables, and scatter plots in SVG."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import combinations

from ...sim.figures import FIGURES
from ...sim.report.numbers import figure_text
from .drive import Sweep
from .fields import text_of
from .fronts import Front, FrontCandidate, fronts
from .scatter import Mark, scatter

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --faint: #6b7385; --line: #d7dbe4; --paper: #ffffff;
  --dot: #9aa6bd; --best: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9f0; --faint: #98a1b5; --line: #343b4c; --paper: #151922;
    --dot: #5d6880; --best: #fb923c; }
}
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 70rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin-top: 2.5rem; }
p { color: var(--faint); }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
svg { flex: 1 1 24rem; max-width: 46rem; min-width: 0; height: auto; }
svg text { fill: var(--faint); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); }
svg .front { stroke: var(--best); fill: none; stroke-width: 1.5; }
svg circle { fill: var(--dot); opacity: .6; }
svg circle.best { fill: var(--best); opacity: 1; }
svg circle:hover { stroke: var(--ink); stroke-width: 2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { color: var(--faint); font-weight: 500; }
"""


def page(sweep: Sweep, title: str) -> str:
    """The page; the same sweep gives the same bytes."""
    failed = len(sweep.results) - sweep.count("ok")
    body = [f"<h1>{escape(title)}</h1>", f"<p>{len(sweep.results)} points, of which {failed} cannot be.</p>"]
    for one in fronts(sweep):
        body += _section(sweep, one)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _section(sweep: Sweep, one: Front) -> Iterator[str]:
    names = list(sweep.spec.objectives)
    yield f"<h2>{escape(one.name)}: {len(one.best)} of {len(one.candidates)} points on the Pareto front</h2>"
    if not one.best:
        yield "<p>No point has all objectives.</p>"
        return
    best = frozenset(one.best)
    if len(names) > 1:
        yield '<div class="plots">'
        for i, j in combinations(range(len(names)), 2):
            marks = [
                Mark(c.values[i], c.values[j], _label(sweep, one, c), k in best)
                for k, c in enumerate(one.candidates)
            ]
            yield scatter(marks, FIGURES[names[i]], FIGURES[names[j]], len(names) == 2)
        yield "</div>"
    yield from _table(sweep, one)


def _table(sweep: Sweep, one: Front) -> Iterator[str]:
    heads = [f"{name} ({direction})" for name, direction in sweep.spec.objectives.items()]
    yield '<div class="wide"><table><thead><tr>'
    yield "".join(f"<th>{escape(head)}</th>" for head in (*heads, *one.fields))
    yield "</tr></thead><tbody>"
    for k in one.best:
        candidate = one.candidates[k]
        cells = [
            *_figures(sweep, candidate),
            *(text_of(candidate.settings.get(field)) for field in one.fields),
        ]
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></div>"


def _figures(sweep: Sweep, candidate: FrontCandidate) -> list[str]:
    return [figure_text(FIGURES[n], v) for n, v in zip(sweep.spec.objectives, candidate.values, strict=True)]


def _label(sweep: Sweep, one: Front, candidate: FrontCandidate) -> str:
    settings = (f"{field} {text_of(candidate.settings.get(field))}" for field in one.fields)
    return "\n".join([", ".join(_figures(sweep, candidate)), *settings])
