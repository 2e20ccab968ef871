"""Where the efficiency of an array goes on its way to a system: energy inside wider and wider boundaries.

Papers quote efficiencies of arrays, macros, tiles, chips and systems; most disagreements about analog chips
are about which of them is meant. Here all are computed from the same run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ..arch.parts import BOUNDARIES, boundary_of
from ..sim.report.numbers import si
from ..sim.report.page import Page

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..sim.answers.run import Run


@dataclass(frozen=True)
class Waterfall:
    """Energy of one inference inside each boundary.

    Parameters
    ----------
    chip, network : str
    n_chips, macs : int
    latency_s : float
    joules : dict of str to float
        By boundary, everything inside it; never falls from one to the next.
    """

    chip: str
    network: str
    n_chips: int
    macs: int
    latency_s: float
    joules: dict[str, float]

    def tops_per_w(self, boundary: str) -> float | None:
        """10^12 operations per joule inside a boundary; None where nothing inside has an energy."""
        joules = self.joules[boundary]
        return 2 * self.macs / joules / 1e12 if joules else None


def waterfall(run: Run, chip: Chip) -> Waterfall:
    """The energy of a run, boundary by boundary."""
    by_boundary: dict[str, float] = dict.fromkeys(BOUNDARIES, 0.0)
    for component, joules in run.energy.by_component_j.items():
        by_boundary[boundary_of(component)] += joules
    total = 0.0
    inside: dict[str, float] = {}
    for boundary in BOUNDARIES:
        total += by_boundary[boundary]
        inside[boundary] = total
    return Waterfall(chip.name, run.network.name, chip.n_chips, run.macs, run.latency_s, inside)


def report(found: list[Waterfall], page: Page) -> RenderableType:
    """A block per chip: efficiency at every boundary, drawn to the scale of the best array."""
    known = [w.tops_per_w(b) for w in found for b in BOUNDARIES]
    best = max((value for value in known if value is not None), default=1.0)
    lines = [Text(f"{found[0].network}: 10^12 operations per joule, inside each boundary", "bold")]
    for one in found:
        copies = f" x {one.n_chips}" if one.n_chips > 1 else ""
        energy, latency = si(one.joules["system"], "J"), si(one.latency_s, "s")
        lines += [Text(), Text(f"{one.chip}{copies}   {latency}, {energy} per inference", "bold")]
        lines += [_line(one, boundary, best, page) for boundary in BOUNDARIES]
    return Group(*lines)


def _line(one: Waterfall, boundary: str, best: float, page: Page) -> Text:
    value = one.tops_per_w(boundary)
    if value is None:
        return Text(f"  {boundary:<7} no energy is known inside", "dim")
    per_mac = si(one.joules[boundary] / one.macs, "J")
    return Text(f"  {boundary:<7} {value:8.3g}  {per_mac:>8} per MAC  {page.bar(value / best, 40)}")
