"""Several ways in and out of a chip: routers on the edge of its grid, all linked to one more at the pins.

What comes from the host or from another chip is dealt out there, and goes to each tile through the gate that
is nearest to its router (the lowest number among equals), as what leaves a tile does. The tiles of a gate and
the ways to them do not cross those of another, so that routes from outside still form a tree.
"""

from __future__ import annotations

from ..errors import SimulationError
from .fabric import Fabric, Path, both_ways

ON_EDGE = ("mesh", "cmesh", "torus")
"""Topologies whose grid has an edge."""


class Gated(Fabric):
    """A grid with gates.

    Attributes
    ----------
    inner : Fabric
        The grid alone.
    gates : tuple of int
        Routers that lead to the gateway, which is one more router.
    cols : int
        Columns of the grid.
    """

    def __init__(self, inner: Fabric, gates: tuple[int, ...]) -> None:
        self.name, self.inner, self.gates = inner.name, inner, gates
        self.n_classes, self.n_variants, self.cyclic = inner.n_classes, inner.n_variants, inner.cyclic
        self.cols: int = getattr(inner, "cols")  # noqa: B009
        pins = inner.n_routers
        wires = (*inner.wires, *both_ways([(pins, gate) for gate in gates]))
        super().__init__(pins + 1, wires, inner.enter, leave=inner.leave, gateway=pins)
        self._gate_of: dict[int, int] = {}

    @property
    def shape(self) -> tuple[int, ...]:
        return self.inner.shape

    def gate_of(self, router: int) -> int:
        """The gate, counted from 0, through which a router of the grid reaches the pins."""
        if router not in self._gate_of:
            hops = [len(self.inner.path(gate, router)) for gate in self.gates]
            self._gate_of[router] = hops.index(min(hops))
        return self._gate_of[router]

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        pins = self.gateway
        if src == dst == pins:
            return (pins,)
        if src == pins:
            return (pins, *self.inner.routers(self.gates[self.gate_of(dst)], dst, flow))
        if dst == pins:
            return (*self.inner.routers(src, self.gates[self.gate_of(src)], flow), pins)
        return self.inner.routers(src, dst, flow)

    def classes(self, path: Path, flow: int = 0) -> tuple[int, ...]:
        on_grid = tuple(wire for wire in path if wire < len(self.inner.wires))
        found = iter(self.inner.classes(on_grid, flow))
        return tuple(next(found) if wire < len(self.inner.wires) else 0 for wire in path)

    def router_name(self, router: int) -> str:
        return "io" if router == self.gateway else self.inner.router_name(router)


def edge_routers(rows: int, cols: int) -> list[int]:
    """Routers on the edge of a grid, around it from the first."""
    top = [(0, c) for c in range(cols)]
    right = [(r, cols - 1) for r in range(1, rows)]
    bottom = [(rows - 1, c) for c in range(cols - 2, -1, -1)] if rows > 1 else []
    left = [(r, 0) for r in range(rows - 2, 0, -1)] if cols > 1 else []
    return [r * cols + c for r, c in (*top, *right, *bottom, *left)]


def gated(inner: Fabric, grid: tuple[int, int] | None, n: int) -> Fabric:
    """The fabric with n gates, as far apart on its edge as may be; itself for one.

    Raises
    ------
    SimulationError
        More gates than routers on the edge, or no edge.
    """
    if n == 1:
        return inner
    if grid is None or inner.name not in ON_EDGE:
        raise SimulationError(
            f"noc.gateways: found {n}, expected 1: topology {inner.name!r} has no edge that they could lie on"
        )
    edge = edge_routers(*grid)
    if n > len(edge):
        raise SimulationError(
            f"noc.gateways: found {n}, expected at most {len(edge)}, the routers on the edge of the grid"
        )
    return Gated(inner, tuple(edge[i * len(edge) // n] for i in range(n)))
