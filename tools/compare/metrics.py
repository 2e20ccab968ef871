"""The figures of a result that have a direction, and how to print any of them."""

from __future__ import annotations

from typing import Literal

from ...sim.report.figures import percent, si

Better = Literal["lower", "higher", "same"]

METRICS: dict[str, Better] = {
    "latency_s": "lower",
    "throughput_per_s": "higher",
    "energy_j": "lower",
    "power_w": "lower",
    "area_mm2": "lower",
    "tops": "higher",
    "tops_per_w": "higher",
    "tops_per_mm2": "higher",
    "makespan_s": "lower",
    "static_energy_j": "lower",
    "host_s": "lower",
    "network_s": "lower",
    "tiles_used": "same",
    "macs": "same",
    "product_macs": "same",
    "events": "same",
}
"""Figures of a whole run, and in which direction they are better."""

GROUPS: dict[str, Better] = {
    "utilization": "same",
    "energy_by_component_j": "lower",
    "area_by_part_mm2": "lower",
    "stalls_s": "lower",
}
"""Figures by class or part: ``utilization.adc``."""

LAYER_METRICS: dict[str, Better] = {
    "latency_s": "lower",
    "energy_j": "lower",
    "tiles": "same",
    "replicas": "same",
    "macs": "same",
    "utilization": "same",
}
"""Figures of a layer: ``layers.conv1.latency_s``."""

_UNITS = {"_s": "s", "_j": "J", "_w": "W", "_mm2": "mm2"}


def value_text(name: str, value: float) -> str:
    """A figure with its unit, which the end of its name says.

    Examples
    --------
    >>> value_text("latency_s", 1.5e-3), value_text("throughput_per_s", 2e3), value_text("tops_per_w", 0.25)
    ('1.500 ms', '2.00 k/s', '0.25')
    """
    if name.endswith("_per_s"):
        return f"{si(value)}/s"
    if name.startswith("utilization") or name.endswith(".utilization"):
        return percent(value)
    if name.startswith("tops"):
        return f"{value:.4g}"
    first = name.split(".", 1)[0]
    for ending, unit in _UNITS.items():
        if name.endswith(ending) or first.endswith(ending):
            return si(value, unit, digits=4 if unit == "s" else 3)
    return f"{value:,g}" if abs(value) < 1e6 else si(value)


def change_text(old: float, new: float) -> str:
    """The relative change, fine enough to show that there is one.

    Examples
    --------
    >>> change_text(2.0, 2.1), change_text(1.0, 1.0), change_text(0.0, 1.0), change_text(1.0, 0.99999)
    ('+5.0 %', '0 %', 'new', '-0.001 %')
    """
    if old == new:
        return "0 %"
    if old == 0:
        return "new"
    relative = 100 * (new / old - 1)
    if abs(relative) >= 9.95:
        return f"{relative:+.0f} %"
    digits = 1 if abs(relative) >= 0.095 else 3
    return f"{relative:+.{digits}f} %" if abs(relative) >= 0.0005 else f"{relative:+.0e} %"
