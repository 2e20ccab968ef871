"""The points of a sweep as CSV: the same bytes for the same sweep, wherever and in what order it ran."""

from __future__ import annotations

import csv
import io

from ...sim.figures import FIGURES
from ...sim.report.frames import csv_cell
from .drive import Sweep
from .fields import Value, text_of


def to_csv(sweep: Sweep) -> str:
    """One line per point, in the order of the sweep: settings, status, figures (SI units), error.

    Figures are those that any point has. Floats are written with as many digits as tell them apart from their
    neighbours; what is not known, or not set, is empty.
    """
    fields = list(dict.fromkeys((*sweep.spec.fixed, *sweep.spec.fields)))
    metrics = [name for name in FIGURES if any(name in outcome.metrics for _, outcome in sweep.results)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*fields, "status", *metrics, "error"])
    for point, outcome in sweep.results:
        settings = point.settings
        figures = [outcome.metrics.get(name) for name in metrics]
        writer.writerow(
            [
                *(_setting(settings[field]) if field in settings else "" for field in fields),
                outcome.status,
                *("" if figure is None else repr(figure) for figure in figures),
                csv_cell(outcome.error),
            ]
        )
    return out.getvalue()


def _setting(value: Value) -> str:
    return str(csv_cell(text_of(value))) if isinstance(value, str) else text_of(value)
