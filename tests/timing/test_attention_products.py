"""Products of two activations: work, traffic and femtoseconds, against closed forms and hand computation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.chip import Chip
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.mapping.folds import product_folds
from ohmsum.sim.program import Program
from ohmsum.workloads import load
from ohmsum.workloads.graph import Grid, Network, Operator, Port, Product, Reach, Tensor, Window
from ohmsum.workloads.language_model import LanguageModel

from ..kit.engines import ENGINES, Engine, each_engine, firings
from ..kit.small_networks import NS, SINGLE, matrix, network, program, round_chip, source

CHIP = Path(__file__).parents[1] / "data" / "attention.yaml"
GPT2 = (12, 12, 64)
"""Layers, heads, head size."""


def chip(**overrides: str) -> Chip:
    return arch.load(CHIP, {path.replace("__", "."): text for path, text in overrides.items()})


def counts(p: Program) -> Counter[tuple[str, str]]:
    """Actions of one inference by component and action."""
    found: Counter[tuple[str, str]] = Counter()
    for key, n in zip(
        zip(p.ledger_component, p.ledger_action, strict=True), p.ledger_total.tolist(), strict=True
    ):
        found[key] += n
    return found


def ends(p: Program, engine: Engine, *actors: str) -> list[list[float]]:
    result = engine(p, keep_firings=True)
    return [[end / NS for _, end in firings(result, p.actor_name.index(a))] for a in actors]


def product(
    heads: int,
    k: int,
    n: int,
    tokens: int,
    *,
    window: Any = "prefix",
    reach: Reach | None = None,
    **more: Any,
) -> Operator:
    """Queries and keys from one source."""
    grid = Grid(1, tokens)
    return Operator(
        "p", "MatMul", "product", (Port("x"), Port("x", Window(window))), Tensor("p", (), grid, heads * n),
        product=Product(heads, k, n, **more), reach=reach,
    )  # fmt: skip


@cache
def gpt2() -> Network:
    return load("gpt2")


# work and traffic, against closed forms


@pytest.mark.parametrize("dense", [False, True])
def test_a_causal_mask_leaves_the_triangle_of_the_work(dense: bool) -> None:
    layers, heads, size = GPT2
    net, n = gpt2(), 128
    chosen = arch.load("systolic")
    p = lower(map_network(net, chosen, MappingOptions(dense_attention=dense)), chosen)
    whole = {o.name for o in net.operators if o.product}
    macs = sum(
        total
        for actor, action, total in zip(p.ledger_actor, p.ledger_action, p.ledger_total.tolist(), strict=True)
        if action == "mac" and p.actor_layer[actor] in whole
    )
    assert macs == layers * 2 * heads * size * (n * n if dense else n * (n + 1) // 2)


def test_scores_and_softmax_shrink_with_the_mask_as_well() -> None:
    layers, heads, _ = GPT2
    chosen = arch.load("systolic")
    p = lower(map_network(gpt2(), chosen), chosen)
    cycles = chosen.units[0].functions["softmax"]
    assert counts(p)[("vector", "softmax")] == layers * heads * cycles * 128 * 129 // 2


@pytest.mark.parametrize(("context", "steps", "sequences"), [(128, 4, 2), (1, 3, 1), (500, 1, 5)])
def test_every_decoded_token_reads_the_cache_of_all_positions_before_it(
    context: int, steps: int, sequences: int
) -> None:
    layers, heads, size = GPT2
    chosen = arch.load("systolic")
    net = LanguageModel.of(gpt2()).decode(context, steps, sequences)
    found = counts(lower(map_network(net, chosen), chosen))
    positions = sum(context + t + 1 for t in range(steps)) * sequences
    assert found[("memory", "read")] == layers * 2 * heads * size * positions  # keys and values, a byte each
    assert found[("memory", "append")] == layers * 2 * heads * size * steps * sequences


def test_blocks_that_no_query_reaches_are_left_out() -> None:
    array = chip().mac_array
    assert array is not None
    # 6 queries, 6 keys, blocks of 4 keys: all queries see the first block, two see the second.
    scores = product_folds(array, Product(1, 4, 6), "n", range(1, 7))
    assert [(f.cycles, f.vectors) for f in scores] == [(2 * 4 + 4 + 6 - 2, 6), (2 * 4 + 4 + 2 - 2, 2)]
    # The same for the values, whose positions are the rows of the blocks.
    mixed = product_folds(array, Product(1, 6, 4), "k", range(1, 7))
    assert [(f.cycles, f.vectors) for f in mixed] == [(16, 6), (12, 2)]
    # Stationary outputs: blocks of 4 queries x 4 keys, the upper right one masked, 4 elements streamed.
    moved = array.model_copy(update={"dataflow": "output_stationary"})
    assert [f.cycles for f in product_folds(moved, Product(1, 4, 6), "n", range(1, 7))] == [14, 14, 14]


# time, by hand


@each_engine
def test_a_whole_causal_product_on_two_arrays(engine: Engine) -> None:
    net = network(source(8, Grid(1, 6)), product(2, 4, 6, 6, reach=Reach(1, 1)))
    p = program(net, chip())
    there, (done,) = 1 + 5 + 6 * 8, ends(p, engine, "p")  # all tokens: cycle, head, 48 bytes
    # Folds of 16 and 12 for each head, begun a cycle apart on the array that is free first; a fold that is
    # ready sooner than the one before it leaves along with that.
    ready = [there + 1 + 16, there + 2 + 12, there + 14 + 16, there + 17 + 12]
    assert done == list(accumulate(ready, max))
    assert counts(p)[("mac array", "mac")] == 2 * 4 * 21


def decoding(**more: int) -> Network:
    """Three tokens after a context of 4: four query heads of 4 elements, two key heads."""
    grid = Grid(1, 3)
    append = Operator("a", "CacheAppend", "move", (Port("x"),), Tensor("a", (), grid, 8))
    scores = product(4, 4, 7, 3, window="same", reach=Reach(5, 1), shared_by=2, cached=True)
    return network(source(16, grid), append, replace(scores, inputs=(Port("x"), Port("a"))))


@each_engine
def test_a_product_reads_its_cache_ahead_of_the_token(engine: Engine) -> None:
    p = program(decoding(), chip())
    append, cache_, out = ends(p, engine, "a", "p cache", "p out")
    # Tokens of 16 bytes arrive at 22, 38 and 54. The memory takes one at a time, a byte per ns: for the first
    # token 2 x 20 bytes of the context (there 10 later) and, after the second read, its 8 bytes of keys. The
    # next reads wait for these; the keys of the following tokens come in between, first come first served.
    assert append == [40 + 8, 48 + 8, 80 + 8]
    assert cache_ == [20 + 10, 40 + 10, 80 + 10, 112 + 10, 140 + 10, 168 + 10]
    # A head pair is two blocks of keys, 2 x (2 x 4 + 4 + 2 - 2) cycles, once its cache is there; a token's
    # own keys come along with it. A cycle in, a cycle out.
    assert out == [50 + 1 + 24 + 1, 122 + 1 + 24 + 1, 178 + 1 + 24 + 1]


def test_heads_that_share_their_keys_read_them_once() -> None:
    found = counts(program(decoding(), chip()))
    assert found[("memory", "read")] == 2 * 4 * (5 + 6 + 7)  # two key heads, not four
    assert found[("memory", "append")] == 3 * 8
    assert found[("mac array", "mac")] == 4 * 4 * (5 + 6 + 7)


@each_engine
def test_on_a_unit_the_whole_cache_of_a_token_comes_first(engine: Engine) -> None:
    p = program(decoding(), chip(attention="unit"))
    append, cache_, done = ends(p, engine, "a", "p cache", "p")
    # Reads of 40, 48 and 56 bytes; the keys of a token come before the read of the next one.
    assert append == [40 + 8, 48 + 8, 104 + 8]
    assert cache_ == [40 + 10, 104 + 10, 168 + 10]
    # 4 heads x 4 x (5, 6, 7) on 4 lanes; a buffer access of a cycle before and after.
    assert done == [50 + 1 + 20 + 1, 114 + 1 + 24 + 1, 178 + 1 + 28 + 1]


@each_engine
def test_units_of_tiles_get_what_was_read_over_the_network(engine: Engine) -> None:
    alu = "[{name: alu, count: 1, lanes: 4, clock: 1 GHz, functions: {mac: 1, add: 1}}]"
    memory = "{kind: dram, bandwidth: 1 GB/s, latency: 10 ns, energy_per_byte: 5 pJ/B}"
    tokens = Grid(1, 3)
    net = decoding()
    fc = matrix("fc", "x", 16, 16, tokens)  # four tiles, queries come into being on all of them
    scores = replace(net.operators[-1], inputs=(Port("fc"), Port("a")))
    spread = network(net.operators[0], fc, net.operators[1], scores)
    p = program(spread, round_chip(tile__units=alu, memory=memory))
    assert counts(p)[("memory", "read")] == 2 * 4 * (5 + 6 + 7)
    (way,) = (a for a, name in enumerate(p.actor_name) if name == "p cache -> units")
    # Three of four tiles are not where the memory is: each gets 2 x 4 x 6 / 4 bytes of mean tokens.
    flits = [n for a, n in zip(p.ledger_actor, p.ledger_total.tolist(), strict=True) if a == way]
    # 12 bytes are 3 flits; from a corner of 2 x 2 routers one hop to two tiles, two to the third, and out.
    assert flits == [3 * 3 * (2 + 2 + 3)]
    assert engine(p).makespan_fs == ENGINES["reference"](p).makespan_fs


KEYS = "{kind: sram, count: 2, capacity: %d B, bandwidth: 2 GB/s, energy_per_byte: 3 pJ/B, overflow: %s}"


def test_a_cache_in_banks_of_sram() -> None:
    p = program(decoding(), chip(kv_cache=KEYS % (28, "error")))  # 7 positions of 8 bytes in two banks
    assert counts(p)[("kv cache", "read")] == 2 * 4 * (5 + 6 + 7)
    assert ("memory", "read") not in counts(p)
    hold = p.schedule(int(p.visit_hold[p.actor_visit_start[p.actor_name.index("p cache")]]))
    # Of each head 4 bytes a position, two from each bank at 2 GB/s.
    assert hold.values(6).tolist() == [t * NS for t in (5, 5, 6, 6, 7, 7)]


def test_a_cache_that_is_too_small_spills_or_is_an_error() -> None:
    p = program(decoding(), chip(kv_cache=KEYS % (27, "memory")))
    assert counts(p)[("memory", "read")] == 2 * 4 * (5 + 6 + 7)
    with pytest.raises(
        SimulationError, match=r"takes 56 bytes .7 positions of 8 elements.*has 54 of 54 left"
    ):
        program(decoding(), chip(kv_cache=KEYS % (27, "error")))
    with pytest.raises(SimulationError, match="neither kv_cache nor memory"):
        program(decoding(), chip(memory="null"))


@each_engine
def test_on_crossbars_keys_are_written_and_then_read(engine: Engine) -> None:
    of_crossbar = {"write_time": "3 ns", "write_energy": "7 pJ"}
    rewritten = round_chip(**{f"tile__crossbar__{key}": text for key, text in of_crossbar.items()})
    net = network(source(4, Grid(1, 2)), product(1, 4, 2, 2, window="all"))
    p = program(net, rewritten, replace(SINGLE, attention="analog"))
    written, done = ends(p, engine, "p written", "p")
    # Tokens of 4 bytes arrive at 13 and 17; buffer 1, then a column of 4 cells in 3 ns.
    assert written == [13 + 1 + 3, 17 + 1 + 3]
    # Both keys there: buffer 1, reads of 10 and 10 with 2 conversions behind, shift-add 2, buffer 1.
    assert done == [21 + 1 + 10 + 10 + 2 + 2 + 1, 47 + 20]
    (remark,) = map_network(net, rewritten, replace(SINGLE, attention="analog")).remarks
    assert remark.startswith("attention rewrites 1 crossbars, each cell once per inference: their endurance")
    i = p.ledger_action.index("write cell")
    assert (int(p.ledger_total[i]), float(p.ledger_energy_j[i])) == (2 * 4, pytest.approx(7e-12))


def test_cells_last_for_as_many_inferences_as_they_survive_writes() -> None:
    settings = {"write_time": "3 ns", "write_energy": "7 pJ", "cell__endurance": "1e8"}
    rewritten = round_chip(**{f"tile__crossbar__{key}": text for key, text in settings.items()})
    net = network(source(4, Grid(1, 2)), product(1, 4, 2, 2, window="all"))
    (remark,) = map_network(net, rewritten, replace(SINGLE, attention="analog")).remarks
    assert remark.endswith("1e+08 writes of a cell last for as many inferences")


def test_a_prompt_from_crossbars_goes_through_the_arrays_a_few_tokens_at_a_time() -> None:
    array = (
        "{count: 4, rows: 16, cols: 16, clock: 1 GHz, dataflow: weight_stationary, weight_bits: 8, "
        "buffer: {capacity: 64 KiB, width: 128 bit, clock: 1 GHz}}"
    )
    tokens = Grid(1, 8)
    fc = matrix("fc", "x", 16, 4, tokens)
    scores = replace(
        product(1, 4, 8, 8, reach=Reach(1, 1)), inputs=(Port("fc"), Port("fc", Window("prefix")))
    )
    p = program(network(source(16, tokens), fc, scores), round_chip(mac_array=array))
    # A product of fc takes 20 ns, so 8 tokens take 160; 4 arrays have 640 ns, one fold of one token takes
    # 2 x 16 + 16 + 1 - 2 = 47, eight of them 376.
    assert int(p.actor_firings[p.actor_name.index("p in")]) == 8
    # Two arrays have 320 ns: two tokens at a time, 4 x 48.
    p = program(
        network(source(16, tokens), fc, scores), round_chip(mac_array=array.replace("count: 4", "count: 2"))
    )
    assert int(p.actor_firings[p.actor_name.index("p in")]) == 4


# where, and what is wrong


@pytest.mark.parametrize(
    ("attention", "place"),
    [("auto", "mac_array"), ("unit", "chip_unit"), ("host", "host"), ("mac_array", "mac_array")],
)
def test_the_user_chooses_where_products_run(attention: str, place: str) -> None:
    net = network(source(8, Grid(1, 6)), product(2, 4, 6, 6))
    options = replace(SINGLE, attention=attention)  # type: ignore[arg-type]
    assert map_network(net, chip(), options).of("p").place == place
    assert map_network(net, chip(attention="unit")).of("p").place == "chip_unit"


@pytest.mark.parametrize(
    ("attention", "message"),
    [
        ("analog", "`attention: analog`: chip 'attention' has no such hardware; .* mac_array, unit, host"),
        ("unit", "`attention: unit`: chip 'round' has no such hardware; .* analog, host"),
    ],
)
def test_hardware_that_is_not_there_is_told(attention: str, message: str) -> None:
    net = network(source(8, Grid(1, 6)), product(2, 4, 6, 6))
    with pytest.raises(SimulationError, match=message):
        map_network(
            net,
            chip() if attention == "analog" else round_chip(),
            replace(SINGLE, attention=attention),  # type: ignore[arg-type]
        )


def test_writing_has_to_be_known_and_to_find_room() -> None:
    net = network(source(8, Grid(1, 6)), product(2, 4, 6, 6))
    options = replace(SINGLE, attention="analog")
    with pytest.raises(SimulationError, match=r"tile.crossbar.write_time is missing"):
        map_network(net, round_chip(), options)
    tight = round_chip(
        tile__crossbar__write_time="3 ns", tile__crossbar__write_energy="7 pJ", tile__count="3"
    )
    with pytest.raises(SimulationError, match=r"needs 4 tiles .* 3: 1 tiles missing .*largest layer: p"):
        map_network(net, tight, options)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attention": "analog"}, "found analog, but the chip has no `tile`"),
        ({"attention": "gpu"}, "found 'gpu', expected"),
        ({"kv_cache": "{kind: sram, capacity: 1 MiB}"}, "bandwidth missing, expected of one bank"),
        (
            {"memory": "null", "kv_cache": "{kind: memory, bits: 4}"},
            "found memory, but the chip has no `memory`",
        ),
    ],
)
def test_a_chip_file_that_contradicts_itself_is_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chip(**settings)
    assert message in str(caught.value)
