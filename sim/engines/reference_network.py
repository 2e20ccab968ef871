"""Routers beside the event loop: transfers that go through a network flit by flit.

Both keep their own time. Before the next event of the loop the network is run up to that instant; if a
transfer is complete before, that is the next event instead. A transfer that is complete in the instant of an
event comes after all else of that instant, in a round of its own.

Firings do not overtake each other: a transfer that is complete before the one of the firing before waits for
it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..flit_detail import FlitDetail
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
        Told of every visit whose flits have all arrived, when they had, and when it may go on.
    """

    def __init__(self, detail: FlitDetail, arrived: Callable[[Visit, int, int], None]) -> None:
        self.network = FlitNetwork(detail.topology, detail.router)
        self.cycle_fs = detail.cycle_fs
        self.packet_flits = detail.packet_flits
        self.arrived = arrived
        self.flows = {
            v: self.network.sending((flow.src, flow.dsts, flow.n_flits) for flow in flows)
            for v, flows in detail.flows.items()
        }
        self.sent: list[Visit] = []
        """Visits by tag of their messages."""
        self.missing: dict[int, int] = {}
        """Messages that have not arrived, by tag."""
        self.complete: dict[tuple[int, int], tuple[Visit, int]] = {}
        """Visits that are complete before that of the firing before, by index and firing, and since when."""
        self.n_complete: dict[int, int] = dict.fromkeys(detail.flows, 0)
        """Firings of each visit that are complete, and all before them."""

    def send(self, visit: Visit, now_fs: int) -> None:
        """Offer the messages of a visit at the next clock edge that the network has not passed."""
        flows = self.flows[visit.step.index]
        tag = len(self.sent)
        self.sent.append(visit)
        self.missing[tag] = len(flows.src)
        edge = max(self.network.clock, -(-now_fs // self.cycle_fs))
        self.network.send(edge, flows, self.packet_flits, tag)

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
                    visit = self.sent[tag]
                    self.complete[visit.step.index, visit.firing] = visit, cycle * self.cycle_fs
                    complete |= self.in_order(visit.step.index, cycle * self.cycle_fs)
            if complete:
                return True
        return False

    def in_order(self, v: int, now_fs: int) -> bool:
        """Let the firings of a visit go on that are complete and whose predecessors are; whether there are
        some."""
        any_went = False
        while (found := self.complete.pop((v, self.n_complete[v]), None)) is not None:
            self.n_complete[v] += 1
            self.arrived(*found, now_fs)
            any_went = True
        return any_went
