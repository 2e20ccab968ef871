"""Are latencies, rates and queues of requests over time right? Expected values come from queueing theory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import ohmsum
import pytest
from ohmsum.sim.arrivals import Arrivals
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.metrics.invariants import check_invariants
from ohmsum.sim.metrics.requests import Distribution, Requests
from ohmsum.sim.metrics.throughput import Capacity, capacity
from ohmsum.sim.program import Program, ProgramBuilder
from ohmsum.sim.report.json_result import dumps
from ohmsum.tools.cli import main

SERVICE_FS = 1_000_000
"""Of the one server: capacity 10^9 requests per second."""


def one_server() -> Program:
    b = ProgramBuilder()
    actor = b.actor("serve", 1)
    b.visit(actor, b.resource("server", "server"), SERVICE_FS)
    return b.build()


def served(text: str, n: int, seed: int = 0) -> Requests:
    """Requests to one server of constant service time, each of one visit."""
    arrivals = Arrivals.parse(text)
    times = arrivals.times_fs(n, seed)
    result = compiled.run(one_server(), n, arrivals_fs=times)
    full = capacity(one_server(), compiled.run(one_server(), n))
    return Requests(arrivals, times, result.iteration_end_fs.tolist(), SERVICE_FS, full)


def lindley(times: Sequence[int]) -> list[int]:
    """Waiting times at one server, first come first served (Lindley 1952)."""
    waits = [0]
    for before, now in pairwise(times):
        waits.append(max(0, waits[-1] + SERVICE_FS - (now - before)))
    return waits


def test_queueing_follows_lindley() -> None:
    found = served("poisson 0.8/ns", 2000, seed=5)
    waits = lindley(found.arrival_fs)
    assert [t - SERVICE_FS for t in found.latency_fs] == waits
    ranked = sorted(waits)
    assert found.queueing.p50_s == ranked[999] / 1e15
    assert found.queueing.p95_s == ranked[1899] / 1e15
    assert found.queueing.p99_s == ranked[1979] / 1e15
    assert found.queueing.max_s == ranked[-1] / 1e15


@pytest.mark.parametrize("load", [0.3, 0.6])
def test_mean_wait_is_that_of_an_m_d_1_queue(load: float) -> None:
    """Pollaczek-Khinchine for a constant service time D: load * D / (2 (1 - load))."""
    found = served(f"poisson {load}/ns", 60_000, seed=2)
    expected_s = load * SERVICE_FS * 1e-15 / (2 * (1 - load))
    assert found.queueing.mean_s == pytest.approx(expected_s, rel=0.03)
    assert found.mean_in_system == pytest.approx(load + load**2 / (2 * (1 - load)), rel=0.03)
    assert found.above_capacity is False
    assert f"{100 * load:g} % of it" in found.verdict


def test_regular_requests_below_the_capacity_do_not_wait() -> None:
    found = served("every 1.25 ns", 100)
    assert set(found.latency_fs) == {SERVICE_FS}
    assert found.offered_per_s == found.arrived_per_s == pytest.approx(0.8e9, rel=1e-12)
    assert found.served_per_s == pytest.approx(0.8e9, rel=1e-12)
    assert found.most_in_system == 1
    assert found.above_capacity is False


def test_above_the_capacity_every_request_waits_longer() -> None:
    """One request every 0.8 ns, one served every 1 ns: request i waits i * 0.2 ns."""
    found = served("every 0.8 ns", 100)
    assert found.latency_fs == tuple(SERVICE_FS + 200_000 * i for i in range(100))
    assert found.offered_per_s == 1.25e9
    assert found.served_per_s == found.capacity.steady_per_s == 1e9
    assert found.above_capacity is True
    assert "grows by 2.5e+08 requests per second" in found.verdict
    # Just before the last one arrives at 79.2 ns, 79 have ended.
    assert found.most_in_system == 100 - 79


def test_requests_in_the_system_are_counted_at_every_arrival() -> None:
    found = served("poisson 0.9/ns", 500, seed=9)
    present = [
        sum(a <= t < e for a, e in zip(found.arrival_fs, found.end_fs, strict=True)) for t in found.arrival_fs
    ]
    assert found.most_in_system == max(present)


def test_percentiles_by_nearest_rank() -> None:
    """The usual example: of 15, 20, 35, 40, 50 the 50th percentile is 35, the 95th and 99th are 50."""
    found = Distribution.of([50, 15, 40, 20, 35])
    assert (found.mean_s, found.p50_s, found.p95_s, found.p99_s, found.max_s) == (
        32e-15,
        35e-15,
        50e-15,
        50e-15,
        50e-15,
    )
    hundred = Distribution.of(list(range(1, 101)))
    assert (hundred.p50_s, hundred.p95_s, hundred.p99_s) == (50e-15, 95e-15, 99e-15)


@pytest.mark.parametrize(
    ("offered", "expected"),
    [("every 2 ns", False), ("every 1 ns", None), ("every 0.4 ns", True)],
)
def test_without_a_steady_state_only_the_sure_cases_are_told(offered: str, expected: bool | None) -> None:
    bounds = Capacity(None, (0, 0), least_per_s=0.6e9, most_per_s=2e9)
    found = Requests(Arrivals.parse(offered), (0, 10), (5, 20), 5, bounds)
    assert found.above_capacity is expected
    assert ("too few requests" in found.verdict) == (expected is None)
    assert ("above the capacity: the queue grows" in found.verdict) == (expected is True)


def test_a_run_with_requests() -> None:
    run = ohmsum.run("mlp", "isaac", batch=50, arrival="poisson 300/ms")
    check_invariants(run)
    assert run.requests is not None
    assert run.throughput.per_s == run.requests.served_per_s
    assert run.makespan_s == run.requests.end_fs[-1] / 1e15
    assert run.events == (1 + 50 + 50) * run.program.visits_per_iteration
    alone = ohmsum.run("mlp", "isaac")
    assert run.latency_fs == alone.latency_fs
    # Static power x makespan / inferences; the rest does not depend on time.
    static_w = sum(w for _, w in run.program.static_power_w)
    assert run.energy.static_j == pytest.approx(static_w * run.makespan_s / 50, rel=1e-12)
    assert run.energy.total_j - run.energy.static_j == pytest.approx(
        alone.energy.total_j - alone.energy.static_j, rel=1e-12
    )


def test_requests_in_the_result_file() -> None:
    texts = []
    for engine in ("compiled", "reference"):
        run = ohmsum.run("mlp", "isaac", batch=20, arrival="poisson 500000 / s", engine=engine)
        result = run.to_json()
        del result["wall_s"]
        texts.append(dumps(result))
    assert texts[0] == texts[1]
    found = json.loads(texts[0])
    assert found["provenance"]["options"]["arrival"] == "poisson 500000/s"
    requests = found["requests"]
    assert requests["arrival"] == "poisson 500000/s"
    assert requests["offered_per_s"] == 5e5
    for key in ("latency_s", "queueing_s"):
        values = requests[key]
        assert values["p50"] <= values["p95"] <= values["p99"] <= values["max"]
        assert values["mean"] <= values["max"]
    assert requests["queueing_s"]["mean"] == pytest.approx(
        requests["latency_s"]["mean"] - found["latency_s"], rel=1e-9
    )


@pytest.mark.parametrize("text", ["every 1.7 us", "every 0.9 us", "every 20 us"])
def test_skipping_periods_leaves_every_latency_as_it_is(text: str) -> None:
    """Regular requests repeat; the reference engine goes through all of them."""
    program = ohmsum.run("mlp", "isaac").program
    times = Arrivals.parse(text).times_fs(60, 0)
    expected = reference.run(program, 60, arrivals_fs=times)
    assert not compiled.run(program, 60, arrivals_fs=times).differences(expected)


def test_the_seed_moves_poisson_requests(tmp_path: Path) -> None:
    results = []
    for seed in ("0", "1", "1"):
        file = tmp_path / "result.json"
        command = ["run", "mlp", "--chip", "isaac", "--batch", "9", "--arrival", "poisson 1/us"]
        assert main([*command, "--seed", seed, "--json", str(file)]) == 0
        results.append(json.loads(file.read_text())["requests"]["arrived_per_s"])
    assert results[0] != results[1] == results[2]


def test_the_report_says_it_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    """The slower of the two layers takes 1.6 us for an inference."""
    for text, verdict in (("every 1 us", "above the capacity: the queue grows"), ("every 2 us", "within")):
        assert main(["run", "mlp", "--chip", "isaac", "--batch", "40", "--arrival", text]) == 0
        page = capsys.readouterr().out
        assert f"40 requests, {text}" in page
        assert verdict in page
        assert "p95" in page
    assert main(["run", "mlp", "--chip", "isaac"]) == 0
    assert "requests" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--arrival", "possion 2/s", "--batch", "3"], "did you mean 'poisson 2/s'?"),
        (["--arrival", "every 1 ms"], "arrival: found 1 request, expected at least 2"),
        (["--arrival", "every 10 s", "--batch", "1000"], "up to 77 minutes of simulated time"),
        (["--batch", "0"], "batch: found 0, expected a whole number from 1 to 10000000"),
        (["--batch", "-2"], "batch: found -2, expected a whole number from 1 to 10000000"),
        (["--batch", "2.5"], "--batch"),
        (["--batch", "1e3"], "--batch"),
        (["--batch", "10000000000"], "expected a whole number from 1 to 10000000"),
        (["--batch", "99999999999999999999999"], "expected a whole number from 1 to 10000000"),
    ],
)
def test_bad_requests_and_batches(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "mlp", "--chip", "isaac", *options]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


def test_a_batch_may_be_a_whole_number_of_numpy() -> None:
    assert ohmsum.run("mlp", "isaac", batch=cast(Any, np.int64(2))).batch == 2


@pytest.mark.parametrize("batch", [2.5, "three", True])
def test_a_batch_is_a_whole_number(batch: Any) -> None:
    with pytest.raises(SimulationError, match=r"batch: found .*, expected a whole number"):
        ohmsum.run("mlp", "isaac", batch=batch)


def test_a_batch_that_lasts_too_long_is_refused_before_it_runs() -> None:
    """Ten million inferences of ResNet-50 keep the crossbars of an ISAAC ten times as slow busy for hours."""
    slow = {"tile.crossbar.read_time": "1 us"}
    with pytest.raises(SimulationError, match=r"10000000 inferences take at least .* s of simulated time"):
        ohmsum.run("resnet50", "isaac", batch=10_000_000, overrides=slow)


@pytest.mark.parametrize(
    ("network", "n"), [("lenet5", 1000), pytest.param("resnet18", 50, marks=pytest.mark.slow)]
)
def test_many_inferences_are_stated_over_the_steady_state(network: str, n: int) -> None:
    run = ohmsum.run(network, "isaac", batch=n)
    assert "steady state, between the ends of inferences" in run.throughput.basis
    assert run.together is not None
    assert len(run.together.iteration_end_fs) == n
    check_invariants(run)
    # The steady rate excludes filling and draining, and cannot pass the busiest resource.
    assert n / run.makespan_s < run.throughput.per_s <= 1e15 / run.bounds.busiest_resource_fs
