"""Builds the arrays of the cycle loop from a topology and a router."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

import numpy as np

from ..router import RouterConfig
from ..topology import HOST, Topology
from .loop.state import (
    DELIVERY,
    ENDPOINT,
    FREE,
    HEAD,
    INDEX,
    LINK,
    MESSAGE,
    PACKET,
    ROUTER,
    TABLES,
    VC,
    NetworkState,
    Records,
)


def constants(router: RouterConfig) -> dict[str, int]:
    """What all routers share, as fields of the head."""
    shift = (router.n_vcs - 1).bit_length()
    return {
        "n_vcs": router.n_vcs,
        "shift": shift,
        "low": (1 << shift) - 1,
        "depth": router.vc_buffer_flits,
        "routing_delay": router.routing_delay,
        "vc_delay": router.vc_alloc_delay,
        "sw_delay": router.sw_alloc_delay,
        "iterations": router.alloc_iterations,
        "wait_for_tail": int(router.wait_for_tail_credit),
        "busy_when_full": int(router.vc_busy_when_full),
        "cut_through": int(router.cut_through),
    }


def _wiring(topology: Topology, config: RouterConfig) -> tuple[Records, Records, Records, Records]:
    """Links, routers and sources with their ports and delays, and the links into each router."""
    n_ends = topology.n_endpoints
    link, router = np.zeros(topology.n_links, LINK), np.zeros(topology.n_routers, ROUTER)
    source = np.zeros(n_ends + topology.has_host, ENDPOINT)
    link["src_router"] = link["dst_router"] = -1
    inputs: dict[int, list[int]] = defaultdict(list)
    outputs: dict[int, list[int]] = defaultdict(list)
    for i, wire in enumerate(topology.links()):
        from_router = wire.src >= n_ends
        delay = 1 + config.link_delay(wire)
        link["arrive"][i] = delay + (config.crossbar_delay if from_router else 0)
        link["credit"][i] = delay + (config.credit_delay if from_router else 0)
        if from_router:
            link["src_router"][i], link["out_port"][i] = wire.src - n_ends, len(outputs[wire.src - n_ends])
            outputs[wire.src - n_ends].append(i)
        else:
            source["link"][n_ends if wire.src == HOST else wire.src] = i
        if wire.dst >= n_ends:
            link["dst_router"][i], link["in_port"][i] = wire.dst - n_ends, len(inputs[wire.dst - n_ends])
            inputs[wire.dst - n_ends].append(i)
    routers = range(topology.n_routers)
    router["n_in"] = [len(inputs[r]) for r in routers]
    router["n_out"] = [len(outputs[r]) for r in routers]
    router["in_start"] = [0, *accumulate(router["n_in"][:-1].tolist())]
    return link, router, source, _indices(x for r in routers for x in inputs[r])


def _indices(values: Iterable[int]) -> Records:
    return np.fromiter(values, np.int32).view(INDEX)


def fresh_state(topology: Topology, config: RouterConfig) -> NetworkState:
    """An empty network at cycle 0, without routes."""
    link, router, source, in_link = _wiring(topology, config)
    n_vcs, depth, shift = config.n_vcs, config.vc_buffer_flits, (config.n_vcs - 1).bit_length()
    link["free"], link["waiting"] = (1 << n_vcs) - 1, -1
    source["packet"], source["message"], source["vc"] = -1, -1, n_vcs - 1
    wheel = 1 << int(max(link["arrive"].max(), link["credit"].max())).bit_length()
    n_buffers, n_slots = len(link) << shift, 2 * len(source)
    fanout = int(router["n_out"].max())
    ring = 1 << n_buffers.bit_length()
    lengths = {
        "vcs": n_buffers + n_slots,
        "packets": n_slots,
        "queue": n_buffers * depth,
        "flying": wheel * len(link),
        "n_flying": wheel,
        "returning": wheel * len(link),
        "n_returning": wheel,
        "routed": ring,
        "allocated": ring,
        "won": ring,
        "live": len(router),
        "waited": len(link),
        "senders": len(source),
        "requests": int(router["n_in"].max()) * max(n_vcs, fanout),
    }
    tables = {name: np.zeros(lengths.get(name, 0), dtype) for name, dtype in TABLES.items()}
    tables |= {"links": link, "routers": router, "sources": source, "in_links": in_link}
    tables["free_slots"] = _indices(range(n_slots))
    vc = tables["vcs"]
    vc["credits"], vc["holder"], vc["out"], vc["next_waiting"] = depth, FREE, -1, -1
    head = np.zeros(1, HEAD)
    for name, value in constants(config).items():
        head[name] = value
    head["n_links"], head["n_buffers"], head["fanout"] = len(link), n_buffers, fanout
    head["ring_mask"], head["wheel_mask"], head["n_free_slots"] = ring - 1, wheel - 1, n_slots
    return NetworkState(head, tables)


def more_slots(state: NetworkState) -> NetworkState:
    """Twice the room for packets under way."""
    n = len(state.packets)
    return state.replaced(
        packets=np.concatenate([state.packets, np.zeros(n, PACKET)]),
        vcs=np.concatenate([state.vcs, np.zeros(n, VC)]),
        free_slots=_freed(state, "free_slots", range(n, 2 * n)),
    )


def with_messages(state: NetworkState, n: int) -> NetworkState:
    """A state with room for at least `n` more messages, and a log that holds all of them."""
    free, old = int(state.head["n_free_messages"][0]), len(state.messages)
    if free >= n:
        return state
    more = max(n - free, old)
    return state.replaced(
        messages=np.concatenate([state.messages, np.zeros(more, MESSAGE)]),
        free_messages=_freed(state, "free_messages", range(old, old + more)),
        deliveries=np.zeros(old + more, DELIVERY),
    )


def _freed(state: NetworkState, name: str, new: range) -> Records:
    """The stack of free records and the new ones, with room for all there are; the head counts them."""
    free = int(state.head[f"n_{name}"][0])
    state.head[f"n_{name}"] = free + len(new)
    return _indices([*state.tables[name]["index"][:free], *reversed(new), *[0] * (new.start - free)])
