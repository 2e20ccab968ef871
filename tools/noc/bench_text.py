"""The results of the bench as tables."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from rich.console import Group, RenderableType
from rich.text import Text

from ...sim.noc.loads import SharedLink
from ...sim.report.numbers import percent, si
from ...sim.report.page import Column, Page, note, numbers, section
from .measure import Curve, Replay
from .spec import BenchNetwork

N_FLOWS = 4
"""Flows named beside a link."""


def curve_text(network: BenchNetwork, traffic: str, packet_flits: int, curve: Curve, page: Page) -> Group:
    """Table, plot, saturation and busiest links."""
    title = f"{traffic}, packets of {packet_flits} flit{'s' if packet_flits > 1 else ''}"
    columns = [
        *numbers("offered", "accepted", "latency", "network", "p99", "busiest link"),
    ]
    rows = [
        [
            f"{p.offered:.4g}",
            f"{p.accepted:.4f}",
            "saturated" if p.saturated else f"{p.latency:.2f}",
            "-" if p.saturated else f"{p.network_latency:.2f}",
            "-" if p.saturated else f"{p.latency_p99:.0f}",
            percent(float(p.link_load.max())),
        ]
        for p in curve.points
    ]
    drawn = [(p.offered, p.latency) for p in curve.points if not p.saturated]
    parts: list[RenderableType] = [
        *_head(network, title),
        page.table(columns, rows),
        note("rates in flits per endpoint and cycle, latencies in cycles (network: from leaving the source)"),
    ]
    if len(drawn) > 1:
        parts += [Text(), Text(plot(drawn, "flits/endpoint/cycle", "latency, cycles"))]
    parts += [section("Saturation"), *(note(line) for line in _saturation(curve))]
    if curve.carried is not None:
        parts += [section(f"Busiest links at {curve.carried.offered:g}"), _links(curve.links, page)]
    return Group(*parts)


def replay_text(network: BenchNetwork, name: str, result: Replay, page: Page) -> Group:
    """Latency in parts, energy and busiest links."""
    mean = result.hop_cycles + result.queue_cycles
    parts = f"{result.hop_cycles:.2f} for hops and flits, {result.queue_cycles:.2f} waiting"
    lines = [
        f"{result.n_packets} packets in {result.cycles} cycles",
        f"latency {mean:.2f} cycles on average: {parts}; p99 {result.latency_p99:.0f}",
        f"{result.flit_hops} flit hops",
    ]
    energy_j = network.energy_per_flit_hop_j
    if energy_j is not None:
        lines[-1] += (
            f", {si(result.flit_hops * energy_j, 'J')} ({si(energy_j, 'J')} per flit and router traversal"
        )
        lines[-1] += (
            f", {si(energy_j / network.flit_bits, 'J')} per bit and hop)" if network.flit_bits else ")"
        )
    return Group(
        *_head(network, f"trace {name}"),
        *(note(line) for line in lines),
        section("Busiest links"),
        _links(result.links, page),
    )


def _head(network: BenchNetwork, title: str) -> list[RenderableType]:
    topology, router = network.topology, network.router
    size = f"{topology.n_endpoints} endpoints, {topology.n_routers} routers, {topology.n_links} links"
    stages = (router.routing_delay, router.vc_alloc_delay, router.sw_alloc_delay, router.crossbar_delay)
    pipeline = " + ".join(map(str, stages))
    channels = f"{router.n_vcs} virtual channel{'s' if router.n_vcs > 1 else ''}"
    return [
        Text.assemble((network.name, "bold"), f"  {topology.kind}, {size}"),
        note(
            f"router: {channels} of {router.vc_buffer_flits} flits; "
            f"{pipeline} cycles to route, allocate a channel, win the switch, cross it"
        ),
        section(title),
    ]


def _saturation(curve: Curve) -> list[str]:
    last, bound = curve.points[-1], curve.link_bound
    lines = []
    if not isnan(curve.knee):
        lines.append(
            f"latency is three times that of the first load at {curve.knee:.4f} flits/endpoint/cycle"
        )
    if last.saturated:
        lines.append(f"saturated at {last.offered:g}, where {last.accepted:.4f} are accepted")
    elif isnan(curve.knee):
        lines.append("not reached at these loads")
    if bound is not None:
        lines.append(f"the busiest link would be full at {bound:.4f}")
    return lines


def _links(links: list[SharedLink], page: Page) -> RenderableType:
    columns = [
        Column("link"),
        Column("load", right=True),
        Column("flows over it", flexible=True, listed=True),
    ]
    return page.table(columns, [[s.link.name, percent(s.load), _flows(s)] for s in links])


def _flows(shared: SharedLink) -> str:
    names = ", ".join(f"{_end(s)}->{_end(d)}" for (s, d), _ in shared.flows[:N_FLOWS])
    more = len(shared.flows) - N_FLOWS
    return f"{len(shared.flows)}: {names}{' ...' if more > 0 else ''}" if names else "-"


def _end(endpoint: int) -> str:
    return "host" if endpoint < 0 else str(endpoint)


WIDTH, HEIGHT = 60, 12


def plot(points: Sequence[tuple[float, float]], x_title: str, y_title: str) -> str:
    """Points (x, y) on axes from 0; `y` is cut where it passes four times the smallest.

    Examples
    --------
    >>> print(plot([(0.1, 10), (0.2, 12)], "load", "cycles").splitlines()[0])
      cycles
    """
    top = min(max(y for _, y in points), 4 * min(y for _, y in points)) * 1.05
    right = max(x for x, _ in points)
    rows = [[" "] * (WIDTH + 1) for _ in range(HEIGHT)]
    for x, y in points:
        level = min(HEIGHT - 1, int(y / top * HEIGHT))
        rows[HEIGHT - 1 - level][round(x / right * WIDTH)] = "*" if y <= top else "^"
    labels = {0: f"{top:8.1f} ", HEIGHT - 1: f"{0:8d} "}
    lines = [f"  {y_title}"]
    lines += [f"{labels.get(i, ' ' * 9)}|{''.join(row)}".rstrip() for i, row in enumerate(rows)]
    lines.append(" " * 9 + "+" + "-" * (WIDTH + 1))
    end = f"{right:g} {x_title}"
    lines.append(" " * 10 + "0" + end.rjust(WIDTH))
    return "\n".join(lines)
