"""A run as an architect reads it: first the figures, then where time and energy went."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ...arch.geometry import kept_costs, scaled_costs
from ..answers.training_step import TrainingStep
from .heading import named_figure, once, title, unbeaten
from .layer_table import layer_table
from .network_block import network_block
from .numbers import percent, si
from .operands_block import operands_block
from .page import Column, Page, line, note, section
from .run_blocks import request_block, swap_block
from .training_block import training_block

if TYPE_CHECKING:
    from ..answers.run import Run

N_ROWS = 8
"""Rows of the short lists (components, classes on the critical path, resources)."""


def run_report(run: Run, page: Page) -> Group:
    """The whole report."""
    parts: list[RenderableType] = [
        _title(run),
        Text(),
        *_summary(run, page),
        *([] if run.requests is None else request_block(run.requests, page)),
        *training_block(run, page),
        section(f"Energy per {once(run)}, by component"),
        _energy(run, page),
        section("Where the latency goes: the critical path, by class of resource and cause"),
        _path(run, page),
        *network_block(run, page),
        *([] if run.swap is None else swap_block(run.swap, run)),
        *operands_block(run, page),
        section("Layers"),
        layer_table(run, page),
        section("Busiest resources"),
        _resources(run, page),
        *_fullest(run),
    ]
    notes = [*run.network.notes, *run.mapping.remarks, *_missing_area(run), *_geometry(run)]
    return Group(*parts, *([section("Notes"), *map(line, notes)] if notes else []))


def _title(run: Run) -> Text:
    text = title(run)
    text.append(", tensor partition" if run.mapping.partition == "tensor" else "")
    batch = run.training.batch if isinstance(run, TrainingStep) else run.batch
    return text.append(f"   batch {batch}, {si(run.network.params)} parameters, {si(run.macs, 'MAC')}", "dim")


def _missing_area(run: Run) -> list[str]:
    paths = run.parts_without_area
    return [f"area unknown and left out: {', '.join(paths)}"] if paths and run.area_mm2 is not None else []


def _geometry(run: Run) -> list[str]:
    """Costs that hang on what was changed about the chip."""
    scaled, kept = ([cost.path for cost in find(run.chip)] for find in (scaled_costs, kept_costs))
    return [
        *([f"scaled with the fields that were changed: {', '.join(scaled)}"] if scaled else []),
        *([f"not moved by the fields that were changed, no law is known: {', '.join(kept)}"] if kept else []),
    ]


def _summary(run: Run, page: Page) -> list[RenderableType]:
    """Three columns: time, energy, hardware."""
    columns = [_time_figures(run), _energy_figures(run), _hardware_figures(run)]
    rows = [
        [cell for name, value in row for cell in (f"  {name}", value)]
        for row in zip_longest(*columns, fillvalue=("", ""))
    ]
    looks = [Column("", style=style) for _ in columns for style in ("dim", "bold")]
    table = page.table(looks, [[row[0][2:], *row[1:]] for row in rows], gap=1)
    basis = [] if run.batch == 1 else [f"throughput: {run.throughput.basis}"]
    return [table, *map(note, [*basis, *unbeaten(run)])]


def _time_figures(run: Run) -> list[tuple[str, str]]:
    rate = "training.samples_per_s" if isinstance(run, TrainingStep) else "throughput_per_s"
    figures = [
        *(named_figure(run, key) for key in ("latency_s", rate, "tops")),
        ("network", f"{percent(run.network_s / run.latency_s)} of latency"),
    ]
    if run.batch > 1:
        figures.append((f"all {run.batch}", si(run.makespan_s, "s")))
    return figures


def _energy_figures(run: Run) -> list[tuple[str, str]]:
    total_j = run.energy.total_j
    static = f"{percent(run.energy.static_j / total_j)} of energy" if total_j else "-"
    low, high = (si(joules, "J") for joules in run.energy_bracket_j)
    return [
        *(named_figure(run, key) for key in ("energy_j", "power_w", "tops_per_w")),
        ("static", static),
        ("gated", low),
        ("ungated", high),
    ]


def _hardware_figures(run: Run) -> list[tuple[str, str]]:
    mapping = run.mapping
    figures = [named_figure(run, "area_mm2")]
    if mapping.tiles_total:
        figures.append(("tiles", f"{mapping.tiles_used}/{mapping.tiles_total}"))
    if mapping.crossbars_total:
        figures.append(("crossbars", f"{mapping.crossbars_used}/{mapping.crossbars_total}"))
    if run.signals:
        worst = max(run.signals.values(), key=lambda signal: signal.missing_bits)
        figures.append(("snr", f"{run.snr_db:.0f} dB"))
        figures.append(("adc bits", f"{worst.adc_bits} of {worst.column_bits}"))
    figures.append(("host", f"{si(run.host_s, 's')} busy" if run.host_s else "not used"))
    return figures


def _energy(run: Run, page: Page) -> RenderableType:
    energy_j, actions_j, total_j = run.energy.by_component_j, run.energy.by_action_j, run.energy.total_j
    rows = [
        (
            name,
            si(e, "J"),
            e / total_j,
            _parts({action: part / e for action, part in actions_j[name].items()}),
        )
        for name, e in energy_j.items()
        if e > 0
    ]
    return page.bars(rows, N_ROWS)


def _path(run: Run, page: Page) -> RenderableType:
    path = run.critical_path
    causes: dict[str, dict[str, float]] = {}
    for (klass, cause), time_s in path.by_class_and_cause_s.items():
        causes.setdefault(klass, {})[cause] = time_s / path.by_class_s[klass]
    rows = [
        (klass, si(t, "s"), t / run.latency_s, _parts(causes[klass])) for klass, t in path.by_class_s.items()
    ]
    return page.bars(rows, N_ROWS)


def _resources(run: Run, page: Page) -> RenderableType:
    share = run.busy.resource_utilization
    used = [r for r in range(run.program.n_resources) if share[r] > 0]
    used.sort(key=lambda r: (-share[r], r))
    names, classes = run.program.resource_name, run.program.resource_class
    rows: list[tuple[str, str, float, list[str]]] = [
        (names[r], classes[r], float(share[r]), []) for r in used
    ]
    return page.bars(rows, N_ROWS, figures_right=False)


def _fullest(run: Run) -> list[RenderableType]:
    """The fullest store, in a line."""
    if not run.stores:
        return []
    store = run.stores[0]
    size = si(store.capacity_bytes, "B")
    return [note(f"fullest: {store.name}, {si(store.peak_bytes, 'B')} of {size} ({percent(store.share)})")]


def _parts(shares: dict[str, float]) -> list[str]:
    """The largest shares of a whole in words; those below 1 % go unsaid."""
    largest = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:3]
    return [f"{name} {percent(share)}" if share < 0.995 else name for name, share in largest if share > 0.01]
