"""The result of a run as an architect reads it: first the figures, then where time and energy went."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .figures import bar, percent, shorten, si
from .layer_table import layer_table

if TYPE_CHECKING:
    from ..run import Run

PIPE_WIDTH = 100
"""Columns where there is no terminal to ask."""
N_ROWS = 8
"""Rows of the short lists (components, classes on the critical path, resources)."""
N_LAYERS = 16
"""Layers shown unless all are asked for."""


def make_console(plain: bool = False, width: int | None = None) -> Console:
    """A console on stdout; `plain` (no colour, ASCII only) is also what a pipe or file gets."""
    console = Console(width=width, highlight=False, no_color=plain or None)
    if width is None and not console.is_terminal:
        console = Console(width=PIPE_WIDTH, highlight=False, no_color=True)
    return console


def is_plain(console: Console, plain: bool = False) -> bool:
    """Whether only ASCII may be printed: on request, into a pipe, or on a terminal that knows nothing else.
    """
    return plain or not console.is_terminal or not console.encoding.lower().startswith("utf")


def print_run(run: Run, console: Console, *, plain: bool = False, n_layers: int | None = N_LAYERS) -> None:
    """Print the whole report; `n_layers` None prints every layer."""
    console.print(render(run, console.width, is_plain(console, plain), n_layers))


def report_text(run: Run, width: int = PIPE_WIDTH) -> str:
    """The whole report with every layer as plain text."""
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    console.print(render(run, width, plain=True, n_layers=None))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def render(run: Run, width: int, plain: bool, n_layers: int | None = N_LAYERS) -> Group:
    """The report for so many columns."""
    parts: list[RenderableType] = [
        _title(run),
        Padding(_summary(run, width), (1, 0)),
        _section("Energy per inference, by component"),
        _energy(run, width, plain),
        _section("Where the latency goes: the critical path"),
        _path(run, width, plain),
        _section("Layers"),
        layer_table(run, width, plain, n_layers),
        _section("Busiest resources"),
        _resources(run, width, plain),
    ]
    if run.network.notes:
        parts += [_section("Notes"), *(Text(f"  {note}") for note in run.network.notes)]
    return Group(*parts)


def _title(run: Run) -> Text:
    chips = f"{run.mapping.n_chips} x " if run.mapping.n_chips > 1 else ""
    text = Text.assemble((run.network.name, "bold"), " on ", (f"{chips}{run.chip.name}", "bold"))
    text.append(
        f"   batch {run.batch}, {si(run.network.params)} parameters, {si(run.macs, 'MAC')} per inference",
        "dim",
    )
    return text


def _section(title: str) -> Padding:
    return Padding(Text(title, "bold cyan"), (1, 0, 0, 0))


def _summary(run: Run, width: int) -> Table:
    """The figures, in as many columns of name and value as fit."""
    mapping, area = run.mapping, run.area_mm2
    figures = [
        ("latency", si(run.latency_s, "s")),
        ("energy", si(run.energy.total_j, "J")),
        ("throughput", f"{si(run.throughput.per_s)}/s"),
        ("power", si(run.power_w, "W")),
        ("TOPS", f"{run.tops:.3g}"),
        ("TOPS/W", "-" if run.tops_per_w is None else f"{run.tops_per_w:.3g}"),
        ("area", "-" if area is None else si(area, "mm2")),
        ("static energy", percent(run.energy.static_j / run.energy.total_j) if run.energy.total_j else "-"),
        ("network", f"{percent(run.network_s / run.latency_s)} of latency"),
        ("host", f"{si(run.host_s, 's')} busy" if run.host_s else "not used"),
    ]
    if mapping.tiles_total:
        figures.append(("tiles", f"{mapping.tiles_used} of {mapping.tiles_total}"))
    if mapping.crossbars_total:
        figures.append(("crossbars", f"{mapping.crossbars_used} of {mapping.crossbars_total}"))
    pairs = 3 if width >= 90 else 2
    table = Table.grid(padding=(0, 1))
    for _ in range(pairs):
        table.add_column(style="dim", no_wrap=True)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(width=2)
    cells = [cell for name, value in figures for cell in (f"  {name}", value, "")]
    for start in range(0, len(cells), 3 * pairs):
        table.add_row(*cells[start : start + 3 * pairs])
    return table


def _bars(
    rows: list[tuple[str, str, float]], more: int, width: int, plain: bool, notes: list[str] | None = None
) -> Table:
    """Rows of name, figure, share and a bar."""
    table = Table.grid(padding=(0, 1))
    name_width = min(max((len(name) for name, _, _ in rows), default=0), max(16, width - 58))
    table.add_column(width=2 + name_width, no_wrap=True)
    table.add_column(justify="right", width=9, no_wrap=True)
    table.add_column(justify="right", width=6, no_wrap=True)
    table.add_column(width=24, style="green", no_wrap=True)
    table.add_column(style="dim", no_wrap=True, overflow="ellipsis" if not plain else "crop")
    mark = ".." if plain else "…"
    for i, (name, figure, share) in enumerate(rows):
        note = notes[i] if notes else ""
        table.add_row(
            f"  {shorten(name, name_width, mark)}", figure, percent(share), bar(share, 24, plain), note
        )
    if more > 0:
        table.add_row(Text(f"  and {more} more", "dim"))
    return table


def _energy(run: Run, width: int, plain: bool) -> Table:
    total_j = run.energy.total_j
    items = list(run.energy.by_component_j.items())
    actions = run.energy.by_action_j
    rows = [(name, si(e, "J"), e / total_j if total_j else 0.0) for name, e in items[:N_ROWS]]
    notes = [
        _parts({action: e / sum(actions[name].values()) for action, e in actions[name].items() if e})
        for name, _ in items[:N_ROWS]
    ]
    return _bars(rows, len(items) - N_ROWS, width, plain, notes)


def _path(run: Run, width: int, plain: bool) -> Table:
    path = run.critical_path
    items = list(path.by_class_s.items())
    causes: dict[str, dict[str, float]] = {}
    for (klass, cause), time_s in path.by_class_and_cause_s.items():
        causes.setdefault(klass, {})[cause] = time_s / path.by_class_s[klass]
    rows = [(klass, si(t, "s"), t / run.latency_s) for klass, t in items[:N_ROWS]]
    return _bars(
        rows, len(items) - N_ROWS, width, plain, [_parts(causes[klass]) for klass, _ in items[:N_ROWS]]
    )


def _parts(shares: dict[str, float]) -> str:
    """The largest shares of a whole in words."""
    largest = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:3]
    return ", ".join(f"{name} {percent(share)}" if share < 0.995 else name for name, share in largest)


def _resources(run: Run, width: int, plain: bool) -> Table:
    share = run.busy.resource_utilization
    used = [r for r in range(run.program.n_resources) if share[r] > 0]
    used.sort(key=lambda r: (-share[r], r))
    rows = [
        (run.program.resource_name[r], run.program.resource_class[r], float(share[r])) for r in used[:N_ROWS]
    ]
    return _bars(rows, len(used) - N_ROWS, width, plain)
