"""The layers of a run as a table that fits the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..metrics.seconds import seconds
from .figures import percent, shorten, si

if TYPE_CHECKING:
    from ..metrics.layers import Layer
    from ..run import Run


@dataclass(frozen=True)
class _Column:
    """Heading, width, alignment, and the narrowest terminal on which the column is shown."""

    title: str
    width: int
    right: bool
    from_width: int


_COLUMNS = (
    _Column("op", 10, False, 0),
    _Column("unit", 12, False, 112),
    _Column("MACs", 7, True, 92),
    _Column("tiles", 7, True, 0),
    _Column("latency", 7, True, 0),
    _Column("path", 6, True, 0),
    _Column("busy", 15, False, 100),
    _Column("energy", 7, True, 0),
    _Column("waits for", 14, False, 76),
)


def layer_table(run: Run, width: int, plain: bool, n_layers: int | None = 16) -> Group:
    """The layers with the largest part in latency or energy, in the network's order; None shows all."""
    on_path = run.critical_path.by_layer_s
    chosen = _largest(run, on_path, n_layers)
    columns = [c for c in _COLUMNS if width >= c.from_width]
    # Two spaces before each column, two at the left margin, and one spare: some terminals wrap at the last
    # column.
    room = width - 3 - sum(c.width + 2 for c in columns)
    longest = max((len(layer.name) for layer in chosen), default=4)
    name_width = max(8, min(room, longest, 48))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=2 + name_width, no_wrap=True)
    for column in columns:
        table.add_column(width=column.width, justify="right" if column.right else "left", no_wrap=True)
    table.add_row("  layer", *(c.title for c in columns), style="dim")
    mark = ".." if plain else "…"
    for layer in chosen:
        cells = _cells(layer, on_path.get(layer.name, 0.0) / run.latency_s)
        shown = [shorten(cells[c.title], c.width, mark) for c in columns]
        table.add_row("  " + shorten(layer.name, name_width, mark), *shown)
    left = len(run.layers) - len(chosen)
    rest = [Text(f"  and {left} more (--all shows them)", "dim")] if left else []
    return Group(table, *rest)


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
    tiles = (
        f"{layer.tiles // layer.replicas} x {layer.replicas}"
        if layer.replicas > 1
        else str(layer.tiles or "-")
    )
    macs = layer.macs + layer.product_macs
    return {
        "op": layer.op,
        "unit": layer.unit,
        "MACs": si(macs) if macs else "-",
        "tiles": tiles,
        "latency": "-" if layer.latency_fs is None else si(seconds(layer.latency_fs), "s"),
        "path": percent(path_share) if path_share else "-",
        "busy": "-" if layer.utilization is None else f"{percent(layer.utilization):>6} {layer.busiest}",
        "energy": si(layer.energy_j, "J") if layer.energy_j else "-",
        "waits for": _main_wait(layer),
    }


def _main_wait(layer: Layer) -> str:
    """What the layer's actors stood still for most, after they had begun, as a share of their time."""
    if not layer.latency_fs or not layer.stall_s:
        return "-"
    stalls_s = {**layer.stall_s, "input": layer.stall_s["input"] - layer.first_input_s}
    cause = max(stalls_s, key=lambda c: stalls_s[c])
    share = stalls_s[cause] / (layer.n_actors * seconds(layer.latency_fs))
    return f"{percent(share):>6} {cause}" if share >= 0.0005 else "-"
