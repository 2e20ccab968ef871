"""The interconnect in a report: busiest links and who shares them, waiting, placement, a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from .numbers import percent, si
from .page import Cell, Column, Page, line, note, numbers, section

if TYPE_CHECKING:
    from ..answers.run import Run
    from ..metrics.heat import Heat
    from ..metrics.network import NetworkUse

N_LINKS = 6
"""Links listed."""
SHADES, PLAIN_SHADES = " ░▒▓█", " .:+#@"
WIDEST = 64
"""Columns of a heat map at most."""


def network_block(run: Run, page: Page) -> list[RenderableType]:
    """The block, or nothing if nothing was sent."""
    use = run.interconnect
    if not use.links:
        return []
    parts: list[RenderableType] = [section("Interconnect"), _links(use, page), *_lines(run)]
    heat = run.heat
    if heat is not None and heat.loads.shape[1] <= WIDEST:
        parts += _heat_map(heat, run.mapping.n_chips, page)
    return parts


def _links(use: NetworkUse, page: Page) -> RenderableType:
    """The busiest links: load, waiting, and the transfers over each."""
    rows: list[tuple[Cell, ...]] = []
    for link in use.links[:N_LINKS]:
        first, share = link.transfers[0]
        others = f" and {len(link.transfers) - 1} more" if len(link.transfers) > 1 else ""
        end = f" {percent(share)}{others}"
        rows.append((link.name, percent(link.load), si(link.queueing_s, "s"), (first, end)))
    columns = (
        Column("link", flexible=True, most=page.width // 3),
        *numbers("load", "waiting"),
        Column("transfers over it", flexible=True, least=28, style="dim"),
    )
    return page.table(columns, rows)


def _lines(run: Run) -> list[RenderableType]:
    use = run.interconnect
    hop_s, queue_s = sum(t.hop_s for t in use.transfers), sum(t.queue_s for t in use.transfers)
    waits = queue_s / (hop_s + queue_s) if hop_s + queue_s else 0.0
    parts = f"{percent(1 - waits)} of their time for hops and flits, {percent(waits)} waiting"
    lines = [f"{len(use.transfers)} streams: {parts}"]
    if use.energy_per_flit_hop_j is not None:
        per_bit = "" if use.energy_per_bit_hop_j is None else f", {si(use.energy_per_bit_hop_j, 'J')} per bit"
        lines.append(f"{si(use.flit_hops)} flit hops of {si(use.energy_per_flit_hop_j, 'J')}{per_bit}")
    costs = run.placement_costs
    if costs:
        chosen = run.options["mapping"]["placement"]
        each = [
            f"{name}{'*' if name == chosen else ''} {si(hops, 'B')} / {si(busiest, 'B')}"
            for name, (hops, busiest) in costs.items()
        ]
        lines.append(f"placement, bytes x hops / busiest link: {', '.join(each)}")
    return [*map(note, lines)]


def _heat_map(heat: Heat, n_chips: int, page: Page) -> list[RenderableType]:
    """Shades for the load of the busiest link that leaves each router."""
    shades = PLAIN_SHADES if page.plain else SHADES
    top = float(heat.loads.max())
    which = f" of chip {heat.chip}" if n_chips > 1 else ""
    rows = [
        "".join(2 * shades[min(len(shades) - 1, int(len(shades) * x / top))] for x in row)
        for row in heat.loads.tolist()
    ]
    title = f"load of the busiest link out of each router{which}, '{shades[-1]}' is {percent(top)}"
    edge = "+" + "-" * len(rows[0]) + "+"
    body = "\n".join([edge, *(f"|{row}|" for row in rows), edge])
    return [note(title), line(body)]
