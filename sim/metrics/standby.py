"""What parts draw while they do nothing, as the chip gates them, and the bracket around it.

A busy part draws what its actions cost. While it is idle, its clock and its biases draw ``idle_power`` unless
they are gated, and it leaks ``static_power`` unless it is cut from its supply. No part is idle while it is
busy: n instances over a time T are idle for n T less their busy time. How busy a part is, the resources of
its class say; a part that works with another one (a row driver with its crossbar) is as busy as that. Of
what has no class (control, the rest of a chip) nothing is known but that it leaks all the time.

Where a chip states no idle power, the upper end of the bracket takes the power of a busy part, and the lower
end nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

from ...arch.chip import Chip
from ...arch.component import Idling
from ...arch.links import Memory
from ...arch.parts import Fitted, fitted
from ..interconnect import interconnect
from ..noc.link import LinkKind
from .busy import BusyTimes
from .seconds import seconds

WITH_OTHERS = ("dac", "sample-hold", "input register", "output register", "sum register")
"""Parts that are as busy as the others of their class, whose resource they have none of."""


@dataclass(frozen=True)
class Standby:
    """One part of all chips.

    Parameters
    ----------
    component, path : str
        In the energy balance, and in the chip file.
    instances : int
        On all chips.
    busy : float
        Share of the time for which they work, all instances together; 0 where nothing says.
    static_w, idle_w : float
        Of one instance: at all times unless power is cut, and while idle unless the clock is stopped.
    stated : bool
        Whether the chip states the idle power; else it is that of a busy part.
    gating : {"none", "clock", "power", "never"}
        never: its supply cannot be cut.
    """

    component: str
    path: str
    instances: int
    busy: float
    static_w: float
    idle_w: float
    stated: bool
    gating: str

    @property
    def all_gated_w(self) -> float:
        """Mean power beyond its actions if it is cut from its supply whenever it is idle."""
        return self.instances * self.static_w * (1.0 if self.gating == "never" else self.busy)

    @property
    def ungated_w(self) -> float:
        """Mean power beyond its actions if nothing is ever stopped."""
        return self.instances * (self.static_w + self.idle_w * (1 - self.busy))

    @property
    def beyond_static_w(self) -> float:
        """Mean power as it is gated, beyond what the Program has as static power."""
        if self.gating == "power":
            return self.all_gated_w
        return self.instances * self.idle_w * (1 - self.busy) if self.gating == "none" else 0.0


def standby(chip: Chip, busy: BusyTimes) -> tuple[Standby, ...]:
    """Every part that draws something while it does nothing, or may."""
    parts = [f for f in fitted(chip) if not f.part.keys]
    counts = _counts(chip, parts)
    work = _busy_instances(busy)
    found = []
    for f in parts:
        klass = f.klass if f.klass in counts else "crossbar"  # registers, where no shift-and-add reads them
        share = min(1.0, work.get(klass, 0.0) / counts[klass]) if f.klass else 0.0
        idling = f.model if isinstance(f.model, Idling) else None
        stated = idling.idle_power_w if idling else None
        idle_w = (f.active_w(chip) or 0.0) if stated is None else stated
        static_w = f.model.static_power_w or 0.0
        if idle_w or static_w:
            gating = (idling.gating or "clock") if idling else "never"
            found.append(
                Standby(f.key, f.path, f.instances(chip), share, static_w, idle_w, stated is not None, gating)
            )
    return tuple(found)


def _busy_instances(busy: BusyTimes) -> dict[str, float]:
    """Mean number of busy instances by class of resource."""
    share = busy.resource_utilization * busy.program.resource_units
    sums: dict[str, list[float]] = {}
    for klass, instances in zip(busy.program.resource_class, share.tolist(), strict=True):
        sums.setdefault(klass, []).append(instances)
    return {klass: fsum(values) for klass, values in sums.items()}


def _counts(chip: Chip, parts: list[Fitted]) -> dict[str, int]:
    """Instances of each class that the chips have, as resources count them."""
    found: dict[str, int] = {}
    for f in parts:
        if f.klass and f.part.key not in WITH_OTHERS:
            servers = f.model.channels if isinstance(f.model, Memory) else 1
            found[f.klass] = found.get(f.klass, 0) + f.instances(chip) * servers
    if chip.noc is not None or chip.n_chips > 1:
        links = interconnect(chip).links()
        outside = (LinkKind.CHIP, LinkKind.HOST)
        found["link"] = max(1, sum(link.kind not in outside for link in links))
        found["chip link"] = max(1, sum(link.kind == LinkKind.CHIP for link in links))
    return found


def mean_w(parts: tuple[Standby, ...]) -> dict[str, float]:
    """Mean power by component beyond actions and static power, as the parts are gated."""
    found: dict[str, list[float]] = {}
    for part in parts:
        if part.beyond_static_w:
            found.setdefault(part.component, []).append(part.beyond_static_w)
    return {component: fsum(watts) for component, watts in found.items()}


def bracket_j(parts: tuple[Standby, ...], actions_j: float, makespan_fs: int, n: int) -> tuple[float, float]:
    """Energy of one of n inferences with every part gated, and with none."""
    time_s = seconds(makespan_fs) / n
    return (
        actions_j + fsum(p.all_gated_w for p in parts) * time_s,
        actions_j + fsum(p.ungated_w for p in parts) * time_s,
    )
