"""Link loads over the floorplan: one number for each router of one chip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..noc.link import LinkKind
from ..noc.topology import Topology
from ..program import F64
from .network import LinkUse


@dataclass(frozen=True, eq=False)
class Heat:
    """The chip with the busiest link.

    Attributes
    ----------
    chip : int
    loads : F64, shape (rows, columns)
        Of the busiest link that leaves each router.
    """

    chip: int
    loads: F64


def heat(topology: Topology, links: Iterable[LinkUse]) -> Heat | None:
    """Loads over the grid of routers; None where routers lie on no grid, or nothing was sent."""
    fabric = topology.fabrics[0]
    cols = getattr(fabric, "cols", None)
    load = {name: use.load for use in links for name in use.members}
    n_chips = topology.n_endpoints // fabric.n_endpoints
    found = np.zeros((n_chips, fabric.n_routers))
    for link in topology.links():
        if link.kind in (LinkKind.WIRE, LinkKind.EJECT):
            chip, router = divmod(link.src - topology.n_endpoints, fabric.n_routers)
            found[chip, router] = max(found[chip, router], load.get(f"link {link.name}", 0.0))
    if cols is None or not found.any():
        return None
    busiest = int(found.max(axis=1).argmax())
    on_grid = fabric.n_routers // cols * cols if cols > 1 else fabric.n_routers
    return Heat(busiest, found[busiest][:on_grid].reshape(-1, cols))
