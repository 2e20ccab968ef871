"""The points of a sweep as CSV: the same bytes for the same sweep, wherever and in what order it ran."""

from __future__ import annotations

import csv
import io

from .drive import Sweep
from .fields import text_of
from .metrics import METRICS


def to_csv(sweep: Sweep) -> str:
    """One line per point, in the order of the sweep: settings, status, figures (SI units), error.

    Floats are written with as many digits as tell them apart from their neighbours; what is not known, or not
    set, is empty.
    """
    fields = list(dict.fromkeys((*sweep.spec.fixed, *sweep.spec.fields)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*fields, "status", *METRICS, "error"])
    for point, outcome in sweep.results:
        settings = point.settings
        figures = [outcome.metrics.get(name) for name in METRICS]
        writer.writerow(
            [
                *(text_of(settings[field]) if field in settings else "" for field in fields),
                outcome.status,
                *("" if figure is None else repr(figure) for figure in figures),
                outcome.error,
            ]
        )
    return out.getvalue()
