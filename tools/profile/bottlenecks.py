"""What limits a run, told from what each change of the chip would gain."""

from __future__ import annotations

from ...sim.report.numbers import percent
from .finding import Finding, change, gain_text
from .knobs import DURATIONS, Knob
from .latency import LatencyBreakdown
from .scaling import INFINITE
from .tiling import TilingLoss, TilingLosses
from .whatif import Pair, Trial, WhatIf

WORTH = 0.01
"""Least gain at factor 2 that makes a component a bottleneck."""
N_TOLD = 5
"""Bottlenecks and pairs told."""
ALIKE = 0.8
"""Share of a gain that counts as nearly the same."""
WASTE = 0.25
"""Share of the cells lost on one side from which on the shape of the arrays counts as a bottleneck."""


def bottlenecks(latency: LatencyBreakdown, tiling: TilingLosses | None, tried: WhatIf) -> list[Finding]:
    """Components by what they would gain if twice as good, and pairs by what they hide.

    Of components that would gain the same (to 0.1 %), the one that adds the least area comes first.
    """
    ranked: list[tuple[float, Finding]] = []
    told: set[str] = set()
    for knob in _by_gain(tried, tiling):
        gain = _at_two(tried, knob).gain(tried.base, tried.goal)
        subject = _subject(knob, tiling)
        if gain >= WORTH and _holds(tried, knob, gain) and subject not in told:
            told.add(subject)
            ranked.append((gain, _bottleneck(knob, subject, latency, tiling, tried)))
    best = ranked[0][0] if ranked else 0.0
    hidden = [pair for pair in tried.pairs[:2] if pair.excess >= max(WORTH, best / 10)]
    ranked += [(pair.excess, _pair(pair, tried.goal)) for pair in hidden]
    ranked.sort(key=lambda item: -item[0])
    if ranked:
        return [finding for _, finding in ranked[:N_TOLD]]
    text = f"No single component limits {tried.goal}: twice as good, none gains {percent(WORTH)}."
    return [Finding("bottleneck", "", text)]


def _by_gain(tried: WhatIf, tiling: TilingLosses | None) -> list[Knob]:
    """Knobs that may be bottlenecks, the largest gain first."""

    def allowed(knob: Knob) -> bool:
        if tried.goal == "energy":  # larger arrays would seem to save it: their energy per read is not scaled
            return knob.kind == "cheaper"
        return knob.kind in ("faster", "more", "larger") or bool(_lost_to(knob, tiling))

    def rank(knob: Knob) -> tuple[float, float, int]:
        trial = _at_two(tried, knob)
        figures = trial.outcome.figures
        area = figures.changes(tried.base).get("area", 0.0) if figures else 0.0
        return -round(trial.gain(tried.base, tried.goal), 3), area, tried.knobs.index(knob)

    return sorted(filter(allowed, tried.knobs), key=rank)


def _at_two(tried: WhatIf, knob: Knob) -> Trial:
    """The trial at factor 2, or at the one that the field can express."""
    trials = tried.of(knob)
    return trials.get(2.0) or trials.get(INFINITE) or next(iter(trials.values()))


def _holds(tried: WhatIf, knob: Knob, gain: float) -> bool:
    """Whether an ideal component gains, too; a gain that goes away again was the mapping's."""
    best = tried.of(knob).get(INFINITE)
    return best is None or best.gain(tried.base, tried.goal) >= gain / 2


def _lost_to(knob: Knob, tiling: TilingLosses | None) -> str:
    """The loss that larger arrays would mend, if a knob is their size and the loss is large; else ""."""
    side = {"array rows": "row_loss", "array columns": "column_loss"}.get(knob.component, "")
    return side if side and tiling is not None and tiling.share(side) >= WASTE else ""


def _subject(knob: Knob, tiling: TilingLosses | None) -> str:
    return "tiling" if _lost_to(knob, tiling) else knob.component


def _bottleneck(
    knob: Knob, subject: str, latency: LatencyBreakdown, tiling: TilingLosses | None, tried: WhatIf
) -> Finding:
    at_two = _at_two(tried, knob)
    gain = at_two.gain(tried.base, tried.goal)
    numbers = {"factor": at_two.factor, "gain": gain}
    after = at_two.sets[knob.field]
    side = _lost_to(knob, tiling)
    text = (
        f"{_head(knob, subject, tried.goal)}: {_turned(knob, at_two.factor)} ({knob.field} {knob.before} -> "
        f"{after}) gives {gain_text(gain, tried.goal)}{_besides(at_two, tried)}."
    )
    best = tried.of(knob).get(INFINITE)
    if best is not None and best is not at_two:
        numbers["gain_at_best"] = best.gain(tried.base, tried.goal)
        text += f" At best {gain_text(numbers['gain_at_best'], tried.goal)}."
    if side and tiling is not None:
        text += f" {_worst_tiled(tiling, side)}"
    on_path = sum(latency.by_class_fs.get(klass, 0) for klass in knob.classes) / latency.latency_fs
    if on_path >= WORTH:
        numbers["critical_path_share"] = on_path
        text += f" It takes {percent(on_path)} of the critical path{_where(knob, latency)}."
    others = _others(knob, gain, tried)
    if others:
        text += f" {' or '.join(others)} would do as much."
    return Finding("bottleneck", subject, text, (*at_two.sets, *others), numbers)


def _others(knob: Knob, gain: float, tried: WhatIf) -> list[str]:
    """Other fields of the same component that gain nearly the same."""
    return [
        k.field
        for k in tried.knobs
        if k is not knob
        and k.component == knob.component
        and k.kind in ("faster", "more", "larger")
        and _at_two(tried, k).gain(tried.base, tried.goal) >= ALIKE * gain
    ]


def _head(knob: Knob, subject: str, goal: str) -> str:
    if subject == "tiling":
        return f"Tiling limits {goal}"
    if knob.kind == "cheaper":
        return f"The {knob.component} takes the energy"
    return f"The {knob.component} {'limit' if knob.component in ('tiles', 'chip links') else 'limits'} {goal}"


def _turned(knob: Knob, factor: float) -> str:
    """The change in words."""
    if factor == INFINITE:
        return f"the best {knob.quantity}"
    if knob.kind == "cheaper":
        return "half the energy" if factor == 2 else f"{percent(factor - 1)} less energy"
    if factor < 2:
        return f"a {knob.quantity} {percent(factor - 1)} better"
    return f"half the {knob.quantity}" if knob.quantity in DURATIONS else f"{factor:g}x the {knob.quantity}"


def _besides(trial: Trial, tried: WhatIf) -> str:
    """The change of power, energy and area, where there is one worth telling."""
    if trial.outcome.figures is None:
        return ""
    changes = trial.outcome.figures.changes(tried.base)
    told = [
        f"{change(changes[name])} {name}"
        for name in ("power", "energy", "area")
        if name != tried.goal and abs(changes.get(name, 0.0)) >= 0.005
    ]
    return f", {', '.join(told)}" if told else ""


def _where(knob: Knob, latency: LatencyBreakdown) -> str:
    """The layer in which the component's share of the path is largest."""
    sums: dict[str, int] = {}
    for klass in knob.classes:
        for layer, time_fs in latency.layers_of_class_fs(klass).items():
            sums[layer] = sums.get(layer, 0) + time_fs
    if not sums:
        return ""
    layer = max(sums, key=lambda name: (sums[name], name))
    return f", most of it in {layer} ({percent(sums[layer] / latency.latency_fs)})"


def _worst_tiled(tiling: TilingLosses, side: str) -> str:
    worst: TilingLoss = max(tiling.layers, key=lambda layer: (getattr(layer, side), layer.layer))
    share = getattr(worst, side) / worst.cells_total
    if side == "row_loss":
        cut = f"{worst.k} inputs on {worst.row_blocks} x {tiling.rows} rows"
    else:
        cut = f"{worst.n} outputs on {worst.col_blocks} x {tiling.cols} columns"
    n = worst.crossbars * worst.replicas
    return f"Worst is {worst.layer}: {cut} leave {percent(share)} of its {n} crossbars empty."


def _pair(pair: Pair, goal: str) -> Finding:
    a, b = pair.first.knob, pair.second.knob
    text = (
        f"{a.component} and {b.component} hide each other: {_turned(a, 2.0)} alone gives "
        f"{gain_text(pair.gain_first, goal)}, {_turned(b, 2.0)} alone {gain_text(pair.gain_second, goal)}, "
        f"both together {gain_text(pair.gain_both, goal)}."
    )
    numbers = {"gain_first": pair.gain_first, "gain_second": pair.gain_second, "gain_both": pair.gain_both}
    fields = (*pair.first.sets, *pair.second.sets)
    return Finding("pair", f"{a.component} + {b.component}", text, fields, numbers)
