"""Builds the arrays of the cycle loop from a topology and a router."""

from __future__ import annotations

from collections import defaultdict
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
    PACKET,
    ROUTER,
    TABLES,
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
    in_links = np.zeros(int(router["n_in"].sum()), INDEX)
    in_links["index"] = [x for r in routers for x in inputs[r]]
    return link, router, source, in_links


def fresh_state(topology: Topology, config: RouterConfig) -> NetworkState:
    """An empty network at cycle 0, without routes."""
    link, router, source, in_link = _wiring(topology, config)
    n_vcs, depth, shift = config.n_vcs, config.vc_buffer_flits, (config.n_vcs - 1).bit_length()
    link["free"], link["waiting"] = (1 << n_vcs) - 1, -1
    source["packet"], source["vc"] = -1, n_vcs - 1
    wheel = 1 << int(max(link["arrive"].max(), link["credit"].max())).bit_length()
    n_buffers = len(link) << shift
    ring = 1 << n_buffers.bit_length()
    lengths = {
        "vcs": n_buffers,
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
        "requests": int(router["n_in"].max()) * n_vcs,
    }
    tables = {name: np.zeros(lengths.get(name, 0), dtype) for name, dtype in TABLES.items()}
    tables |= {"links": link, "routers": router, "sources": source, "in_links": in_link}
    vc = tables["vcs"]
    vc["credits"], vc["holder"], vc["out"], vc["next_waiting"] = depth, FREE, -1, -1
    head = np.zeros(1, HEAD)
    for name, value in constants(config).items():
        head[name] = value
    head["n_links"], head["ring_mask"], head["wheel_mask"] = len(link), ring - 1, wheel - 1
    return NetworkState(head, tables)


def grow_packets(state: NetworkState, n: int) -> NetworkState:
    """A state with slots for at least `n` more packets, and a log that holds all of them."""
    free, old = int(state.head["n_free_slots"][0]), len(state.packets)
    if free >= n:
        return state
    more = max(n - free, old)
    state.head["n_free_slots"] = free + more
    slots = np.zeros(old + more, INDEX)
    slots["index"][: free + more] = [*state.free_slots["index"][:free], *range(old + more - 1, old - 1, -1)]
    return state.replaced(
        packets=np.concatenate([state.packets, np.zeros(more, PACKET)]),
        free_slots=slots,
        deliveries=np.zeros(old + more, DELIVERY),
    )
