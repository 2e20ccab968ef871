"""The layers of a run as a table that fits the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..metrics.seconds import seconds
from .numbers import percent, shorten, si

if TYPE_CHECKING:
    from ..answers.run import Run
    from ..metrics.layers import Layer


@dataclass(frozen=True)
class _Column:
    """Heading, most characters, alignment, and when to go: the column with the highest rank is the first."""

    title: str
    most: int
    right: bool = True
    dropped: int = 0


_COLUMNS = (
    _Column("op", 14, right=False),
    _Column("unit", 16, right=False, dropped=5),
    _Column("MACs", 7, dropped=4),
    _Column("tiles", 5),
    _Column("copies", 6, dropped=1),
    _Column("latency", 7),
    _Column("path", 6),
    _Column("busy", 18, right=False, dropped=3),
    _Column("energy", 7),
    _Column("waits for", 9, right=False, dropped=2),
)
_NAME_WIDTH = 24
"""Characters of a layer's name for which less important columns go."""


def layer_table(run: Run, columns: int, plain: bool, n_layers: int | None) -> Group:
    """The layers with the largest part in latency or energy, in the network's order; None shows all."""
    on_path = run.critical_path.by_layer_s
    chosen = _largest(run, on_path, n_layers)
    rows = [(layer.name, _cells(layer, on_path.get(layer.name, 0.0) / run.latency_s)) for layer in chosen]
    longest = max(len(name) for name, _ in rows)
    shown, widths, room = _fit(rows, columns, min(longest, _NAME_WIDTH))
    name_width = max(8, min(room, longest))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=2 + name_width, no_wrap=True)
    for column, width in zip(shown, widths, strict=True):
        table.add_column(width=width, justify="right" if column.right else "left", no_wrap=True)
    table.add_row("  layer", *(c.title for c in shown), style="dim")
    mark = ".." if plain else "…"
    for name, row in rows:
        cells = [shorten(row[c.title], w, mark) for c, w in zip(shown, widths, strict=True)]
        table.add_row("  " + shorten(name, name_width, mark), *cells)
    left = len(run.layers) - len(chosen)
    rest = [Text(f"  and {left} more (--all shows them)", "dim")] if left else []
    return Group(table, *rest)


def _fit(
    rows: list[tuple[str, dict[str, str]]], columns: int, name_width: int
) -> tuple[list[_Column], list[int], int]:
    """The columns that leave room for the name, their widths, and that room."""
    shown = list(_COLUMNS)
    while True:
        widths = [min(c.most, max(len(c.title), *(len(row[c.title]) for _, row in rows))) for c in shown]
        # Two spaces after each column, two at the left margin; one spare, as some terminals wrap at the last.
        room = columns - 3 - sum(w + 2 for w in widths)
        least = max(shown, key=lambda c: c.dropped)
        if room >= name_width or not least.dropped:
            return shown, widths, room
        shown.remove(least)


def _largest(run: Run, on_path: dict[str, float], n_layers: int | None) -> list[Layer]:
    """The layers with the largest share of the critical path or of the energy."""
    if n_layers is None or len(run.layers) <= n_layers:
        return list(run.layers)
    total_j = run.energy.total_j or 1.0
    weight = {
        layer.name: max(on_path.get(layer.name, 0.0) / run.latency_s, layer.energy_j / total_j)
        for layer in run.layers
    }
    keep = set(sorted(weight, key=lambda name: -weight[name])[:n_layers])
    return [layer for layer in run.layers if layer.name in keep]


def _cells(layer: Layer, path_share: float) -> dict[str, str]:
    macs = layer.macs + layer.product_macs
    return {
        "op": layer.op,
        "unit": layer.unit,
        "MACs": si(macs) if macs else "-",
        "tiles": str(layer.tiles or "-"),
        "copies": str(layer.replicas) if layer.tiles else "-",
        "latency": "-" if layer.latency_fs is None else si(seconds(layer.latency_fs), "s"),
        "path": percent(path_share) if path_share else "-",
        "busy": "-" if layer.utilization is None else f"{percent(layer.utilization):>5} {layer.busiest}",
        "energy": si(layer.energy_j, "J") if layer.energy_j else "-",
        "waits for": _main_wait(layer),
    }


def _main_wait(layer: Layer) -> str:
    """What the layer's actors stood still for most after they had begun; "-" for less than 1 % of their
    time.
    """
    if not layer.latency_fs or not layer.stall_s:
        return "-"
    stalls_s = {**layer.stall_s, "input": layer.stall_s["input"] - layer.first_input_s}
    cause = max(stalls_s, key=lambda c: stalls_s[c])
    return cause if stalls_s[cause] >= 0.01 * layer.n_actors * seconds(layer.latency_fs) else "-"
