"""A sweep as a terminal page: what ran, the Pareto fronts, and why points failed."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from ...sim.figures import FIGURES
from ...sim.report.numbers import figure_text
from ...sim.report.page import Column, Page, note
from .drive import Sweep
from .fields import text_of
from .fronts import Front, fronts

N_ROWS = 16
N_ERRORS = 5


def report(sweep: Sweep, title: str, page: Page) -> Group:
    """The whole page."""
    parts: list[RenderableType] = [Text(f"{title}   {_summary(sweep)}")]
    for one in fronts(sweep):
        parts += [Text(), *_front(sweep, one, page)]
    parts += _errors(sweep, page)
    return Group(*parts)


def _summary(sweep: Sweep) -> str:
    counts = [
        f"{sweep.count(status)} {status}" for status in ("ok", "failed", "crashed") if sweep.count(status)
    ]
    kept = len(sweep.results) - sweep.n_new
    new = f"{sweep.n_new} run in {sweep.wall_s:.0f} s by {sweep.workers}"
    if sweep.n_new:
        new += f" ({60 * sweep.n_new / sweep.wall_s:.0f} points/min)"
    return f"{len(sweep.results)} points: {', '.join(counts)}; {new}, {kept} from the store"


def _front(sweep: Sweep, one: Front, page: Page) -> Iterator[RenderableType]:
    goals = ", ".join(f"{name} ({direction})" for name, direction in sweep.spec.objectives.items())
    head = f"Pareto front of {one.name}: {len(one.best)} of {len(one.candidates)} points"
    yield Text(head, style="bold")
    yield from map(note, textwrap.wrap(goals, page.width - 3))
    if not one.best:
        return
    columns = [Column(name, right=True) for name in sweep.spec.objectives]
    columns += [Column(_last_parts(field), dropped=1 + i) for i, field in enumerate(one.fields)]
    rows = []
    for i in one.best:
        candidate = one.candidates[i]
        figures = [
            figure_text(FIGURES[n], v) for n, v in zip(sweep.spec.objectives, candidate.values, strict=True)
        ]
        rows.append((*figures, *(text_of(candidate.settings.get(field)) for field in one.fields)))
    yield page.table(columns, rows, page.most(N_ROWS))


def _last_parts(field: str) -> str:
    """The end of a dotted path, enough to know it by: crossbar.rows of tile.crossbar.rows."""
    return ".".join(field.split(".")[-2:])


def _errors(sweep: Sweep, page: Page) -> Iterator[RenderableType]:
    """Why points failed, the most frequent reason first."""
    reasons = Counter((o.status, o.error) for _, o in sweep.results if o.status != "ok")
    if not reasons:
        return
    yield Text()
    yield Text("Points that cannot be", style="bold")
    for (status, error), n in reasons.most_common(N_ERRORS):
        defect = "a defect of ohmsum: " if status == "crashed" else ""
        lines = textwrap.wrap(f"{n} x {defect}{error}", page.width - 3)
        yield from map(note, lines)
    if len(reasons) > N_ERRORS:
        yield note(f"and {len(reasons) - N_ERRORS} more reasons (--csv has them all)")
