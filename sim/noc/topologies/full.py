"""Every router joined to every other: what a few chips with enough links can afford."""

from __future__ import annotations

from ..fabric import Fabric, FabricSpec, both_ways, register


class Full(Fabric):
    """One wire between any two routers."""

    name = "all"

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        return (src,) if src == dst else (src, dst)


@register("all")
def full(spec: FabricSpec) -> Fabric:
    spec.refuse("all", "grid", "concentration", "routing", "arity", "edges", "attach")
    n = spec.count("all")
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    return Full(n, both_ways(pairs), tuple(range(n)), gateway=spec.gateway)
