"""Ports in front of crossbars, and layers one after the other: femtoseconds by hand, on both engines."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.chip import Chip
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.metrics.bounds import bounds
from ohmsum.sim.metrics.busy import busy_times
from ohmsum.sim.metrics.energy import balance
from ohmsum.sim.program import Program
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.graph import Grid, Network

from ..kit.engines import ENGINES, Engine, each_engine
from ..kit.random_networks import random_network
from ..kit.small_networks import NS, SINGLE, add, matrix, network, program, round_chip, source

THERE = 1 + 5 + 3 + 4
"""Nanoseconds until the first input of 4 bytes has come from the host: injection, link, ejection, tail."""
BACK = 1 + 5 + 4 + 1
"""From the last output to the end: injection, link, tail, the host."""
AROUND = 1 + 2 + 1
"""Of a layer, beside its products: the buffer is read, sums are shifted and added, the buffer is written."""
PRODUCT = 2 * 10 + 4
"""Two reads, and the conversions of the second one's four columns."""
TIME = 100


def crossbars(n: int, port: str = "", schedule: str = "layer_serial", **more: str) -> Chip:
    """The round chip as one tile of n crossbars, each with converters of its own, behind one port."""
    counts = {"crossbar": n, "dac": 16 * n, "adc": n, "sample_hold": 4 * n, "shift_add": n}
    ports = {"ports": f"[{{name: door, crossbars: {n}, {port}}}]"} if port else {}
    return round_chip(
        tile__count="1", tile__grid="[1, 1]", schedule=schedule, **ports, **more,
        **{f"tile__{part}__count": str(count) for part, count in counts.items()},
    )  # fmt: skip


def chain(layers: int, tokens: int) -> Network:
    grid = Grid(1, tokens)
    return network(
        source(4, grid), *(matrix(f"l{i}", f"l{i - 1}" if i else "x", 4, 4, grid) for i in range(layers))
    )


def busy_ns(p: Program, result: EngineResult, name: str) -> float:
    return float(busy_times(p, result).resource_fs[p.resource_name.index(name)]) / NS


@each_engine
@pytest.mark.parametrize("layers", [1, 34])
@pytest.mark.parametrize(
    ("kind", "each", "after"),
    [("controller", TIME + PRODUCT, 0), ("stream", TIME, PRODUCT), ("dac", TIME + 20, 4)],
)
def test_layers_behind_one_port_take_products_times_its_time(
    engine: Engine, layers: int, kind: str, each: int, after: int
) -> None:
    """A port serves all products one after the other; what follows the last of a layer is `after`."""
    tokens = 102 // layers
    chip = crossbars(layers, f"kind: {kind}, time: {TIME} ns")
    p = program(chain(layers, tokens), chip)
    result = engine(p)
    at_the_port = 102 * each
    assert busy_ns(p, result, "port door 0") == at_the_port
    assert result.makespan_fs == (THERE + at_the_port + layers * (AROUND + after) + BACK) * NS


@each_engine
def test_a_bank_of_converters_is_kept_from_the_first_conversion_on(engine: Engine) -> None:
    """Converting begins `TIME` and a read after the product, and lasts for a period and the last columns."""
    p = program(chain(2, 1), crossbars(2, f"kind: adc, time: {TIME} ns"))
    result = engine(p)
    assert busy_ns(p, result, "port door 0") == 2 * (10 + 4)
    assert result.makespan_fs == (THERE + 2 * (TIME + PRODUCT + AROUND) + BACK) * NS


@each_engine
def test_an_inference_begins_when_the_one_before_has_ended(engine: Engine) -> None:
    p = program(chain(5, 3), crossbars(5, f"kind: controller, time: {TIME} ns"))
    one, two = engine(p).makespan_fs, engine(p, iterations=2).makespan_fs
    assert two - one == 5 * (3 * (TIME + PRODUCT) + AROUND) * NS


@each_engine
def test_layers_wait_for_all_branches_of_what_comes_before(engine: Engine) -> None:
    """Two branches of one token: the second waits for the first, which the data does not ask for."""
    net = network(source(4), matrix("a", "x", 4, 4), matrix("b", "x", 4, 4), add("sum", "a", "b", Grid(), 4))
    spans = {
        s: engine(program(net, crossbars(2, schedule=s))).makespan_fs for s in ("layer_serial", "pipeline")
    }
    assert spans["layer_serial"] - spans["pipeline"] >= (PRODUCT + 1) * NS


@each_engine
def test_a_pipeline_behind_one_stream_is_as_fast_as_the_stream(engine: Engine) -> None:
    """6 inferences of 4 layers x 3 tokens: the port has 72 vectors without a pause."""
    p = program(chain(4, 3), crossbars(4, f"kind: stream, time: {TIME} ns", "pipeline"))
    result = engine(p, iterations=6)
    assert result.makespan_fs == (THERE + 72 * TIME + PRODUCT + AROUND + BACK) * NS


@each_engine
def test_crossbars_of_a_layer_behind_one_port_follow_each_other(engine: Engine) -> None:
    """32 x 4 is two crossbars: side by side with a port each, one after the other behind one."""
    net = network(source(32), matrix("fc", "x", 32, 4))
    apart, behind = (
        engine(program(net, crossbars(2, ports=f"[{{name: door, kind: dac, crossbars: {n}, time: 7 ns}}]")))
        for n in (1, 2)
    )
    assert behind.makespan_fs - apart.makespan_fs == (7 + 20) * NS


def test_replicas_that_share_a_port_are_made_only_as_far_as_they_help() -> None:
    """A port takes 100 ns a vector, a crossbar 20: nothing is gained by a second one."""
    net = chain(1, 8)
    alone = map_network(net, crossbars(8, f"kind: stream, time: {TIME} ns", "pipeline"), MappingOptions())
    assert alone.blocks_of("l0").replicas == 1
    quick = map_network(net, crossbars(8, "kind: stream, time: 1 ns", "pipeline"), MappingOptions())
    assert quick.blocks_of("l0").replicas == 8


def test_layers_in_turn_share_spare_crossbars_by_what_it_saves() -> None:
    """Two layers of 16 and 4 tokens and 8 spare crossbars: r goes with the root of the work, 2 : 1.

    Whole steps: (8, 2) takes 2 + 2 products of the longest, as does nothing else of 10 crossbars.
    """
    from ohmsum.sim.mapping.replicate import Replicable, replicate_in_turn

    layers = [Replicable(1, 20, Grid(1, n), False) for n in (16, 4)]
    assert replicate_in_turn(layers, 8) == [8, 2]
    assert replicate_in_turn(layers, 0) == [1, 1]
    assert replicate_in_turn([Replicable(1, 20, Grid(1, 4), True)], 8) == [1]


def test_a_vector_at_a_port_costs_its_energy() -> None:
    chip = crossbars(2, f"kind: stream, time: {TIME} ns, energy: 7 pJ, static_power: 1 mW")
    p = program(chain(2, 3), chip)
    spent = balance(p, NS, 1)
    assert spent.by_component_j["port door"] == pytest.approx(6 * 7e-12 + 1e-3 * 1e-9)


def test_a_port_bounds_peak_and_interval() -> None:
    chip = crossbars(4, f"kind: stream, time: {TIME} ns", "pipeline")
    assert arch.peak_ops_per_s(chip) == pytest.approx(4 * 2 * 16 * 4 / (4 * TIME * 1e-9))
    run = simulate(chain(4, 3), chip, mapping=SINGLE)
    assert run.mapping_bounds is not None
    assert run.mapping_bounds.interval.by == "port door"
    assert run.mapping_bounds.interval.s == pytest.approx(12 * TIME * 1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_engines_agree_on_random_networks_behind_ports(seed: int) -> None:
    rng = Random(seed)
    kinds = rng.sample(["stream", "dac", "adc", "controller"], 2)
    how = [f"crossbars: {rng.choice([1, 3, 16])}, time: {rng.choice([1, 60])} ns" for _ in kinds]
    order = [rng.choice(["fcfs", "age", "round_robin"]) for _ in kinds]
    ports = [
        f"{{name: {k}, kind: {k}, {h}, arbitration: {o}}}" for k, h, o in zip(kinds, how, order, strict=True)
    ]
    schedule = "layer_serial" if seed % 2 else "pipeline"
    chip = round_chip(
        tile__count="64", tile__grid="[8, 8]", schedule=schedule, ports=f"[{', '.join(ports)}]",
        tile__sample_hold=rng.choice(["null", "{count: 4}"]),
    )  # fmt: skip
    p = program(random_network(rng), chip)
    first, second = (run(p, iterations=2, keep_firings=True) for run in ENGINES.values())
    assert first.firings is not None
    assert np.array_equal(first.firings, second.firings)
    alone = bounds(p)
    assert max(alone.busiest_resource_fs, alone.longest_chain_fs) <= ENGINES["compiled"](p).makespan_fs


@each_engine
def test_what_waits_between_layers_goes_to_memory_where_buffers_are_small(engine: Engine) -> None:
    """48 tokens of 4 bytes wait whole, 64 bytes do not hold them: they go and come at 1 ns a byte."""
    memory = "{kind: dram, bandwidth: 1 GB/s, latency: 1 ns, energy_per_byte: 1 pJ/B}"
    p = program(chain(2, 48), crossbars(2, tile__buffer__capacity="64 B", memory=memory))
    assert busy_ns(p, engine(p), "memory") == 2 * 48 * 4
    assert "memory" not in program(chain(2, 48), crossbars(2, memory=memory)).resource_name


class TestRefused:
    def refused(self, message: str, *, with_: Mapping[str, str] | None = None, **overrides: str) -> None:
        with pytest.raises(ConfigError, match=message):
            round_chip(**(with_ or {}), **overrides)

    def test_a_port_shared_by_nothing(self) -> None:
        self.refused(
            r"ports\.door\.crossbars: found 9, but the chip has 4 crossbars",
            ports="[{name: door, kind: dac, crossbars: 9}]",
        )

    def test_a_stream_that_takes_no_time(self) -> None:
        self.refused(
            r"ports\.door\.time: missing, expected the time",
            ports="[{name: door, kind: stream, crossbars: 4}]",
        )

    def test_two_ports_of_one_name(self) -> None:
        door = "{name: door, kind: dac, crossbars: 4}"
        self.refused("a second port is called 'door'", ports=f"[{door}, {door}]")

    def test_copies_that_would_not_wait(self) -> None:
        serial = {"schedule": "layer_serial"}
        self.refused(
            "found free, but schedule layer_serial; expected lock_step", tile__replicas="free", with_=serial
        )

    def test_an_order_that_there_is_no_word_for(self) -> None:
        self.refused("schedule", schedule="serial")

    def test_a_schedule_that_the_chip_cannot_keep(self) -> None:
        small = crossbars(2, tile__buffer__capacity="64 B")
        with pytest.raises(
            SimulationError, match="schedule layer_serial: up to 192 bytes wait between layers"
        ):
            program(chain(2, 48), small)
