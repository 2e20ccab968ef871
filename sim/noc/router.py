"""The router: virtual channels, buffers and pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from ..errors import SimulationError
from .link import Link, LinkKind

MAX_VCS = 62
"""Virtual channels are bits of a signed 64-bit word."""


@dataclass(frozen=True)
class RouterConfig:
    """An input-queued virtual-channel router and its links. Delays in cycles; names mostly as in BookSim2.

    A head flit that arrives at t is granted an output VC at t + routing_delay at the earliest, the switch
    ``vc_alloc_delay`` later, leaves its buffer ``sw_alloc_delay`` later, and arrives at the next router after
    ``crossbar_delay + 1 + link``. Body flits only need the switch.

    Attributes
    ----------
    n_vcs : int
        Virtual channels per link (num_vcs).
    vc_buffer_flits : int
        Flits that each holds (vc_buf_size).
    routing_delay : int
        0 is lookahead routing.
    vc_alloc_delay, sw_alloc_delay, crossbar_delay : int
        Pipeline stages; the last is st_prepare_delay + st_final_delay.
    credit_delay : int
        Cycles that a router needs to process a credit once it has arrived.
    alloc_iterations : int
        Rounds of iSLIP in both allocators (alloc_iters).
    wait_for_tail_credit : bool
        An output VC is given to the next packet only when the last one has left the buffer downstream; else
        once its tail was sent.
    vc_busy_when_full : bool
        Packets do not ask for output VCs without a credit.
    cut_through : bool
        Virtual cut-through: a VC is granted only if the whole packet fits.
    ordered : bool
        Every flow stays on one VC of its class, by its number, so that its packets arrive in order; otherwise
        they may overtake each other on different VCs.
    endpoint_delay, chip_delay : int
        Links to and from endpoints and the host; links between chips.
    wire_delay : int or None
        Links between routers of a chip; None: their length, at a tile pitch per cycle.
    """

    n_vcs: int = 1
    vc_buffer_flits: int = 8
    routing_delay: int = 1
    vc_alloc_delay: int = 1
    sw_alloc_delay: int = 1
    crossbar_delay: int = 1
    credit_delay: int = 0
    alloc_iterations: int = 1
    wait_for_tail_credit: bool = False
    vc_busy_when_full: bool = False
    cut_through: bool = False
    ordered: bool = False
    endpoint_delay: int = 1
    chip_delay: int = 1
    wire_delay: int | None = None

    def __post_init__(self) -> None:
        least = {
            "n_vcs": 1,
            "vc_buffer_flits": 1,
            "routing_delay": 0,
            "vc_alloc_delay": 1,
            "sw_alloc_delay": 1,
            "crossbar_delay": 0,
            "credit_delay": 0,
            "alloc_iterations": 1,
            "endpoint_delay": 0,
            "chip_delay": 0,
        }
        for name, low in least.items():
            if getattr(self, name) < low:
                raise SimulationError(f"router: {name} must be at least {low}, found {getattr(self, name)}")
        if self.n_vcs > MAX_VCS:
            raise SimulationError(f"router: at most {MAX_VCS} virtual channels, found {self.n_vcs}")
        if self.wire_delay is not None and self.wire_delay < 0:
            raise SimulationError(f"router: wire_delay must be at least 0, found {self.wire_delay}")

    def link_delay(self, link: Link) -> int:
        """Cycles on the wire."""
        if link.kind == LinkKind.CHIP:
            return self.chip_delay
        if link.kind == LinkKind.WIRE:
            return max(1, ceil(link.length)) if self.wire_delay is None else self.wire_delay
        return self.endpoint_delay

    def zero_load_latency(self, n_routers: int, n_flits: int, wire_cycles: int) -> int:
        """Cycles from a packet's creation to the arrival of its tail on an empty network.

        `n_routers` are passed over ``n_routers + 1`` links that take `wire_cycles` in all; buffers are longer
        than the credit loop.
        """
        router = self.routing_delay + self.vc_alloc_delay + self.sw_alloc_delay + self.crossbar_delay - 1
        return n_routers * router + (n_routers + 1) + wire_cycles + (n_flits - 1) * self.sw_alloc_delay


BOOKSIM = {
    "WH1": RouterConfig(n_vcs=1, routing_delay=1),
    "VC8": RouterConfig(n_vcs=8, routing_delay=0, wait_for_tail_credit=True, credit_delay=2),
    "DEF": RouterConfig(n_vcs=16, routing_delay=1),
}
"""Plain wormhole; the router of BookSim2's example mesh88_lat (with input speedup 1); BookSim2's defaults."""
