"""The trials of a profile as tables."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType

from ...sim.report.page import Column, Page, note, numbers
from .finding import change
from .scaling import INFINITE

if TYPE_CHECKING:
    from .knobs import Knob
    from .whatif import Trial, WhatIf

_COSTS = ("energy", "power", "area")


def what_if_table(tried: WhatIf, page: Page, n_rows: int) -> Iterator[RenderableType]:
    """One row per knob: the goal at each factor, and what else changes at factor 2."""
    first = "throughput" if tried.goal == "throughput" else "latency"
    second = "latency" if first == "throughput" else "throughput"
    rows = [_row(tried, knob, first, second) for knob in tried.knobs]
    columns = (
        Column("what", flexible=True, least=28),
        Column("now", right=True, dropped=5),
        Column("twice", right=True, dropped=5),
        Column("at 10 %", right=True, dropped=3),
        *numbers("at 2x", "at best"),
        Column(second, right=True, dropped=6),
        *(Column(name, right=True, dropped={"energy": 1, "power": 2, "area": 4}[name]) for name in _COSTS),
    )
    yield page.table(columns, rows, page.most(2 * n_rows))
    remark = (
        f"{first} with each field 10 % better, twice as good, and ideal; {second}, energy, power and area at "
        f"2x and the costs of the chip file. {tried.runs} runs, each mapped anew as `ohmsum run --set` does."
    )
    yield from map(note, textwrap.wrap(remark, page.width - 3))
    names = dict.fromkeys(
        knob.field if knob.kind != "cheaper" else f"cost of {knob.component}" for knob in tried.without_effect
    )
    if names:
        for line in textwrap.wrap(
            f"no effect, however good: {', '.join(names)}", page.width - 3, break_on_hyphens=False
        ):
            yield note(line)


def _row(tried: WhatIf, knob: Knob, first: str, second: str) -> tuple[str, ...]:
    trials = tried.of(knob)
    two = trials.get(2.0) or trials.get(INFINITE) or next(iter(trials.values()))
    costs = two.outcome.figures.changes(tried.base) if two.outcome.figures else {}
    boundless = two.factor == INFINITE and knob.kind != "faster"
    name = f"{knob.component}: {knob.quantity}" if knob.kind != "cheaper" else f"{knob.component}: cheaper"
    return (
        name,
        knob.before,
        trials[2.0].sets[knob.field] if 2.0 in trials else "-",
        _goal(tried, trials.get(1.1), first),
        _goal(tried, trials.get(2.0), first),
        _goal(tried, trials.get(INFINITE), first),
        _goal(tried, two, second),
        *("-" if boundless or n not in costs else change(costs[n]) for n in _COSTS),
    )


def _goal(tried: WhatIf, trial: Trial | None, name: str) -> str:
    if trial is None:
        return "-"
    if trial.outcome.figures is None:
        return "fails"
    return change(trial.outcome.figures.changes(tried.base)[name])


def pair_table(tried: WhatIf, page: Page, n_rows: int) -> RenderableType:
    """Pairs at factor 2: the first alone, the second alone, both."""
    name = "throughput" if tried.goal == "throughput" else tried.goal
    rows = [
        (
            " + ".join(f"{t.knob.component} {t.knob.quantity}" for t in (p.first, p.second)),
            *(change(_signed(gain, name)) for gain in (p.gain_first, p.gain_second, p.gain_both)),
        )
        for p in tried.pairs
    ]
    columns = (
        Column("pair", flexible=True),
        Column(f"{name} first", right=True),
        *numbers("second", "both"),
    )
    return page.table(columns, rows, page.most(n_rows))


def _signed(gain: float, goal: str) -> float:
    return 1 / (1 - gain) - 1 if goal == "throughput" else -gain
