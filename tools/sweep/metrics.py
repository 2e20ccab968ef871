"""What is kept of every point, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ...sim.run import Run

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Metric:
    """One figure of a run.

    Parameters
    ----------
    unit : str
    direction : {"minimize", "maximize"}
        Which way is better.
    of : callable
        The figure of a run; None where it is not known.
    """

    unit: str
    direction: Direction
    of: Callable[[Run], float | int | None]


METRICS: Mapping[str, Metric] = {
    "latency_s": Metric("s", "minimize", lambda run: run.latency_s),
    "makespan_s": Metric("s", "minimize", lambda run: run.makespan_s),
    "throughput_per_s": Metric("/s", "maximize", lambda run: run.throughput.per_s),
    "energy_j": Metric("J", "minimize", lambda run: run.energy.total_j),
    "static_energy_j": Metric("J", "minimize", lambda run: run.energy.static_j),
    "energy_delay_js": Metric("Js", "minimize", lambda run: run.energy.total_j * run.latency_s),
    "power_w": Metric("W", "minimize", lambda run: run.power_w),
    "area_mm2": Metric("mm2", "minimize", lambda run: run.area_mm2),
    "tops": Metric("TOPS", "maximize", lambda run: run.tops),
    "tops_per_w": Metric("TOPS/W", "maximize", lambda run: run.tops_per_w),
    "tops_per_mm2": Metric(
        "TOPS/mm2", "maximize", lambda run: run.tops / run.area_mm2 if run.area_mm2 else None
    ),
    "tiles_used": Metric("", "minimize", lambda run: run.mapping.tiles_used),
    "crossbars_used": Metric("", "minimize", lambda run: run.mapping.crossbars_used),
    "hop_bytes": Metric("", "minimize", lambda run: run.mapping.hop_bytes),
}


def measured(run: Run) -> dict[str, float | int]:
    """Every figure of a run that is known."""
    values = {name: metric.of(run) for name, metric in METRICS.items()}
    return {name: value for name, value in values.items() if value is not None}
