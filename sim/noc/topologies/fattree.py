"""Fat tree as a k-ary n-tree: n levels of k**(n-1) routers, k ports down and k up.

Petrini and Vanneschi, IPPS 1997.

Router (level, w) has the number ``level * k**(n-1) + w``, level 0 being the one with the endpoints; a step
from level l to l + 1 may change digit l of w (base k) at will, which is what makes many ways up. The way up
is spread by the destination's digits (D-mod-k, Zahavi 2010), so that each destination is served by one tree;
the way down follows them.
"""

from __future__ import annotations

from ...errors import SimulationError
from ..fabric import Fabric, FabricSpec, Wire, register


class FatTree(Fabric):
    """k-ary n-tree."""

    name = "fattree"

    def __init__(self, n_endpoints: int, k: int) -> None:
        levels = 1
        while k**levels < n_endpoints:
            levels += 1
        self.k, self.width = k, k ** (levels - 1)
        wires = []
        for level in range(levels - 1):
            for w in range(self.width):
                for digit in range(k):
                    low = level * self.width + w
                    high = (level + 1) * self.width + self._with_digit(w, level, digit)
                    wires += [Wire(low, high, float(k**level)), Wire(high, low, float(k**level))]
        self.n_variants = k if levels > 1 else 1
        enter = tuple(e // k for e in range(n_endpoints))
        super().__init__(levels * self.width, tuple(wires), enter, gateway=(levels - 1) * self.width)

    def _with_digit(self, w: int, position: int, digit: int) -> int:
        power = self.k**position
        return int(w + (digit - w // power % self.k) * power)

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        k = self.k
        (level, w), (to_level, target) = divmod(src, self.width), divmod(dst, self.width)
        passed = [src]
        # Going down from level l to l - 1 sets digit l - 1: go up until no higher digit differs.
        while level < to_level or w // k**level != target // k**level:
            # Digits above the target's level will be set on the way down, and may spread the flows on the way
            # up.
            spread = flow if level >= to_level else 0
            w = self._with_digit(w, level, (target // k**level + spread) % k)
            level += 1
            passed.append(level * self.width + w)
        while level > to_level:
            level -= 1
            w = self._with_digit(w, level, target // k**level % k)
            passed.append(level * self.width + w)
        return tuple(passed)

    def router_name(self, router: int) -> str:
        return f"l{router // self.width}.{router % self.width}"


@register("fattree")
def fattree(spec: FabricSpec) -> Fabric:
    spec.refuse("fattree", "grid", "concentration", "routing", "edges", "attach", "gateway")
    arity = 4 if spec.arity is None else spec.arity
    if arity < 2:
        raise SimulationError(f"topology 'fattree' needs arity >= 2, found {arity}")
    return FatTree(spec.count("fattree"), arity)
