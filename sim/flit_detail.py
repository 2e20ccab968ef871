"""What a Program says of transfers that are simulated flit by flit, beside its visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .noc.router import RouterConfig
from .noc.topology import Topology


@dataclass(frozen=True)
class FlitFlow:
    """Flits of one firing from an endpoint of the network to one or more others, along a tree."""

    src: int
    dsts: tuple[int, ...]
    n_flits: int


Flows = tuple[FlitFlow, ...]


@dataclass(frozen=True)
class FlitDetail:
    """A network of routers, and the visits that send through it.

    Such a visit books no resource: it begins when it asks, offers its flows at the next clock edge of the
    network, and advances when the last flit of the last of them has arrived everywhere. Its resources are the
    links it uses, each for the time of its flits; its advance in the Program is what it takes on an empty
    network.

    Attributes
    ----------
    topology : Topology
    router : RouterConfig
    cycle_fs : int
        Clock of the network.
    packet_flits : int
        Longest packet; flows are cut into packets of so many flits.
    flows : dict of int to Flows
        By index v of the visit; the same in every firing.
    """

    topology: Topology = field(repr=False)  # without a stable text; the chip's hash tells topologies apart
    router: RouterConfig
    cycle_fs: int
    packet_flits: int
    flows: Mapping[int, Flows]
