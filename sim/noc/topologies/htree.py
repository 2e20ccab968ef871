"""H-tree: routers in a tree, endpoints at the leaves, the way up to the common ancestor and down again.

Router 0 is the root and the gateway. With arity 4 each router is one H: its four children sit at the quarter
points of its square, so that a wire is half as long at each level down (Leiserson 1980; used for global
buffers in ISAAC-like chips and in CACTI).
"""

from __future__ import annotations

from ...errors import SimulationError
from ..fabric import Fabric, FabricSpec, Wire, register


class HTree(Fabric):
    """A complete tree of routers; router r has children ``arity * r + 1 .. arity * r + arity``."""

    name = "htree"

    def __init__(self, n_endpoints: int, arity: int) -> None:
        self.arity = arity
        depth = 1  # levels of routers; the last one carries `arity` endpoints each
        while arity**depth < n_endpoints:
            depth += 1
        n_routers = (arity**depth - 1) // (arity - 1)
        first_leaf = (arity ** (depth - 1) - 1) // (arity - 1)
        wires = []
        for child in range(1, n_routers):
            length = arity ** ((depth - 1 - self.depth(child)) / 2)
            wires += [Wire((child - 1) // arity, child, length), Wire(child, (child - 1) // arity, length)]
        super().__init__(n_routers, tuple(wires), tuple(first_leaf + e // arity for e in range(n_endpoints)))

    def depth(self, router: int) -> int:
        """Distance from the root."""
        depth = 0
        while router:
            router, depth = (router - 1) // self.arity, depth + 1
        return depth

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        up, down = [src], [dst]
        while up[-1] != down[-1]:
            # Children are numbered after their parents, so the larger number is never the common ancestor.
            side = up if up[-1] > down[-1] else down
            side.append((side[-1] - 1) // self.arity)
        return (*up, *reversed(down[:-1]))


@register("htree")
def htree(spec: FabricSpec) -> Fabric:
    spec.refuse("htree", "grid", "concentration", "routing", "edges", "attach", "gateway")
    arity = 4 if spec.arity is None else spec.arity
    if arity < 2:
        raise SimulationError(f"topology 'htree' needs arity >= 2, found {arity}")
    return HTree(spec.count("htree"), arity)
