"""The results of the bench as one JSON object, in cycles and flits per endpoint and cycle."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ...sim.noc.loads import SharedLink
from ...sim.report.known import finite
from .measure import Curve, Replay
from .spec import BenchNetwork

SCHEMA = "ohmsum-noc/1"


def curve_json(network: BenchNetwork, traffic: str, packet_flits: int, seed: int, curve: Curve) -> str:
    """A curve with all its points."""
    points = [
        {
            "offered": p.offered,
            "accepted": p.accepted,
            "saturated": p.saturated,
            "latency_cycles": p.latency,
            "network_latency_cycles": p.network_latency,
            "latency_p99_cycles": p.latency_p99,
            "busiest_link": network.topology.link(int(p.link_load.argmax())).name,
            "busiest_link_load": float(p.link_load.max()),
            "n_packets": p.n_packets,
            "cycles": p.cycles,
        }
        for p in curve.points
    ]
    found = {
        "packet_flits": packet_flits,
        "seed": seed,
        "points": points,
        "knee": curve.knee,
        "link_bound": curve.link_bound,
        "links": _links(curve.links),
    }
    return _text(network, traffic, found)


def replay_json(network: BenchNetwork, name: str, result: Replay) -> str:
    """One run of a trace."""
    energy_j = network.energy_per_flit_hop_j
    found = {
        "n_packets": result.n_packets,
        "cycles": result.cycles,
        "latency_cycles": result.hop_cycles + result.queue_cycles,
        "hop_cycles": result.hop_cycles,
        "queue_cycles": result.queue_cycles,
        "latency_p99_cycles": result.latency_p99,
        "flit_hops": result.flit_hops,
        "energy_per_flit_hop_j": energy_j,
        "energy_j": None if energy_j is None else energy_j * result.flit_hops,
        "links": _links(result.links),
    }
    return _text(network, name, found)


def _text(network: BenchNetwork, traffic: str, found: dict[str, Any]) -> str:
    topology = network.topology
    head = {
        "schema": SCHEMA,
        "network": {
            "name": network.name,
            "topology": topology.kind,
            "n_endpoints": topology.n_endpoints,
            "n_routers": topology.n_routers,
            "n_links": topology.n_links,
        },
        "router": asdict(network.router),
        "traffic": traffic,
    }
    return json.dumps(finite(head | found), indent=1, allow_nan=False) + "\n"


def _links(links: list[SharedLink]) -> list[dict[str, Any]]:
    return [
        {
            "name": s.link.name,
            "load": s.load,
            "flows": [{"src": src, "dst": dst, "load": load} for (src, dst), load in s.flows],
        }
        for s in links
    ]
