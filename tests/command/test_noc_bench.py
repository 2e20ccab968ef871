"""The traffic bench: patterns, traces, curves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.noc import HOST, build
from ohmsum.sim.noc.flit import (
    BOOKSIM,
    RouterConfig,
    Sampling,
    bench,
    curve,
    knee,
    read_trace,
    replay,
    traffic,
    traffic_curve,
)
from ohmsum.sim.noc.flit.run import LatencyPoint

MESH = build("mesh", grid=(4, 4))
SHORT = Sampling(period=500)


@pytest.mark.parametrize(
    ("name", "source", "destination"),
    [
        ("transpose", (1, 2), (2, 1)),
        ("bitcomp", (1, 2), (2, 1)),
        ("bitcomp", (0, 3), (3, 0)),
        ("tornado", (0, 0), (1, 1)),  # ceil(4 / 2) - 1 = 1 in each dimension
        ("tornado", (3, 2), (0, 3)),
        ("neighbor", (3, 0), (0, 1)),
        ("bitrev", (0, 1), (2, 0)),  # 0001 -> 1000
        ("shuffle", (1, 1), (2, 2)),  # 0101 -> 1010
        ("shuffle", (2, 1), (0, 3)),  # 1001 -> 0011
    ],
)
def test_permutations_go_where_their_definition_says(name: str, source: Any, destination: Any) -> None:
    src, dst = (4 * row + col for row, col in (source, destination))
    pattern = traffic(name, MESH)
    assert pattern.destinations(np.random.default_rng(0), np.array([src])).tolist() == [dst]
    everything = pattern.destinations(np.random.default_rng(0), np.arange(16))
    assert sorted(everything.tolist()) == list(range(16))


def test_uniform_reaches_everybody_and_hotspot_prefers_the_hot() -> None:
    src, rng = np.zeros(16_000, int), np.random.default_rng(1)
    counts = np.bincount(traffic("uniform", MESH).destinations(rng, src), minlength=16)
    assert abs(counts - 1000).max() < 150  # about 5 standard deviations
    hot = traffic("hotspot", MESH, hotspots=(5, 6), hot_fraction=0.5).destinations(rng, src)
    share = np.isin(hot, (5, 6)).mean()
    assert share == pytest.approx(0.5 + 0.5 * 2 / 16, abs=0.02)


def test_same_seed_same_point_and_another_seed_another() -> None:
    points = [bench(MESH, BOOKSIM["VC8"], "uniform", 0.2, seed=seed, sampling=SHORT) for seed in (1, 1, 2)]
    assert points[0].latency == points[1].latency != points[2].latency
    assert np.array_equal(points[0].link_load, points[1].link_load)


def test_link_loads_are_offered_load_times_flows() -> None:
    # Neighbor traffic on a ring: every upward link carries exactly one flow, the others none.
    ring = build("ring", n_endpoints=5)
    point = bench(
        ring, RouterConfig(n_vcs=2), "neighbor", 0.3, packet_flits=3, sampling=Sampling(period=4000)
    )
    loads = {ring.link(i).name: load for i, load in enumerate(point.link_load)}
    used = [loads[f"r{i}->r{(i + 1) % 5}"] for i in range(5)]
    assert used == pytest.approx([0.3] * 5, rel=0.1)
    assert sum(loads.values()) == pytest.approx(sum(used) * 3, rel=0.01)
    assert point.accepted == pytest.approx(0.3, rel=0.05)


def test_latency_is_a_queue_of_geometric_arrivals_at_a_lone_source() -> None:
    # One flow, single flits, one VC: the router takes a packet each 3 cycles (Geo/D/1 queue). Mean wait of
    # Bernoulli arrivals with probability p at a server of D cycles: p D (D - 1) / (2 (1 - p D)) (Hunter 1983;
    # Pollaczek-Khinchine).
    pair = build("chain", n_endpoints=2)
    router = RouterConfig(n_vcs=1, vc_buffer_flits=1000)
    p, d = 0.25, 3
    point = bench(pair, router, "neighbor", p, sampling=Sampling(period=60_000))
    assert point.latency == pytest.approx(12 + p * d * (d - 1) / (2 * (1 - p * d)), rel=0.02)


def test_curve_ends_with_the_load_that_saturates() -> None:
    points = curve(MESH, RouterConfig(n_vcs=1), "transpose", [0.6, 0.05, 0.9, 0.3], sampling=SHORT)
    assert [p.saturated for p in points] == [False] * (len(points) - 1) + [True]
    assert [p.offered for p in points] == sorted(p.offered for p in points)
    rows = traffic_curve(MESH, RouterConfig(n_vcs=1), "transpose", [0.05], sampling=SHORT)
    assert rows[0]["latency_cycles"] == points[0].latency
    # Row 0 sends its three flows to the other rows through one link into the diagonal (or its mirror image).
    assert rows[0]["busiest_link_load"] == pytest.approx(0.15, rel=0.15)


def test_knee_is_where_latency_is_three_times_that_of_the_first_load() -> Any:
    def at(load: Any, latency: Any, saturated: Any = False) -> Any:
        return LatencyPoint(load, load, saturated, latency, latency, latency, 1, 1, np.zeros(1))

    # latency = 4 / (1 - load) reaches 12 at 2/3.
    points = [at(x, 4 / (1 - x)) for x in (0.0, 0.5, 0.6, 0.7, 0.8)]
    assert knee(points) == pytest.approx(2 / 3)
    assert knee([at(0, 4), at(1, math.inf, saturated=True)]) == pytest.approx(2 / 3)
    assert math.isnan(knee(points[:3]))


def test_a_trace_is_read_by_time_with_comments_and_the_host(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text("# cycle,source,destination,flits\n7,1,2,3\n\n5,-1,0,1  # from the host\n")
    trace = read_trace(file, MESH)
    assert trace.time.tolist() == [5, 7]
    assert (trace.src.tolist(), trace.dst.tolist(), trace.n_flits.tolist()) == ([HOST, 1], [0, 2], [1, 3])


def test_a_trace_runs_packet_by_packet(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text("0,0,3,5\n100,3,0,1\n")
    done = replay(MESH, BOOKSIM["WH1"], read_trace(file, MESH))
    assert (done.arrived - done.created).tolist() == [7 + 5 * 3 + 4, 7 + 5 * 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3", r"trace.csv:1: found '1,2,3', expected four integers"),
        ("1,2,3,4\n1,2,16,1", r"trace.csv:2: endpoint 16 is not one of 0\.\.15"),
        ("-1,2,3,4", "found cycle -1 and 4 flits"),
        ("1,2,3,0", "found cycle 1 and 0 flits"),
        ("# nothing", "the trace is empty"),
    ],
)
def test_a_bad_trace_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(text)
    with pytest.raises(SimulationError, match=message):
        read_trace(file, MESH)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bench(MESH, BOOKSIM["WH1"], "unifrom", 0.1), "did you mean 'uniform'"),
        (lambda: bench(MESH, BOOKSIM["WH1"], "uniform", 0.0), "rate must lie above 0"),
        (lambda: bench(MESH, BOOKSIM["WH1"], "uniform", 1.1), "at most at 1 flits per cycle"),
        (lambda: bench(MESH, BOOKSIM["WH1"], "uniform", 0.1, packet_flits=0), "at least 1 flit"),
        (
            lambda: traffic("transpose", build("ring", n_endpoints=8)),
            "an even power of two of endpoints, found 8",
        ),
        (lambda: traffic("bitcomp", build("ring", n_endpoints=6)), "a power of two of endpoints, found 6"),
        (lambda: traffic("hotspot", MESH, hotspots=(16,)), "endpoint 16 is not one of"),
        (lambda: traffic("hotspot", MESH, hot_fraction=2), "hot_fraction must lie between 0 and 1"),
        (
            lambda: curve(build("ring", n_endpoints=6), RouterConfig(n_vcs=1), "uniform", [0.1]),
            "can deadlock",
        ),
        (lambda: read_trace(__import__("pathlib").Path("no-such-file"), MESH), "cannot read the trace"),
    ],
)
def test_bad_input_is_refused_with_the_reason(call: Any, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        call()
