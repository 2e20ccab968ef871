"""The layers of a run as a table that fits the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from ..metrics.seconds import seconds
from .numbers import percent, si
from .page import Column, Page, note

if TYPE_CHECKING:
    from ..answers.run import Run
    from ..metrics.layers import Layer


N_LAYERS = 16
"""Layers shown unless all are asked for."""
_COLUMNS = (
    Column("layer", flexible=True, least=24),
    Column("op", most=14),
    Column("unit", most=16, dropped=5),
    Column("MACs", most=7, right=True, dropped=4),
    Column("tiles", most=5, right=True),
    Column("copies", most=6, right=True, dropped=1),
    Column("latency", most=7, right=True),
    Column("path", most=6, right=True),
    Column("busy", most=18, dropped=3),
    Column("energy", most=7, right=True),
    Column("waits for", most=9, dropped=2),
)


def layer_table(run: Run, page: Page) -> RenderableType:
    """The layers with the largest part in latency or energy, in the network's order."""
    on_path = run.critical_path.by_layer_s
    chosen = _largest(run, on_path, page.most(N_LAYERS))
    rows = [_cells(layer, on_path.get(layer.name, 0.0) / run.latency_s) for layer in chosen]
    left = len(run.layers) - len(chosen)
    rest = [note(f"and {left} more{page.hint}")] if left else []
    return Group(page.table(_COLUMNS, rows), *rest)


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


def _cells(layer: Layer, path_share: float) -> tuple[str, ...]:
    macs = layer.macs + layer.product_macs
    return (
        layer.name,
        layer.op,
        layer.unit,
        si(macs) if macs else "-",
        str(layer.tiles or "-"),
        str(layer.replicas) if layer.tiles else "-",
        "-" if layer.latency_fs is None else si(seconds(layer.latency_fs), "s"),
        percent(path_share) if path_share else "-",
        "-" if layer.utilization is None else f"{percent(layer.utilization):>5} {layer.busiest}",
        si(layer.energy_j, "J") if layer.energy_j else "-",
        _main_wait(layer),
    )


def _main_wait(layer: Layer) -> str:
    """What the layer's actors stood still for most after they had begun; "-" for less than 1 % of their
    time.
    """
    if not layer.latency_fs or not layer.stall_s:
        return "-"
    stalls_s = {**layer.stall_s, "input": layer.stall_s["input"] - layer.first_input_s}
    cause = max(stalls_s, key=lambda c: stalls_s[c])
    return cause if stalls_s[cause] >= 0.01 * layer.n_actors * seconds(layer.latency_fs) else "-"
