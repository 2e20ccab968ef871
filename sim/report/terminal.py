"""The result of a run as an architect reads it: first the figures, then where time and energy went."""

from __future__ import annotations

import io
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..answers.training_step import TrainingStep
from .layer_table import layer_table
from .network_block import network_block
from .numbers import bar, percent, shorten, si
from .operands_block import operands_block
from .request_block import request_block
from .section import section
from .swap_block import swap_block
from .training_block import once, training_block

if TYPE_CHECKING:
    from ..answers.run import Run

PIPE_WIDTH = 100
"""Columns where there is no terminal to ask."""
N_ROWS = 8
"""Rows of the short lists (components, classes on the critical path, resources)."""
N_LAYERS = 16
"""Layers shown unless all are asked for."""
BAR_WIDTH = 20
NOTE_WIDTH = 24
"""Characters kept for the notes beside the bars."""


def show(content: RenderableType, plain: bool = False) -> None:
    """Print on stdout: in colour on a terminal; as plain ASCII on request, or into a pipe or a file."""
    console = Console(highlight=False)
    if console.is_terminal and not plain:
        console.print(content)
    else:
        text = as_text(content, console.width if console.is_terminal else PIPE_WIDTH)
        # Names and sources may hold any letter, and the pipe may not.
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), end="")


def is_plain(plain: bool = False) -> bool:
    """Whether only ASCII may be printed: on request, into a pipe, or on a terminal that knows no more."""
    console = Console()
    return plain or not console.is_terminal or not console.encoding.lower().startswith("utf")


def width() -> int:
    """Columns of the terminal, or of a page where there is none."""
    console = Console()
    return console.width if console.is_terminal else PIPE_WIDTH


def as_text(content: RenderableType, columns: int = PIPE_WIDTH) -> str:
    """The content without colours and without spaces at the ends of lines."""
    console = Console(file=io.StringIO(), width=columns, no_color=True, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(content)
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())


def report(run: Run, columns: int, plain: bool, n_layers: int | None = N_LAYERS) -> Group:
    """The whole report in so many columns; `n_layers` None shows every layer."""
    parts: list[RenderableType] = [
        _title(run),
        Text(),
        _summary(run),
        *([] if run.requests is None else request_block(run.requests)),
        *training_block(run, columns, plain),
        section(f"Energy per {once(run)}, by component"),
        *_energy(run, columns, plain),
        section("Where the latency goes: the critical path, by class of resource and cause"),
        *_path(run, columns, plain),
        *network_block(run, columns, plain),
        *([] if run.swap is None else swap_block(run.swap, run)),
        *operands_block(run, columns, plain),
        section("Layers"),
        layer_table(run, columns, plain, n_layers),
        section("Busiest resources"),
        *_resources(run, columns, plain),
    ]
    notes = [*run.network.notes, *run.mapping.remarks, *_missing_area(run)]
    if notes:
        parts += [section("Notes"), *(Padding(Text(note), (0, 0, 0, 2)) for note in notes)]
    return Group(*parts)


def _title(run: Run) -> Text:
    chips = f"{run.mapping.n_chips} x " if run.mapping.n_chips > 1 else ""
    text = Text.assemble((run.network.name, "bold"), " on ", (f"{chips}{run.chip.name}", "bold"))
    text.append(", tensor partition" if run.mapping.partition == "tensor" else "")
    batch = run.training.batch if isinstance(run, TrainingStep) else run.batch
    text.append(f"   batch {batch}, {si(run.network.params)} parameters, {si(run.macs, 'MAC')}", "dim")
    return text


def _missing_area(run: Run) -> list[str]:
    paths = run.parts_without_area
    return [f"area unknown and left out: {', '.join(paths)}"] if paths and run.area_mm2 is not None else []


def _summary(run: Run) -> RenderableType:
    """Three columns: time, energy, hardware."""
    columns = [_time_figures(run), _energy_figures(run), _hardware_figures(run)]
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in columns:
        table.add_column(style="dim", no_wrap=True)
        table.add_column(style="bold", no_wrap=True)
    for row in zip_longest(*columns, fillvalue=("", "")):
        table.add_row(*(cell for name, value in row for cell in (f"  {name}", value)))
    if run.batch == 1:
        return table
    return Group(table, Padding(Text(f"throughput: {run.throughput.basis}", "dim"), (0, 0, 0, 2)))


def _time_figures(run: Run) -> list[tuple[str, str]]:
    figures = [
        ("latency", si(run.latency_s, "s")),
        ("throughput", f"{si(run.throughput.per_s)}/s"),
        ("TOPS", f"{run.tops:.3g}"),
        ("network", f"{percent(run.network_s / run.latency_s)} of latency"),
    ]
    if run.batch > 1:
        figures.append((f"all {run.batch}", si(run.makespan_s, "s")))
    return figures


def _energy_figures(run: Run) -> list[tuple[str, str]]:
    total_j = run.energy.total_j
    return [
        ("energy", si(total_j, "J")),
        ("power", si(run.power_w, "W")),
        ("TOPS/W", "-" if run.tops_per_w is None else f"{run.tops_per_w:.3g}"),
        ("static", f"{percent(run.energy.static_j / total_j)} of energy" if total_j else "-"),
    ]


def _hardware_figures(run: Run) -> list[tuple[str, str]]:
    mapping = run.mapping
    figures = [("area", "-" if run.area_mm2 is None else si(run.area_mm2, "mm2"))]
    if mapping.tiles_total:
        figures.append(("tiles", f"{mapping.tiles_used}/{mapping.tiles_total}"))
    if mapping.crossbars_total:
        figures.append(("crossbars", f"{mapping.crossbars_used}/{mapping.crossbars_total}"))
    figures.append(("host", f"{si(run.host_s, 's')} busy" if run.host_s else "not used"))
    return figures


def _energy(run: Run, columns: int, plain: bool) -> list[RenderableType]:
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
    return _bars(rows, columns, plain)


def _path(run: Run, columns: int, plain: bool) -> list[RenderableType]:
    path = run.critical_path
    causes: dict[str, dict[str, float]] = {}
    for (klass, cause), time_s in path.by_class_and_cause_s.items():
        causes.setdefault(klass, {})[cause] = time_s / path.by_class_s[klass]
    rows = [
        (klass, si(t, "s"), t / run.latency_s, _parts(causes[klass])) for klass, t in path.by_class_s.items()
    ]
    return _bars(rows, columns, plain)


def _resources(run: Run, columns: int, plain: bool) -> list[RenderableType]:
    share = run.busy.resource_utilization
    used = [r for r in range(run.program.n_resources) if share[r] > 0]
    used.sort(key=lambda r: (-share[r], r))
    names, classes = run.program.resource_name, run.program.resource_class
    rows: list[tuple[str, str, float, list[str]]] = [
        (names[r], classes[r], float(share[r]), []) for r in used
    ]
    return _bars(rows, columns, plain, figures_right=False)


def _bars(
    rows: list[tuple[str, str, float, list[str]]], columns: int, plain: bool, figures_right: bool = True
) -> list[RenderableType]:
    """The first rows of (name, figure, share, notes); each share also as a bar, as many notes as fit."""
    shown = rows[:N_ROWS]
    figure_width = max((len(figure) for _, figure, _, _ in shown), default=0)
    fixed = 2 + 1 + figure_width + 1 + 6 + 1 + BAR_WIDTH + 2
    name_width = min(max((len(name) for name, *_ in shown), default=0), max(12, columns - fixed - NOTE_WIDTH))
    note_width = columns - 1 - fixed - name_width
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2 + name_width, no_wrap=True)
    table.add_column(width=figure_width, justify="right" if figures_right else "left", no_wrap=True)
    table.add_column(width=6, justify="right", no_wrap=True)
    table.add_column(width=BAR_WIDTH + 1, style="green", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    mark = ".." if plain else "…"
    for name, figure, share, notes in shown:
        bars = bar(share, BAR_WIDTH, plain)
        note = _joined(notes, note_width)
        table.add_row(f"  {shorten(name, name_width, mark)}", figure, percent(share), bars, note)
    more = len(rows) - len(shown)
    return [table, *([Text(f"  and {more} more", "dim")] if more else [])]


def _joined(notes: list[str], width: int) -> str:
    """As many of the notes as fit, separated by commas."""
    while notes and len(", ".join(notes)) > width:
        notes = notes[:-1]
    return ", ".join(notes)


def _parts(shares: dict[str, float]) -> list[str]:
    """The largest shares of a whole in words; those below 1 % go unsaid."""
    largest = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:3]
    return [f"{name} {percent(share)}" if share < 0.995 else name for name, share in largest if share > 0.01]
