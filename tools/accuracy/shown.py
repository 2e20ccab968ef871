"""An accuracy result as tables and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from ...sim.report.known import finite
from ...sim.report.page import Column, Page, note, numbers, section
from .rows import AccuracyPlan, Result
from .texts import time_text

if TYPE_CHECKING:
    from ...sim.accuracy.conditions import Conditions
    from ...sim.accuracy.scores import Score
    from ...sim.accuracy.search_bits import BitsChoice
    from ...sim.accuracy.study import Outcome

SCHEMA = "ohmsum-accuracy/1"
WEAK_DB = 6.0  # a layer this far below the median is pointed at


def report(plan: AccuracyPlan, result: Result, varied: str, page: Page) -> RenderableType:
    """The rows, the layers of the last row, and the search."""
    chip = plan.chips[0][1].name
    head = Text(f"{result.network.name} on {chip}, {result.n_samples} samples, {plan.metric.name}", "bold")
    facts = [
        note(f"float (ONNX Runtime): {_value(plan.metric, result.float_value)}"),
        note(f"tiled float product against ONNX Runtime: {result.mapping_error:.1e} of the largest output"),
        note(f"devices: {result.device}; seeds: {len(plan.seeds)}"),
    ]
    crossbar = plan.chips[0][1].tile.crossbar if plan.chips[0][1].tile else None
    if crossbar is not None and crossbar.wire_resistance_ohm:
        ohm, how = crossbar.wire_resistance_ohm, plan.conditions[0].irdrop
        facts.append(note(f"wires: {ohm:g} Ohm from cell to cell; IR drop: {how}"))
    parts: list[RenderableType] = [
        head,
        *facts,
        section("Accuracy"),
        _rows(plan, result, varied, page),
    ]
    if result.device == "ideal" and plan.conditions[0].noise:
        parts.append(note(f"no device noise: {chip} names no device model (tile.crossbar.cell.model)"))
    parts += [note(text) for text in dict.fromkeys(n for _, outcome in result.rows for n in outcome.notes)]
    if result.rows[-1][1].layers:
        title = f"Layers: {label(result.rows[-1][1].conditions)}"
        parts += [section(title), _layers(result.rows[-1][1], page)]
        parts.append(note("SNR in dB: of the layer itself, and against the float network."))
    if result.choices:
        parts += [section("Layers to keep digital"), _choices(plan, result, page)]
        if result.choices[-1].loss > (plan.loss or 0.0):
            parts.append(note("Not reached even with all layers digital."))
    for _, choice in result.bits:
        parts += [section("Fewest bits"), _bits(choice, page)]
        reached = f"{plan.metric.name} {_value(plan.metric, choice.outcome.mean)}"
        parts.append(note(f"{reached}, loss {_value(plan.metric, choice.loss)}"))
        if choice.loss > (plan.bits_loss or 0.0):
            parts.append(note("Not reached even with all bits of the chip."))
    return Group(*parts)


def label(conditions: Conditions) -> str:
    """Conditions in a few words."""
    stuck = "" if conditions.yield_fraction == 1 else f", yield {conditions.yield_fraction:g}"
    if not conditions.noise:
        fitted = ", compensation affine" if conditions.compensation == "affine" else ""
        return f"ideal devices{fitted}{stuck}"
    warm = "" if conditions.temperature_c == 25 else f", {conditions.temperature_c:g} C"
    return f"{time_text(conditions.time_s)}, compensation {conditions.compensation}{warm}{stuck}"


def _rows(plan: AccuracyPlan, result: Result, varied: str, page: Page) -> RenderableType:
    columns = [
        Column(varied.removeprefix("tile.")),
        Column("conditions", flexible=True, least=12),
        Column(plan.metric.name, right=True),
        Column("95 % interval", right=True, dropped=1),
        Column("loss", right=True, dropped=2),
    ]
    rows = [
        (
            value,
            label(outcome.conditions),
            _value(plan.metric, outcome.mean),
            "-" if outcome.interval is None else f"+-{_value(plan.metric, outcome.interval)}",
            "-"
            if plan.metric.unit == "dB"
            else _value(plan.metric, plan.metric.loss(result.float_value, outcome.mean)),
        )
        for value, outcome in result.rows
    ]
    if not varied:
        columns, rows = columns[1:], [row[1:] for row in rows]  # type: ignore[misc]
    return page.table(columns, rows)


def _layers(outcome: Outcome, page: Page) -> RenderableType:
    own = sorted(e.own_db for e in outcome.layers.values())
    median = own[len(own) // 2]
    columns = [
        Column("layer", flexible=True),
        *numbers("own SNR", "total SNR"),
        Column("", dropped=1),
    ]
    rows = [
        (name, f"{e.own_db:.1f}", f"{e.total_db:.1f}", "weakest" if e.own_db == own[0] else "")
        if e.own_db > median - WEAK_DB
        else (name, f"{e.own_db:.1f}", f"{e.total_db:.1f}", "weak")
        for name, e in outcome.layers.items()
    ]
    return page.table(columns, rows)


def _choices(plan: AccuracyPlan, result: Result, page: Page) -> RenderableType:
    columns = [
        Column("digital", flexible=True),
        Column(plan.metric.name, right=True),
        Column("loss", right=True),
    ]
    rows = [
        (
            ", ".join(c.digital) or "none",
            _value(plan.metric, c.outcome.mean),
            _value(plan.metric, c.loss),
        )
        for c in result.choices
    ]
    return page.table(columns, rows)


def _bits(choice: BitsChoice, page: Page) -> RenderableType:
    columns = [Column("layer", flexible=True), *numbers("weights", "inputs", "converters")]
    rows = [(name, str(b.weights), str(b.inputs), str(b.adc)) for name, b in choice.layers.items()]
    return page.table(columns, rows)


def _value(metric: Score, value: float) -> str:
    if metric.unit == "number":
        return f"{value:.4f}"
    return f"{value:.2f} dB" if metric.unit == "dB" else f"{100 * value:.2f} %"


def as_json(plan: AccuracyPlan, result: Result, varied: str, options: Mapping[str, Any]) -> str:
    """One JSON object; names end in their units, what is unknown is left out, infinite ratios are a text."""
    body = {
        "schema": SCHEMA,
        "provenance": {
            "version": version("ohmsum"),
            "chip_hash": plan.chips[0][1].hash,
            "network_hash": result.network.hash,
            "options": dict(options),
        },
        "network": result.network.name,
        "chip": plan.chips[0][1].name,
        "samples": result.n_samples,
        "metric": plan.metric.name,
        "float": _number(result.float_value),
        "mapping_error": result.mapping_error,
        "device": result.device,
        "varied": varied or None,
        "rows": [{"value": value or None, **_outcome(o)} for value, o in result.rows],
        "digital_search": [
            {"digital": c.digital, "loss": c.loss, "mean": _number(c.outcome.mean)} for c in result.choices
        ],
        "bits_search": [
            {"layers": {n: asdict(b) for n, b in c.layers.items()}, "loss": c.loss, "mean": c.outcome.mean}
            for _, c in result.bits
        ],
    }
    return json.dumps(finite(body), indent=1, allow_nan=False) + "\n"


def _number(value: float) -> float | str:
    """JSON has no infinite numbers: the ratio of a signal to no deviation is a text."""
    return "infinite" if value == math.inf else value


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "conditions": asdict(outcome.conditions),
        "mean": _number(outcome.mean),
        "interval95": outcome.interval,
        "values": [_number(value) for value in outcome.values],
        "layers": [
            {"name": name, "own_snr_db": _number(e.own_db), "total_snr_db": _number(e.total_db)}
            for name, e in outcome.layers.items()
        ],
        "notes": outcome.notes,
    }
