"""Torus with dimension-order routing; every row and column is a ring, with two classes of virtual channels.

Each dimension takes the shorter way round; where both are equal, bit 0 (X) and bit 1 (Y) of the flow number
decide. Classes as in a ring, dimension by dimension. Wires are twice as long as in a mesh, as in a folded
layout (Dally and Towles 2004, section 5.4).
"""

from __future__ import annotations

from math import sqrt

from ..fabric import Fabric, FabricSpec, Path, both_ways, register
from .mesh import grid_of
from .ring import ring_classes, ring_steps


class Torus(Fabric):
    """A grid whose rows and columns are rings."""

    name = "torus"
    n_classes = 2
    cyclic = True

    def __init__(
        self, grid: tuple[int, int], n_endpoints: int, concentration: int, routing: str, gateway: int
    ) -> None:
        self.rows, self.cols = rows, cols = grid
        pairs = [(r * cols + c, r * cols + (c + 1) % cols) for r in range(rows) for c in _starts(cols)]
        pairs += [(r * cols + c, (r + 1) % rows * cols + c) for r in _starts(rows) for c in range(cols)]
        self.x_first = routing == "xy"
        self.n_variants = 4 if rows % 2 == 0 else (2 if cols % 2 == 0 else 1)
        enter = tuple(e // concentration for e in range(n_endpoints))
        super().__init__(
            rows * cols, both_ways(pairs, length=2 * sqrt(concentration)), enter, gateway=gateway
        )

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        row, col = divmod(src, self.cols)
        to_row, to_col = divmod(dst, self.cols)
        xs = ring_steps(col, to_col, self.cols, flow)
        ys = ring_steps(row, to_row, self.rows, flow >> 1)
        if self.x_first:
            return tuple(row * self.cols + x for x in xs) + tuple(y * self.cols + to_col for y in ys[1:])
        return tuple(y * self.cols + col for y in ys) + tuple(to_row * self.cols + x for x in xs[1:])

    def classes(self, path: Path, flow: int = 0) -> tuple[int, ...]:
        ends = [(divmod(self.wires[w].src, self.cols), divmod(self.wires[w].dst, self.cols)) for w in path]
        in_x = [a[0] == b[0] for a, b in ends]
        turn = next((i for i, along in enumerate(in_x) if along != in_x[0]), len(path))
        legs = (ends[:turn], ends[turn:])
        axis = 1 if in_x and in_x[0] else 0
        first = ring_classes([a[axis] for a, _ in legs[0]], [b[axis] for _, b in legs[0]])
        return first + ring_classes([a[1 - axis] for a, _ in legs[1]], [b[1 - axis] for _, b in legs[1]])

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.cols, self.n_routers // self.cols) if self.direct else (self.n_endpoints,)

    def router_name(self, router: int) -> str:
        return f"({router // self.cols},{router % self.cols})"


def _starts(n: int) -> range:
    """Positions with a wire to the next one: two routers are joined once, not twice."""
    return range(n if n > 2 else n - 1)


@register("torus")
def torus(spec: FabricSpec) -> Fabric:
    spec.refuse("torus", "arity", "edges", "attach")
    grid, n_endpoints = grid_of("torus", spec)
    routing = spec.choose_routing("torus", "xy", "yx")
    return Torus(grid, n_endpoints, spec.concentration, routing, spec.gateway)
