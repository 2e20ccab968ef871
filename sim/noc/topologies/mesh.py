"""Mesh with dimension-order routing, concentrated or not.

Router r sits at row ``r // cols`` and column ``r % cols``; endpoint e is on router ``e // concentration``. XY
goes along the row first (Dally and Towles 2004, section 8.4.1). O1TURN sends half of the flows XY and half
YX, each on its own class of virtual channels (Seo et al., ISCA 2005). Wires span the square of tiles that a
router serves.
"""

from __future__ import annotations

from math import sqrt

from ...errors import SimulationError
from ..fabric import Fabric, FabricSpec, Path, both_ways, register


class Mesh(Fabric):
    """Routers on a grid, a wire each way between neighbours."""

    def __init__(
        self,
        name: str,
        grid: tuple[int, int],
        n_endpoints: int,
        concentration: int,
        routing: str,
        gateway: int,
    ) -> None:
        self.name = name
        rows, self.cols = grid
        pairs = [
            (r * self.cols + c, (r + dr) * self.cols + c + dc)
            for dr, dc in ((0, 1), (1, 0))
            for r in range(rows - dr)
            for c in range(self.cols - dc)
        ]
        self.routing = routing
        self.n_variants = self.n_classes = 2 if routing == "o1turn" else 1
        enter = tuple(e // concentration for e in range(n_endpoints))
        super().__init__(
            rows * self.cols, both_ways(pairs, length=sqrt(concentration)), enter, gateway=gateway
        )

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        cols = self.cols
        row, col = divmod(src, cols)
        to_row, to_col = divmod(dst, cols)
        x_first = self._x_first(flow)
        along_x = [(row if x_first else to_row) * cols + c for c in _steps(col, to_col)]
        along_y = [r * cols + (to_col if x_first else col) for r in _steps(row, to_row)]
        return (src, *along_x, *along_y) if x_first else (src, *along_y, *along_x)

    def classes(self, path: Path, flow: int = 0) -> tuple[int, ...]:
        return (flow % self.n_classes,) * len(path)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.cols, self.n_routers // self.cols) if self.direct else (self.n_endpoints,)

    def router_name(self, router: int) -> str:
        return f"({router // self.cols},{router % self.cols})"

    def _x_first(self, flow: int) -> bool:
        return self.routing == "xy" or (self.routing == "o1turn" and flow % 2 == 0)


def _steps(start: int, stop: int) -> range:
    """Coordinates passed after `start` up to and with `stop`."""
    return range(start + 1, stop + 1) if stop >= start else range(start - 1, stop - 1, -1)


def grid_of(topology: str, spec: FabricSpec) -> tuple[tuple[int, int], int]:
    """The grid and the number of endpoints, checked against each other."""
    if spec.grid is None or min(spec.grid) < 1:
        raise SimulationError(
            f"topology {topology!r} needs grid = (rows, columns), both >= 1, found {spec.grid}"
        )
    places = spec.grid[0] * spec.grid[1] * spec.concentration
    n_endpoints = places if spec.n_endpoints is None else spec.count(topology)
    if spec.concentration < 1 or n_endpoints > places:
        raise SimulationError(
            f"topology {topology!r}: {n_endpoints} endpoints do not fit on {spec.grid[0]} x {spec.grid[1]} "
            f"routers with {spec.concentration} each; enlarge the grid or the concentration"
        )
    return spec.grid, n_endpoints


@register("mesh")
def mesh(spec: FabricSpec) -> Fabric:
    spec.refuse("mesh", "arity", "edges", "attach", "concentration")
    return _build("mesh", spec)


@register("cmesh")
def cmesh(spec: FabricSpec) -> Fabric:
    spec.refuse("cmesh", "arity", "edges", "attach")
    if spec.concentration < 2:
        raise SimulationError(
            f"topology 'cmesh' needs concentration >= 2, found {spec.concentration}; or take 'mesh'"
        )
    return _build("cmesh", spec)


def _build(topology: str, spec: FabricSpec) -> Mesh:
    grid, n_endpoints = grid_of(topology, spec)
    routing = spec.choose_routing(topology, "xy", "yx", "o1turn")
    return Mesh(topology, grid, n_endpoints, spec.concentration, routing, spec.gateway)


@register("chain")
def chain(spec: FabricSpec) -> Fabric:
    """Routers in a row: a mesh of one row."""
    spec.refuse("chain", "arity", "edges", "attach", "concentration", "grid", "routing")
    n = spec.count("chain")
    return Mesh("chain", (1, n), n, 1, "xy", spec.gateway)
