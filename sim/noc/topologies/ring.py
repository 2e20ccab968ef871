"""Bidirectional ring, the shorter way round; ties go up (even flows) or down (odd flows).

A ring's channels form a cycle. Packets that cross the wrap-around wire use virtual-channel class 1 all the
way, the others class 0: shortest ways are at most half a ring long, so that neither class closes the cycle
(Dally and Seitz 1987; the fixed dateline of BookSim2's torus).
"""

from __future__ import annotations

from ..fabric import Fabric, FabricSpec, Path, both_ways, register


class Ring(Fabric):
    """Routers 0..n-1 in a circle."""

    name = "ring"
    n_classes = 2
    cyclic = True

    def __init__(self, n: int, gateway: int) -> None:
        pairs = [(r, (r + 1) % n) for r in range(n if n > 2 else n - 1)]
        self.n_variants = 2 if n % 2 == 0 else 1
        super().__init__(n, both_ways(pairs), tuple(range(n)), gateway=gateway)

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        return ring_steps(src, dst, self.n_routers, flow)

    def classes(self, path: Path, flow: int = 0) -> tuple[int, ...]:
        passed = [self.wires[w].src for w in path]
        return ring_classes(passed, [self.wires[w].dst for w in path])


def ring_steps(src: int, dst: int, n: int, flow: int) -> tuple[int, ...]:
    """Positions from `src` to `dst` on a ring of n, both included, the shorter way."""
    up = (dst - src) % n
    go_up = 2 * up < n or (2 * up == n and flow % 2 == 0)
    step, hops = (1, up) if go_up else (-1, n - up)
    return tuple((src + step * h) % n for h in range(hops + 1))


def ring_classes(src: list[int], dst: list[int]) -> tuple[int, ...]:
    """Class of the hops from positions `src` to `dst` along a ring: 1 if one of them joins its two ends."""
    wraps = any(abs(a - b) > 1 for a, b in zip(src, dst, strict=True))
    return (int(wraps),) * len(src)


@register("ring")
def ring(spec: FabricSpec) -> Fabric:
    spec.refuse("ring", "grid", "concentration", "routing", "arity", "edges", "attach")
    return Ring(spec.count("ring"), spec.gateway)
