"""A network of routers at flit detail: packets go in with their times, deliveries come out with theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DeadlockError, SimulationError
from ..router import RouterConfig
from ..topology import HOST, Topology
from .arrays import fresh_state, more_slots, with_messages
from .loop.entry import loop
from .loop.state import BROKEN, DEADLOCK, MORE_SLOTS, OFFER, OK, Records
from .routes import route_table

I64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Delivered:
    """Messages (packets, where none is cut) that arrived at all their endpoints, in that order; times in
    cycles.

    Attributes
    ----------
    tag : I64
        As given with the packet.
    created, injected, arrived : I64
        When it was offered, when its head left the source, when its last flit reached the last destination.
    """

    tag: I64
    created: I64
    injected: I64
    arrived: I64

    def __len__(self) -> int:
        return len(self.tag)


@dataclass(frozen=True, eq=False)
class Sending:
    """Messages that set out together, as arrays of one shape: what `FlitNetwork.sending` makes of flows."""

    src: I64
    route: I64
    n_flits: I64
    copies: I64


class FlitNetwork:
    """Routers of one kind on a topology, empty at cycle 0.

    Messages can be offered at any time, for now or later. An event loop runs it alongside by asking for
    deliveries up to its own next event, ``advance(next_event, stop_at_delivery=True)``, handling them, and
    offering what follows; the result does not depend on where the time is cut.

    Parameters
    ----------
    topology : Topology
    router : RouterConfig
    """

    def __init__(self, topology: Topology, router: RouterConfig) -> None:
        self.topology = topology
        self.router = router
        self._routes = route_table(topology, router.n_vcs, ordered=router.ordered)
        self._state = fresh_state(topology, router)

    @property
    def clock(self) -> int:
        """The next cycle to be simulated."""
        return int(self._state.head["clock"][0])

    @property
    def n_flits_in_flight(self) -> int:
        """Flits that have left their source and not reached their sink."""
        return int(self._state.head["in_flight"][0])

    @property
    def n_queued(self) -> int:
        """Messages whose tail has not left the source, those offered for later included."""
        head = self._state.head[0]
        return int(head["queued"] + head["n_offered"] - head["n_taken"])

    @property
    def link_flits(self) -> I64:
        """Flits that each link has carried, shape (n_links,)."""
        return np.array(self._state.links["flits"])

    @property
    def missing_credits(self) -> int:
        """Credits that sources and routers do not hold: flits in buffers, flits and credits under way."""
        number = np.arange(self._state.head["n_buffers"][0]) & self._state.head["low"]
        credits = self._state.vcs["credits"][: len(number)][number < self.router.n_vcs]
        return int(np.sum(self.router.vc_buffer_flits - credits))

    def offer(
        self,
        time: ArrayLike,
        src: ArrayLike,
        dst: ArrayLike,
        n_flits: ArrayLike,
        tag: ArrayLike,
        flow: ArrayLike = 0,
        packet_flits: ArrayLike | None = None,
    ) -> None:
        """Create messages at given cycles; each joins its source's queue. Arguments broadcast.

        Parameters
        ----------
        time : int array
            Cycles, none before `clock`.
        src, dst : int array
            Endpoints, or HOST.
        n_flits : int array
            At least 1.
        packet_flits : int array, optional
            Longest packet into which the message is cut; default: it is one packet.
        tag : int array
            Comes back with the delivery.
        flow : int array
            Where the routing spreads traffic, or flows are kept in order: which way and which virtual
            channel.

        Raises
        ------
        SimulationError
            An endpoint that is not there, a time that has passed, a packet that cannot fit (virtual
            cut-through).
        """
        longest = n_flits if packet_flits is None else packet_flits
        given = (np.asarray(x, np.int64).reshape(-1) for x in (time, src, dst, n_flits, tag, flow, longest))
        times, srcs, dsts, sizes, tags, flows, packets = np.broadcast_arrays(*given)
        routes = self._routes.find(srcs, dsts, flows)
        self._offer(times, srcs, routes, sizes, packets, tags, np.ones_like(srcs))

    def offer_copies(
        self,
        time: int,
        src: int,
        dsts: Sequence[int],
        n_flits: int,
        tag: int,
        flow: int = 0,
        packet_flits: int | None = None,
    ) -> None:
        """Create a message to several endpoints, along a tree whose routers copy its packets.

        It is delivered once all of it has reached all of them.

        Raises
        ------
        SimulationError
            As `offer`; a packet that does not fit in the buffer of a virtual channel.
        """
        longest = n_flits if packet_flits is None else packet_flits
        if longest > self.router.vc_buffer_flits:
            raise SimulationError(
                f"multicast: a packet of {longest} flits does not fit in a buffer of "
                f"{self.router.vc_buffer_flits}; enlarge vc_buffer_flits or cut the packet"
            )
        given = (time, src, self._routes.tree(src, dsts, flow), n_flits, longest, tag, len(set(dsts)))
        self._offer(*(np.array([x], np.int64) for x in given))

    def sending(self, flows: Iterable[tuple[int, Sequence[int], int]]) -> Sending:
        """Messages (source, destinations, flits), ready to be sent as often as one likes.

        All from one endpoint to the same others have one flow number; which of several ways they take is a
        matter of the source.
        """
        n, variants = self.topology.n_endpoints, self.topology.n_variants
        rows = []
        for src, dsts, n_flits in flows:
            number = (src * n + dsts[0]) * variants + src % variants
            route = (
                self._routes.tree(src, dsts, number)
                if len(dsts) > 1
                else int(self._routes.find(*(np.array([x], np.int64) for x in (src, dsts[0], number)))[0])
            )
            rows.append((src, route, n_flits, len(dsts)))
        return Sending(*np.array(rows, np.int64).reshape(-1, 4).T)

    def send(self, time: int, sending: Sending, packet_flits: int, tag: int) -> None:
        """Create messages at a cycle, cut into packets of at most so many flits."""
        shape = np.ones_like(sending.src)
        size = sending.n_flits
        packets = np.minimum(packet_flits, size)
        self._offer(time * shape, sending.src, sending.route, size, packets, tag * shape, sending.copies)

    def _offer(
        self, times: I64, srcs: I64, routes: I64, sizes: I64, packets: I64, tags: I64, copies: I64
    ) -> None:
        self._check(times, sizes, packets)
        new = np.zeros(len(times), OFFER)
        new["time"], new["size"], new["tag"] = times, sizes, tags
        new["route"], new["packet"], new["copies"] = routes, packets, copies
        new["src"] = np.where(srcs == HOST, self.topology.n_endpoints, srcs)
        offers = np.concatenate([self._state.offers[self._state.head["n_taken"][0] :], new])
        offers = offers[np.argsort(offers["time"], kind="stable")]
        self._state.head["n_taken"], self._state.head["n_offered"] = 0, len(offers)
        self._state = with_messages(self._state, len(offers)).replaced(
            offers=offers, hops=self._routes.hops, forks=self._routes.forks
        )

    def advance(self, until: int, *, stop_at_delivery: bool = False) -> Delivered:
        """Simulate up to cycle `until` (not included) and return what was delivered on the way.

        With `stop_at_delivery`, only up to and with the first cycle in which a message is complete: an event
        loop that feeds the network asks for the time until its own next event, and handles the deliveries
        that come before.

        Raises
        ------
        DeadlockError
            Flits in the network can never move again.
        """
        self._state.head["n_delivered"] = 0
        self._state.head["stop_at_delivery"] = stop_at_delivery
        while (result := loop(self._state.head, until)) != OK:
            self.answer(result)
        done = self._state.deliveries[: self._state.head["n_delivered"][0]]
        return Delivered(*(done[name].copy() for name in ("tag", "created", "injected", "arrived")))

    @property
    def head(self) -> Records:
        """The head of the network's state, for a loop that runs it together with its own."""
        return self._state.head

    @property
    def n_messages(self) -> int:
        """Messages that there is room for."""
        return len(self._state.messages)

    def make_room(self, n: int) -> None:
        """Have room for n more messages, and all routes that were found."""
        self._state = with_messages(self._state, n).replaced(hops=self._routes.hops, forks=self._routes.forks)

    def answer(self, result: int) -> None:
        """Do what has to be done before the network can go on after it stopped.

        Raises
        ------
        DeadlockError
            Flits in the network can never move again.
        """
        if result == MORE_SLOTS:
            self._state = more_slots(self._state)
        if result == DEADLOCK:
            raise DeadlockError(
                f"{self.n_flits_in_flight} flits on {self.topology.kind!r} wait for each other since cycle "
                f"{self._state.head['last_move'][0]}; they need more virtual channels or another routing"
            )
        if result == BROKEN:
            raise AssertionError(
                f"flit lost, doubled or overtaken on {self.topology.kind!r} at cycle {self.clock}"
            )

    def drain(self, limit: int = 1 << 62) -> Delivered:
        """Simulate until every packet has arrived and every credit is back, at most to cycle `limit`."""
        parts = []
        while (self.n_queued or self.n_flits_in_flight or self.missing_credits) and self.clock < limit:
            parts.append(self.advance(min(max(self.clock, self._next_event()) + 1000, limit)))
        return concatenate(parts)

    def _next_event(self) -> int:
        """A cycle before which nothing happens."""
        head = self._state.head[0]
        if head["queued"] or head["in_flight"] or head["events"] or head["n_taken"] == head["n_offered"]:
            return self.clock
        return int(self._state.offers["time"][head["n_taken"]])

    def ages(self) -> I64:
        """Cycles since creation of the undelivered messages that are not behind others at their source."""
        state = self._state
        used = np.ones(len(state.messages), bool)
        used[state.free_messages["index"][: state.head["n_free_messages"][0]]] = False
        fronts = np.zeros(len(state.messages), bool)
        fronts[state.sources["message"][state.sources["message"] >= 0]] = True
        ages = self.clock - state.messages["created"][used & (fronts | (state.messages["injected"] >= 0))]
        return np.array(ages, np.int64)

    def _check(self, times: I64, sizes: I64, packets: I64) -> None:
        if len(times) and times.min() < self.clock:
            raise SimulationError(
                f"a packet is offered at cycle {times.min()}, but the network is at {self.clock}"
            )
        least = min(sizes.min(initial=1), packets.min(initial=1))
        if least < 1:
            raise SimulationError(f"a packet has at least 1 flit, found {least}")
        if self.router.cut_through and packets.max(initial=0) > self.router.vc_buffer_flits:
            raise SimulationError(
                f"virtual cut-through: a packet of {packets.max()} flits does not fit in a buffer of "
                f"{self.router.vc_buffer_flits}; enlarge vc_buffer_flits or cut the packet"
            )


def concatenate(parts: list[Delivered]) -> Delivered:
    """One list of deliveries from several."""
    if not parts:
        return Delivered(*(np.zeros(0, np.int64) for _ in range(4)))
    return Delivered(
        *(np.concatenate([getattr(p, n) for p in parts]) for n in ("tag", "created", "injected", "arrived"))
    )
