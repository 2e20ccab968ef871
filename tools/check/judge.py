"""What was measured against what is golden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...sim.figures import About, find
from ..compare.changes import change_text, value_text
from ..compare.comparison_text import signed
from ..compare.difference import Change, Difference, difference
from .golden import Golden
from .measure import Measured
from .suite import Case
from .tolerance import Metric

Status = Literal["ok", "improved", "regressed", "new", "missing"]
ROUNDING = 1e-12
"""Relative difference that is no difference: the last bits of a float."""
N_FIELDS = 3
"""Changed fields of the chip that a message names."""


@dataclass(frozen=True)
class Verdict:
    """One metric of one case.

    Parameters
    ----------
    metric : Metric
    old, new : float or None
        Golden and measured; None if there is none.
    status : {"ok", "improved", "regressed", "new", "missing"}
        improved: moved beyond the tolerance to the better side. new: has no golden. missing: the result does
        not have it.
    """

    metric: Metric
    old: float | None
    new: float | None
    status: Status

    @property
    def fails(self) -> bool:
        """Whether the check fails because of it."""
        return self.status not in ("ok", "improved")

    @property
    def text(self) -> str:
        """Metric, golden and measured value, change and tolerance in a line."""
        m = self.metric
        if self.new is None:
            return f"{m.name}: not in the result ({m.place})"
        new = value_text(m.name, self.new)
        if self.old is None:
            return f"{m.name}: {new}, without a golden"
        rule = "may not change" if m.better == "same" else f"{m.better} is better"
        return (
            f"{m.name}: {value_text(m.name, self.old)} -> {new}, {change_text(self.old, self.new)} "
            f"(tolerance {100 * m.tolerance:g} %, {rule})"
        )


@dataclass(frozen=True)
class Judged:
    """One case.

    Parameters
    ----------
    case : Case
    verdicts : tuple of Verdict
    difference : Difference or None
        To the golden run; None without one.
    error : str
        Why the run failed.
    """

    case: Case
    verdicts: tuple[Verdict, ...]
    difference: Difference | None
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether the run was made and no metric fails."""
        return not self.error and not any(verdict.fails for verdict in self.verdicts)

    @property
    def moved(self) -> tuple[Verdict, ...]:
        """Metrics that are worth a line: all but those within their tolerance."""
        return tuple(verdict for verdict in self.verdicts if verdict.status != "ok")

    def explain(self, verdict: Verdict) -> list[str]:
        """Why a metric moved: the layer or part that moved most, and the fields that were changed."""
        if self.difference is None or verdict.old is None or verdict.new is None:
            return []
        return [*_moved_most(self.difference, verdict.metric.name), *_changed(self.difference)]


def judge(case: Case, measured: Measured, golden: Golden | None) -> Judged:
    """Hold what a case gave against its golden."""
    if measured.snapshot is None:
        return Judged(case, (), None, measured.error)
    old = golden.values if golden else {}
    verdicts = tuple(_verdict(m, old.get(m.name), measured.values.get(m.name)) for m in case.metrics)
    found = difference(golden.snapshot, measured.snapshot) if golden else None
    return Judged(case, verdicts, found)


def _verdict(metric: Metric, old: float | None, new: float | None) -> Verdict:
    if new is None:
        return Verdict(metric, old, new, "missing")
    if old is None:
        return Verdict(metric, old, new, "new")
    if abs(new - old) <= max(metric.tolerance, ROUNDING) * abs(old):
        return Verdict(metric, old, new, "ok")
    better = metric.better != "same" and (new < old) == (metric.better == "lower")
    return Verdict(metric, old, new, "improved" if better else "regressed")


_SPLITS: dict[About, tuple[str, ...]] = {
    "time": ("latency by layer", "latency by class of resource"),
    "work": ("latency by layer", "latency by class of resource"),
    "energy": ("energy by layer", "energy by component"),
    "area": ("area by part",),
    "use": ("utilization by class of resource",),
    "accuracy": (),
}
"""Splits of a comparison that explain a figure, by what it is about."""


def _moved_most(found: Difference, metric: str) -> list[str]:
    """The layer (and the class or component) that moved most in what a metric is about."""
    record = find(metric)
    titles = () if record is None else _SPLITS[record.about]
    told = []
    for title in titles:
        split = found.split(title)
        if split is not None:
            most: Change = split.changes[0]
            what = title.partition(" by ")[2].partition(" of ")[0]
            amount = f"{signed(split.figure, most.delta)} of {title.partition(' by ')[0]}"
            told.append(f"{what} that moved most: {most.name} ({amount})")
    return told


def _changed(found: Difference) -> list[str]:
    """What was changed: fields of the chip first, else whatever else differs."""
    fields = [cause for cause in found.causes if cause.kind == "chip"]
    if fields:
        more = f" (and {len(fields) - N_FIELDS} more)" if len(fields) > N_FIELDS else ""
        return [f"changed: {cause.text}" for cause in fields[:N_FIELDS]] + ([f"...{more}"] if more else [])
    if found.causes:
        return [f"changed: {cause.text}" for cause in found.causes[:N_FIELDS]]
    return ["changed: nothing that the results record"]
