"""Routers beside the event loop: transfers that go through a network flit by flit.

Both keep their own time. Before the next event of the loop the network is run up to that instant; if a
transfer is complete before, that is the next event instead. A transfer that is complete in the instant of an
event comes after all else of that instant.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..flit_detail import FlitDetail, Flows
from ..noc.flit import FlitNetwork
from .reference_state import Visit

AHEAD_CYCLES = 10_000
"""How far the network runs at a time when nothing else is left to happen."""


class Routers:
    """The network, and the transfers in it.

    Parameters
    ----------
    detail : FlitDetail
    arrived : callable
        Told of every visit whose flits have all arrived, and when.
    """

    def __init__(self, detail: FlitDetail, arrived: Callable[[Visit, int], None]) -> None:
        self.network = FlitNetwork(detail.topology, detail.router)
        self.cycle_fs = detail.cycle_fs
        self.arrived = arrived
        self.packets = {v: _packets(detail, flows) for v, flows in detail.flows.items()}
        self.sent: list[Visit] = []
        """Visits by tag of their packets."""
        self.missing: dict[int, int] = {}
        """Packets that have not arrived, by tag."""

    def send(self, visit: Visit, now_fs: int) -> None:
        """Offer the packets of a visit at the next clock edge."""
        src, dst, n_flits, flow = self.packets[visit.step.index]
        tag = len(self.sent)
        self.sent.append(visit)
        self.missing[tag] = len(src)
        self.network.offer(-(-now_fs // self.cycle_fs), src, dst, n_flits, tag, flow)

    def run_until(self, time_fs: int | None) -> bool:
        """Run up to an instant, None for any, or to the first that completes transfers; whether it did."""
        while self.missing:
            limit = self.network.clock + AHEAD_CYCLES if time_fs is None else -(-time_fs // self.cycle_fs)
            if limit <= self.network.clock:
                return False
            done = self.network.advance(limit, stop_at_delivery=True)
            complete = False
            for tag, cycle in zip(done.tag.tolist(), done.arrived.tolist(), strict=True):
                self.missing[tag] -= 1
                if not self.missing[tag]:
                    del self.missing[tag]
                    self.arrived(self.sent[tag], cycle * self.cycle_fs)
                    complete = True
            if complete:
                return True
        return False


Packets = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Source, destination, flits and flow number of each packet."""


def _packets(detail: FlitDetail, flows: Flows) -> Packets:
    """The packets of one firing.

    All packets from one endpoint to another have one flow number, so that they take one way and arrive in
    order; which way is a matter of the source, as at packet detail.
    """
    n, variants = detail.topology.n_endpoints, detail.topology.n_variants
    rows = []
    for f in flows:
        longest = detail.packet_flits or f.n_flits
        number = (f.src * n + f.dst) * variants + f.src % variants
        rows += [
            (f.src, f.dst, min(longest, f.n_flits - sent), number) for sent in range(0, f.n_flits, longest)
        ]
    columns = np.array(rows, np.int64).T
    return columns[0], columns[1], columns[2], columns[3]
