"""The interconnect that a chip description means: network on chip, links between chips, and the host."""

from __future__ import annotations

from ..arch.chip import Chip
from .noc.topology import Topology, build


def interconnect(chip: Chip) -> Topology:
    """Topology with one endpoint per tile (one per chip without crossbars), chip after chip."""
    tiles = chip.tile.count if chip.tile else 1
    chips: dict[str, object] = {
        "n_chips": chip.n_chips,
        "chip_topology": chip.chips.topology if chip.chips else "chain",
    }
    if chips["chip_topology"] == "mesh":
        chips["chip_grid"] = near_square(chip.n_chips)
    if chip.noc is None or chip.tile is None:
        return build("all", n_endpoints=tiles, host=chip.host is not None, **chips)  # type: ignore[arg-type]
    kind = chip.noc.topology
    parameters: dict[str, object] = {"n_endpoints": tiles}
    if kind in ("mesh", "cmesh", "torus"):
        parameters |= {"grid": router_grid(chip), "routing": chip.noc.routing if kind != "torus" else None}
    if kind == "cmesh":
        parameters["concentration"] = chip.noc.concentration
    return build(kind, host=chip.host is not None, **parameters, **chips)  # type: ignore[arg-type]


def router_grid(chip: Chip) -> tuple[int, int]:
    """Rows and columns of routers: the grid of tiles in the most square blocks of `concentration` tiles."""
    assert chip.tile is not None
    assert chip.noc is not None
    rows, cols = chip.tile.grid
    c = chip.noc.concentration
    down, across = near_square(c)
    return -(-rows // down), -(-cols // across)


def near_square(n: int) -> tuple[int, int]:
    """Rows and columns of the most square grid of exactly n places, no more rows than columns."""
    rows = max(d for d in range(1, int(n**0.5) + 1) if n % d == 0)
    return rows, n // rows
