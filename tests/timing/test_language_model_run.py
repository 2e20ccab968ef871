"""Prompts and decoded tokens in time: what waits for what, and how time grows with the context."""

from __future__ import annotations

import itertools

import pytest
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.language import generate
from ohmsum.sim.language.phases import Setting
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.mapping.assignment import OnCrossbars
from ohmsum.sim.simulate import engine_and_detail
from ohmsum.workloads import Grid, Network, Operator, Port, Tensor
from ohmsum.workloads.language_model import SAMPLE, LanguageModel

from ..kit.small_decoder import HEADS, SIZE, decoder, scribe
from ..kit.small_networks import round_chip

LAYERS = 2
NS = 1_000_000


def _echo(steps: int, sequences: int) -> Network:
    """A number goes in, the unit works on it for ten cycles, the result is the next number."""
    grid = Grid(steps, sequences)
    ids = Operator("ids", "Input", "input", (), Tensor("ids", (), grid, 1))
    out = Tensor("next", (), grid, 1)
    sample = Operator(SAMPLE, "ArgMax", "vector", (Port("ids"),), out, function="reduce", work=10)
    return Network("echo", (ids, sample), (SAMPLE,))


def _makespan_fs(steps: int, sequences: int) -> int:
    chip = scribe()
    program = lower(map_network(_echo(steps, sequences), chip), chip, autoregressive=True)
    return compiled.run(program).makespan_fs


def test_a_token_goes_in_when_the_one_before_it_came_out() -> None:
    alone = _makespan_fs(1, 1)
    assert _makespan_fs(7, 1) == 7 * alone


def test_sequences_fill_the_pipeline_between_each_other() -> None:
    """The unit works ten cycles for each; a second sequence is ten cycles behind the first, at every step."""
    alone = _makespan_fs(1, 1)
    assert 10 * NS < alone < 20 * NS
    # Longer than the chain of one: the unit never rests, and each step is twenty cycles after the one before.
    assert _makespan_fs(5, 2) == alone + (5 * 2 - 1) * 10 * NS


def test_a_sequence_alone_is_as_slow_as_its_steps_one_by_one() -> None:
    model, chip = LanguageModel.of(decoder(layers=LAYERS)), scribe()
    engine, detail = engine_and_detail(None, None, chip)
    setting = Setting.of(model, chip, 4, MappingOptions(), detail, engine)
    steps = [
        setting.run(
            setting.program(model.step((c,)), most_replicas=1, autoregressive=False)
        ).result.makespan_fs
        for c in range(4, 9)
    ]
    run = generate(model, chip, prefill=4, decode=6)
    assert run.decode is not None
    found = run.token_fs[:, 0].tolist()
    # What a step saves is the first fetch from the cache, which runs ahead: under a nanosecond here.
    assert all(0 <= step - token < NS for step, token in zip(steps, found, strict=True))


@pytest.mark.parametrize("context", [1, 128, 1024])
def test_time_per_token_grows_by_the_products_and_the_softmax_of_a_position(context: int) -> None:
    """One lane at 1 GHz: a position costs every head its size twice, and once the softmax, in each layer."""
    run = generate(LanguageModel.of(decoder(layers=LAYERS)), scribe(), prefill=context, decode=6)
    times = run.token_fs[:, 0].tolist()
    per_position = LAYERS * HEADS * (2 * SIZE + 1) * NS
    assert [b - a for a, b in itertools.pairwise(times)] == [per_position] * 4
    first = generate(LanguageModel.of(decoder(layers=LAYERS)), scribe(), prefill=1, decode=2)
    assert times[0] - first.token_fs[0, 0] == (context - 1) * per_position


@pytest.mark.parametrize("context", [1, 128, 1024])
def test_time_per_token_grows_as_the_cache_is_read_where_that_is_slowest(context: int) -> None:
    """At 10 MB/s a byte takes 100 ns: a position has two layers' keys and values to read.

    Appends come between the reads first come, first served, in a rhythm that repeats after three tokens.
    """
    chip = scribe(kv_cache__bandwidth="10 MB/s")
    run = generate(LanguageModel.of(decoder(layers=LAYERS)), chip, prefill=context, decode=12)
    times = run.token_fs[1:-1, 0].tolist()  # the first has nothing read ahead, the last reads nothing ahead
    per_position = LAYERS * 2 * HEADS * SIZE * 100 * NS
    assert [later - now for now, later in zip(times, times[3:], strict=False)] == [3 * per_position] * 6
    assert abs(times[0] / per_position - (context + 2)) < 3


@pytest.mark.parametrize("chip", ["unit", "mac_array", "crossbars"])
def test_both_engines_agree_on_a_decoding_phase(chip: str) -> None:
    """Products on a unit, on MAC arrays that fold step by step, and behind crossbars with replicas."""
    model = LanguageModel.of(decoder(length=5))
    if chip == "crossbars":
        fast = {"host__throughput": "1000 Top/s", "memory__kind": "dram", "memory__latency": "50 ns"}
        found = round_chip(tile__count="256", tile__grid="[16, 16]", memory__bandwidth="1 GB/s", **fast)
    else:
        found = scribe(attention=chip)
    base = map_network(model.prefill(4), found)
    mapping = map_network(model.decode(4, 3, 2), found, like=base, most_replicas=2)
    replicas = {a.replicas for a in mapping.assignments if isinstance(a, OnCrossbars)}
    assert max(replicas, default=1) == (2 if chip == "crossbars" else 1)
    program = lower(mapping, found, autoregressive=True)
    quick, slow = (run(program, keep_firings=True) for run in (compiled.run, reference.run))
    assert not quick.differences(slow)


def test_batches_share_the_weights_and_not_the_cache() -> None:
    model, chip = LanguageModel.of(decoder()), scribe()
    one, four = (generate(model, chip, prefill=5, decode=4, batch=b) for b in (1, 4))
    assert four.cache.read_bytes == 4 * one.cache.read_bytes
    assert four.cache.held_bytes == 4 * one.cache.held_bytes == 4 * 8 * LAYERS * HEADS * SIZE
    assert one.tokens_per_s < four.tokens_per_s <= 4 * one.tokens_per_s * 1.0001
    first = four.first_token_fs
    assert one.first_token_fs[0] <= first[0] < first[1] < first[2] < first[3] <= 4 * one.first_token_fs[0]


def test_shares_add_up_to_the_time_and_the_energy() -> None:
    run = generate(LanguageModel.of(decoder(layers=LAYERS)), scribe(), prefill=6, decode=5)
    for name, shares in run.shares.items():
        phase = run.phases[name]
        assert sum(shares.time_s.values()) == pytest.approx(phase.makespan_s, rel=1e-12)
        assert sum(shares.energy_j.values()) == pytest.approx(phase.energy_j, rel=1e-12)
        assert {"softmax", "normalisation", "attention products", "digital matrices"} <= set(shares.energy_j)


def test_energy_of_products_and_softmax_is_that_of_their_operations() -> None:
    """1 pJ per lane and cycle: as many as there are multiplications, and elements under the softmax."""
    run = generate(LanguageModel.of(decoder(layers=LAYERS)), scribe(), prefill=6, decode=5)
    assert run.decode is not None
    network = run.decode.mapping.network
    positions = sum(range(7, 11))
    softmax = [t for t in run.decode.energy.terms if t.action == "softmax"]
    assert sum(t.count for t in softmax) == LAYERS * HEADS * positions
    macs = [t for t in run.decode.energy.terms if t.action == "mac" and t.component == "vector"]
    assert sum(t.count for t in macs) == network.product_macs == LAYERS * 2 * HEADS * SIZE * positions
    read = [t for t in run.decode.energy.terms if (t.component, t.action) == ("kv cache", "read")]
    assert sum(t.count for t in read) == 2 * LAYERS * HEADS * SIZE * positions == run.cache.read_bytes
