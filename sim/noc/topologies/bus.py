"""Shared bus: one medium that carries one transfer at a time and that everybody hears.

The medium is a single wire from the arbiter (router 0), where all endpoints inject, to the far end (router
1), from which all are served: a broadcast uses it once.
"""

from __future__ import annotations

from ..fabric import Fabric, FabricSpec, Wire, register


class BusTopology(Fabric):
    """All traffic over one wire.

    The gateway is a bridge (router 2) that listens at the far end and, for what comes in from the host or
    other chips, asks the arbiter like anyone else.
    """

    name = "bus"
    cyclic = True

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        return (src,) if src == dst else tuple((src + step) % 3 for step in range((dst - src) % 3 + 1))

    def router_name(self, router: int) -> str:
        return ("arbiter", "medium", "bridge")[router]


@register("bus")
def bus(spec: FabricSpec) -> Fabric:
    spec.refuse("bus", "grid", "concentration", "routing", "arity", "edges", "attach", "gateway")
    n = spec.count("bus")
    wires = (Wire(0, 1, float(n)), Wire(1, 2, 0.0), Wire(2, 0, 0.0))
    return BusTopology(3, wires, (0,) * n, leave=(1,) * n, gateway=2)
