"""Crossbar switch: one router that all endpoints are attached to."""

from __future__ import annotations

from ..fabric import Fabric, FabricSpec, register


class CrossbarSwitch(Fabric):
    """A single router; contention is only for its output ports."""

    name = "crossbar"

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        return (src,)

    def router_name(self, router: int) -> str:
        return "switch"


@register("crossbar")
def crossbar(spec: FabricSpec) -> Fabric:
    spec.refuse("crossbar", "grid", "concentration", "routing", "arity", "edges", "attach", "gateway")
    return CrossbarSwitch(1, (), (0,) * spec.count("crossbar"))
