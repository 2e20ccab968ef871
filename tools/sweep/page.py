"""The Pareto fronts of a sweep as one HTML page that needs nothing else: tables, and scatter plots in SVG."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import combinations

from ...sim.figures import FIGURES
from ...sim.report.numbers import figure_text
from ..plain_page import plain_page
from .drive import Sweep
from .fields import text_of
from .fronts import Front, FrontCandidate, fronts
from .scatter import Mark, scatter

_STYLE = """
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
svg { flex: 1 1 24rem; max-width: 46rem; min-width: 0; height: auto; }
svg .front { stroke: var(--best); fill: none; stroke-width: 1.5; }
svg circle { fill: var(--dot); opacity: .6; }
svg circle.best { fill: var(--best); opacity: 1; }
svg circle:hover { stroke: var(--ink); stroke-width: 2; }
"""


def page(sweep: Sweep, title: str) -> str:
    """The page; the same sweep gives the same bytes."""
    failed = len(sweep.results) - sweep.count("ok")
    body = [f"<h1>{escape(title)}</h1>", f"<p>{len(sweep.results)} points, of which {failed} cannot be.</p>"]
    for one in fronts(sweep):
        body += _section(sweep, one)
    return plain_page(title, body, _STYLE)


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
