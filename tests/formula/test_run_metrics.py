"""Does a Run say the right thing about what happened? Expected numbers are worked out by hand beside each
program.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.sim.answers.run import Run
from ohmsum.sim.engines.reference import run as simulate
from ohmsum.sim.mapping.assignment import AtInput, OnCrossbars, OnTileUnits
from ohmsum.sim.mapping.mapping import Mapping
from ohmsum.sim.mapping.tiling import Array, tile_matrix
from ohmsum.sim.metrics.invariants import check_invariants
from ohmsum.sim.program import Program, ProgramBuilder, Schedule
from ohmsum.sim.report.json_result import dumps
from ohmsum.workloads.graph import Grid, Matrix, Network, Operator, Port, Tensor

# Two layers on one ADC and one link; times in fs. A fires twice, B needs one token of A per firing.
#
#   A: convert on the ADC, 10.            B: link 4, then convert on the ADC, hold 5 and advance 3.
#
#   time   0         10        20   25 28 30
#   ADC    [A0......][A1......][B0.][B1.]       B1 holds it until 30, the run ends at 28
#   link             [B0]      [B1]
#
# B0's request at 14 waits until 20, B1's at 24 until 25.


def two_layers(static_w: float = 0.0) -> Program:
    b = ProgramBuilder()
    adc = b.resource("adc0", "adc")
    link = b.resource("link0", "link")
    first = b.actor("first", 2)
    b.visit(first, adc, 10)
    second = b.actor("second", 2)
    b.visit(second, link, 4)
    b.visit(second, adc, 5, 3)
    b.channel(first, second, 8, Schedule.affine(1, 1, 2))
    b.energy(first, "adc", "convert", 3, 2e-12)
    b.energy(second, "noc", "hop", 1, 1e-12)
    if static_w:
        b.static_power("buffer", static_w)
    return b.build()


def network() -> Network:
    def tensor(name: str) -> Tensor:
        return Tensor(name, (2, 4), Grid(1, 2), 4)

    return Network(
        "hand-made",
        (
            Operator("x", "Input", "input", (), tensor("x")),
            Operator("first", "MatMul", "matrix", (Port("x"),), tensor("y"), matrix=Matrix(4, 4), params=16),
            Operator("second", "Relu", "vector", (Port("y"),), tensor("z"), function="relu", work=4),
        ),
        ("second",),
    )


def mapping() -> Mapping:
    places = (
        AtInput(operator="x", reason="network input", sources=(-1,)),
        OnCrossbars(
            operator="first",
            reason="static weights",
            sources=(0,),
            tiles=(0, 1),
            matrix=Matrix(4, 4),
            tiling=tile_matrix(Matrix(4, 4), Array(4, 4, 1, 4)),
            replicas=2,
        ),
        OnTileUnits(operator="second", reason="offers relu", sources=(1,), tiles=(1,)),
    )
    values: dict[str, Any] = {
        "network": network(),
        "assignments": places,
        "tile_order": (0, 1),
        "n_chips": 1,
        "tiles_used": 2,
        "tiles_total": 4,
        "crossbars_used": 2,
        "crossbars_total": 8,
        "hop_bytes": 16,
        "busiest_link_bytes": 16,
        "unsearched": (16, 16),
    }
    return Mapping(**values)


def make_run(program: Program, batch: int = 1) -> Run:
    together = simulate(program, batch) if batch > 1 else None
    return Run(network(), arch.load("isaac"), mapping(), program, simulate(program, n_bins=4), together)


@pytest.fixture
def run() -> Run:
    return make_run(two_layers())


def test_latency_is_the_makespan_of_one_inference(run: Run) -> None:
    assert run.latency_fs == 28
    assert run.latency_s == 28e-15
    assert run.throughput.per_s == 1e15 / 28
    assert "1 / latency" in run.throughput.basis


def test_busy_time_is_clipped_at_the_makespan(run: Run) -> None:
    """The ADC holds for 10 + 10 + 5 + 5 = 30 fs, of which 2 lie beyond the end: it was busy all 28 fs."""
    assert run.single.busy_fs.sum() == 30 + 8
    assert run.busy.class_utilization == {"adc": 1.0, "link": 8 / 28}


def test_energy_is_count_times_energy() -> None:
    """2 firings x 3 conversions x 2 pJ and 2 firings x 1 hop x 1 pJ; 1 kW of static power for 28 fs is 28
    pJ.
    """
    run = make_run(two_layers(static_w=1e3))
    assert run.energy.by_component_j == pytest.approx(
        {"buffer": 28e-12, "adc": 12e-12, "noc": 2e-12}, rel=1e-12
    )
    assert run.energy.by_action_j["adc"] == pytest.approx({"convert": 12e-12}, rel=1e-12)
    assert run.energy.total_j == pytest.approx(42e-12, rel=1e-12)
    assert run.energy.static_j == pytest.approx(28e-12, rel=1e-12)
    assert [layer.name for layer in run.layers] == ["x", "first", "second", "(static)"]
    assert math.fsum(layer.energy_j for layer in run.layers) == pytest.approx(run.energy.total_j, rel=1e-12)
    assert run.power_w == pytest.approx(42e-12 / 28e-15)


def test_operations_per_second_and_joule(run: Run) -> None:
    """2 tokens x 4 x 4 multiply-accumulates are 64 operations, in 28 fs and for 14 pJ."""
    assert run.macs == 32
    assert run.tops == pytest.approx(64 / 28e-15 / 1e12)
    assert run.tops_per_w == pytest.approx(64 / 14e-12 / 1e12)


def test_critical_path_names_every_piece(run: Run) -> None:
    pieces = [
        (p.actor, p.resource, p.cause, p.start_fs, p.duration_fs, p.n_visits)
        for p in run.critical_path.pieces
    ]
    assert pieces == [
        ("first", "adc0", "start", 0, 10, 1),
        ("first", "adc0", "previous", 10, 10, 1),
        ("second", "adc0", "resource", 20, 8, 2),
    ]
    assert run.critical_path.by_layer_s == {"first": 20e-15, "second": 8e-15}
    assert run.critical_path.by_class_s == {"adc": 28e-15}
    assert run.critical_path.by_cause_s == {"previous": 10e-15, "start": 10e-15, "resource": 8e-15}


def test_stalls_by_cause(run: Run) -> None:
    """B stands until 10 for its first token and from 14 to 20 for its second; it queues 6 + 1 for the ADC."""
    assert run.layer_stalls_s["second"] == {"input": 16e-15, "room": 0.0, "resource": 7e-15, "network": 0.0}
    assert run.layer_stalls_s["first"] == {"input": 0.0, "room": 0.0, "resource": 0.0, "network": 0.0}
    assert run.stalls_s == {"input": 16e-15, "room": 0.0, "resource": 7e-15, "network": 0.0}


def test_waiting_for_a_link_is_a_stall_of_the_network() -> None:
    """Two actors want one link at 0: the second waits for 4 fs."""
    b = ProgramBuilder()
    link = b.resource("link0", "link")
    for name in ("first", "second"):
        b.visit(b.actor(name, 1), link, 4)
    run = make_run(b.build())
    assert run.layer_stalls_s["second"] == {"input": 0.0, "room": 0.0, "resource": 0.0, "network": 4e-15}


def test_full_buffer_is_a_stall_for_room() -> None:
    """Room for one token that the consumer keeps for 10 fs: the producer, which could go on at 1, waits
    until 11.
    """
    b = ProgramBuilder()
    first, second = b.actor("first", 2), b.actor("second", 2)
    b.visit(first, (), 1)
    b.visit(second, (), 10)
    b.channel(first, second, 1, Schedule.affine(1, 1, 2))
    run = make_run(b.build())
    assert run.layer_stalls_s["first"]["room"] == 10e-15
    assert run.latency_fs == 1 + 10 + 1 + 10
    assert [p.cause for p in run.critical_path.pieces] == ["start", "token", "room", "token"]


def test_layers_say_where_they_ran_and_how_busy_they_were(run: Run) -> None:
    x, first, second = run.layers
    assert (x.latency_fs, x.utilization, x.unit) == (None, None, "input")
    assert (first.begin_fs, first.end_fs, first.utilization, first.busiest) == (0, 20, 1.0, "adc")
    assert (first.macs, first.tiles, first.replicas) == (32, 2, 2)
    # second lasts from 10 to 28; it holds the ADC for 10 of these 18 fs, the link for 8.
    assert (second.latency_fs, second.utilization, second.busiest) == (18, 10 / 18, "adc")
    assert second.first_input_s == 10e-15


def test_lumped_units_count_as_often_as_they_exist() -> None:
    """Nine ADCs: one resource stands for 8 that are busy for 10 of 20 fs, one alone is busy throughout: (8 x
    1/2 + 1) / 9.
    """
    b = ProgramBuilder()
    lumped, alone = b.resource("adcs", "adc", units=8), b.resource("adc", "adc")
    b.visit(b.actor("first", 1), lumped, 10)
    b.visit(b.actor("second", 2), alone, 10)
    assert make_run(b.build()).busy.class_utilization["adc"] == pytest.approx(5 / 9)


def test_two_servers_share_the_work() -> None:
    """Three holds of 10 on two servers: 30 of 2 x 20 fs."""
    b = ProgramBuilder()
    pair = b.resource("adc", "adc", servers=2)
    for name in ("first", "second", "third"):
        b.visit(b.actor(name, 1, layer="first"), pair, 10)
    run = make_run(b.build())
    assert run.latency_fs == 20
    assert run.busy.class_utilization["adc"] == 0.75
    assert run.bounds.busiest_resource_fs == 15


def test_bounds_of_the_two_layers(run: Run) -> None:
    """Busiest: 30 fs of holds, the last of which reaches 2 beyond its advance. Chain: A's last token at 20,
    then 4 + 3.

    Serial: 2 x 10, 2 x 4 and 2 x 5.
    """
    bounds = run.bounds
    assert (bounds.busiest_resource_fs, bounds.busiest_resource) == (28, "adc0")
    assert (bounds.longest_chain_fs, bounds.serial_fs) == (27, 38)


def test_chain_bound_follows_windows() -> None:
    """The consumer's first firing needs 3 of 4 tokens (at 30), each of its 2 firings takes 5; the last needs
    the token at 40.
    """
    b = ProgramBuilder()
    first, second = b.actor("first", 4), b.actor("second", 2)
    b.visit(first, (), 10)
    b.visit(second, (), 5)
    b.channel(first, second, 8, Schedule((3, 4)), Schedule((1, 4)))
    run = make_run(b.build())
    assert run.latency_fs == run.bounds.longest_chain_fs == 45


def pipeline() -> Program:
    """Stages of 10, 30 and 20 fs with room for two tokens between them."""
    b = ProgramBuilder()
    stages = [b.actor(name, 1) for name in ("first", "second", "third")]
    for stage, hold in zip(stages, (10, 30, 20), strict=True):
        b.visit(stage, b.resource(f"unit{stage}", "unit"), hold)
    for src, dst in pairwise(stages):
        b.channel(src, dst, 2, 1)
    return b.build()


def test_throughput_of_a_pipeline_is_that_of_its_slowest_stage() -> None:
    """One inference takes 60 and a new one ends every 30: the third at 120, the sixth at 210."""
    run = make_run(pipeline(), batch=8)
    assert run.latency_fs == 60
    assert run.makespan_s == pytest.approx((60 + 30 * 7) * 1e-15)
    assert run.throughput.per_s == pytest.approx(1e15 / 30)
    assert run.throughput.basis.startswith("steady state, between the ends of inferences 3 and 6 of 8")


@pytest.mark.parametrize("n", [2, 3])
def test_short_batch_shows_no_steady_state(n: int) -> None:
    """No quarter to leave out: n inferences end in 60 + 30 (n - 1) fs."""
    run = make_run(pipeline(), batch=n)
    assert run.throughput.per_s == pytest.approx(n * 1e15 / (60 + 30 * (n - 1)))
    assert "too few" in run.throughput.basis


def with_ends(run: Run, ends: list[int], begins: list[int], adc_fs: float) -> Run:
    """A run whose batch ended and began so, each inference keeping the ADC busy for `adc_fs`."""
    n = len(ends)
    times: dict[str, Any] = {
        "iteration_end_fs": np.array(ends, np.int64),
        "iteration_begin_fs": np.array(begins, np.int64),
        "makespan_fs": ends[-1],
    }
    busy = np.zeros(len(run.single.busy_fs), np.int64)
    busy[0] = round(n * adc_fs)
    return replace(run, together=replace(run.single, **times, busy_fs=busy))


@pytest.mark.parametrize(
    ("ends", "begins", "fs_each"),
    [
        # One fills, one drains, and the three between end every 20.
        ([55, 61, 81, 101, 102], [0, 5, 20, 30, 45], 20),
        # All begin at once; 2 fill, 2 drain, and the four between end every 50.
        ([200, 230, 280, 330, 380, 430, 440, 445], [0, 1, 2, 3, 4, 5, 6, 7], 50),
        # The last begins at 300: those before the one that ended then count too, beyond the last quarter.
        ([60, 90, 120, 160, 200, 240, 280, 320], [0, 10, 40, 80, 120, 160, 200, 300], 40),
    ],
)
def test_filling_and_draining_do_not_count(
    run: Run, ends: list[int], begins: list[int], fs_each: int
) -> None:
    found = with_ends(run, ends, begins, 10).throughput
    assert found.per_s == pytest.approx(1e15 / fs_each, rel=1e-12)
    assert "busiest" not in found.basis


def test_ends_that_vary_a_little_give_a_rate_that_varies_a_little(run: Run) -> None:
    """One end 2 fs later or earlier than every 100: of the interval over seven of them, at most 2/7 fs."""
    for late in range(-2, 3):
        for which in range(16):
            ends = [500 + 100 * k + (late if k == which else 0) for k in range(16)]
            begins = [max(0, 100 * (k - 4)) for k in range(16)]
            found = with_ends(run, ends, begins, 99).throughput
            assert abs(1e15 / found.per_s - 100) <= 2 / 7 + 1e-9


def test_no_throughput_beyond_the_busiest_resource(run: Run) -> None:
    """The ADC needs 30 fs for each inference: one every 20 is filling of buffers, no steady state."""
    found = with_ends(run, [10, 20, 40, 60, 61, 151], [0, 5, 20, 30, 45, 46], 25).throughput
    assert found.per_s == 1e15 / 25
    assert "busiest" in found.basis


def test_no_throughput_below_inferences_over_makespan(run: Run) -> None:
    """The middle ends are 90 apart, but all eight came within 400."""
    ends = [40, 45, 50, 140, 230, 320, 398, 400]
    assert with_ends(run, ends, [0] * 8, 10).throughput.per_s == 8e15 / 400


def test_static_energy_is_shared_by_the_batch() -> None:
    run = make_run(two_layers(static_w=1e3), batch=4)
    assert run.energy.static_j == pytest.approx(1e3 * run.makespan_s / 4)
    assert run.energy.total_j - run.energy.static_j == pytest.approx(14e-12)
    assert run.power_w == pytest.approx(4 * run.energy.total_j / run.makespan_s)
    check_invariants(run)


def test_time_series_adds_up() -> None:
    """Bins of 8 fs: the ADC is busy in all of them, the link for 10-14 and 20-24: shares 0, 4/8, 4/8, 0 (the
    last bin has 4 fs).
    """
    run = make_run(two_layers(static_w=1e3))
    series = run.time_series
    assert series.bin_s == 8e-15
    assert series.utilization["adc"] == [1.0, 1.0, 1.0, 1.0]
    assert series.utilization["link"] == [0.0, 0.5, 0.5, 0.0]
    widths_s = [8e-15, 8e-15, 8e-15, 4e-15]
    assert math.fsum(p * w for p, w in zip(series.power_w, widths_s, strict=True)) == pytest.approx(
        run.energy.total_j
    )
    # A's 12 pJ over its 20 fs of ADC, in the first bin 8 of them; B has not begun.
    assert series.power_w[0] == pytest.approx(12e-12 / 20e-15 + 1e3)


def test_host_time_is_the_time_that_the_host_is_busy() -> None:
    b = ProgramBuilder()
    host = b.resource("host", "host")
    b.visit(b.actor("second", 3), host, 7)
    assert make_run(b.build()).host_s == pytest.approx(21e-15)


@pytest.mark.parametrize("batch", [1, 3])
def test_json_is_exact_complete_and_the_same_twice(batch: int) -> None:
    first, again = (make_run(two_layers(static_w=1e3), batch).to_json() for _ in range(2))
    first.pop("wall_s"), again.pop("wall_s")
    assert dumps(first) == dumps(again)
    assert json.loads(dumps(first)) == first
    path = first["critical_path"]
    assert sum(p["duration_fs"] for p in path) == first["latency_fs"]
    assert sum(round(Fraction(p["duration_s"]) * 10**15) for p in path) == first["latency_fs"]
    assert math.fsum(row["energy_j"] for row in first["layers"]) == pytest.approx(first["energy_j"], rel=1e-9)
    assert first["tiles_used"] == 2
    assert "area_mm2" not in first, "a chip file that gives no area: unknown, not 0"
    assert "latency_s" not in first["layers"][0], "the input has no actor: unknown, not 0"


def test_invariants_hold_and_are_not_blind() -> None:
    run = make_run(two_layers(static_w=1e3))
    check_invariants(run)
    for broken, message in (
        (replace(run, single=replace(run.single, busy_bins=2 * run.single.busy_bins)), "utilization of adc0"),
        (replace(run, single=replace(run.single, makespan_fs=20)), "busiest|less than"),
        (replace(run, single=replace(run.single, makespan_fs=40)), "one after the other"),
        (replace(run, single=replace(run.single, fired=run.single.fired + 1)), "fired"),
        (replace(run, single=replace(run.single, n_visits=5)), "visits"),
    ):
        with pytest.raises(AssertionError, match=message):
            check_invariants(broken)
