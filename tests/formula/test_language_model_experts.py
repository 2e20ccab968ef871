"""Mixtures of experts: who goes where, what is counted, and that a crowded expert is slow."""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum.sim.answers.phase import PhaseRun
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.language import generate
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.metrics.busy import busy_times
from ohmsum.workloads import NetworkError
from ohmsum.workloads.experts import busiest_expert
from ohmsum.workloads.language_model import LanguageModel
from ohmsum.workloads.routing import Routing

from ..kit.small_decoder import HEADS, INNER, SIZE, WIDTH, WORDS, decoder, scribe
from ..kit.small_networks import round_chip

LAYERS = 2
FEED_FORWARD = 2 * WIDTH * INNER


def _mixture(n: int, top_k: int, routing: str = "uniform", seed: int = 0) -> LanguageModel:
    model = LanguageModel.of(decoder(layers=LAYERS))
    return model.with_experts(n, top_k, Routing.parse(routing, n), seed)


@pytest.mark.parametrize(("n", "top_k"), [(1, 1), (4, 1), (4, 2), (8, 3), (5, 5)])
def test_multiplications_and_parameters(n: int, top_k: int) -> None:
    """A token goes through top_k blocks and a router of width x experts."""
    dense = LanguageModel.of(decoder(layers=LAYERS)).prefill(30)
    mixture = _mixture(n, top_k).prefill(30)
    assert mixture.macs == dense.macs + 30 * LAYERS * ((top_k - 1) * FEED_FORWARD + WIDTH * n)
    assert mixture.params == dense.params + LAYERS * ((n - 1) * FEED_FORWARD + WIDTH * n)
    picked = [o.output.grid.n_tokens for o in mixture if o.op == "Gather" and "tokens." in o.name]
    assert sum(picked) == LAYERS * 30 * top_k


def test_every_token_gets_different_experts_and_the_draw_is_that_of_the_seed() -> None:
    routing = Routing.parse("zipf 1.0", 8)
    drawn = routing.draw(0, 200, 3, seed=1)
    assert all(len(set(experts)) == 3 for experts in drawn)
    assert drawn == routing.draw(0, 200, 3, seed=1)
    assert drawn != routing.draw(0, 200, 3, seed=2)
    assert drawn != routing.draw(1, 200, 3, seed=1)
    assert drawn[:50] == routing.draw(0, 50, 3, seed=1)


def test_a_distribution_is_what_is_drawn() -> None:
    """Of 20,000 tokens with one expert each, shares within four standard deviations."""
    n = 20_000
    for text, weights in (("uniform", [1, 1, 1, 1]), ("zipf 1", [1, 1 / 2, 1 / 3, 1 / 4])):
        drawn = Routing.parse(text, 4).draw(0, n, 1, seed=0)
        for expert, weight in enumerate(weights):
            p = weight / sum(weights)
            found = sum(experts == (expert,) for experts in drawn)
            assert abs(found - n * p) < 4 * (n * p * (1 - p)) ** 0.5


def test_routing_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "routing.csv"
    file.write_text("# layer by layer\n0, 0, 1, 0\n0.5 0.5 0 0\n")
    routing = Routing.parse(str(file), 4)
    assert set(routing.draw(0, 50, 1, 0)) == {(2,)}
    assert set(routing.draw(1, 50, 1, 0)) == {(0,), (1,)}
    model = LanguageModel.of(decoder(layers=LAYERS)).with_experts(4, 1, routing)
    assert busiest_expert(model.prefill(20)) == (20, 5)


def test_a_crowded_expert_works_longer() -> None:
    """Experts on crossbars of their own work side by side, each as long as it has tokens."""
    memory = {"kind": "dram", "bandwidth": "1 TB/s", "latency": "1 ns"}
    chip = round_chip(
        tile__count="256", tile__grid="[16, 16]", host__bandwidth="1 TB/s", host__throughput="1 Top/s",
        **{f"memory__{key}": value for key, value in memory.items()},
    )  # fmt: skip
    spread, crowded = (
        generate(_mixture(4, 1, routing), chip, prefill=64, mapping=MappingOptions(replicate=False)).prefill
        for routing in ("uniform", "zipf 10")
    )
    most, mean = busiest_expert(crowded.mapping.network)
    assert (most, mean) == (64, 16)
    assert busiest_expert(spread.mapping.network)[0] < 40
    assert crowded.mapping.network.macs == spread.mapping.network.macs

    def busy(run: PhaseRun) -> float:
        """Time that the busiest expert's crossbars work."""
        times = busy_times(run.program, run.result)
        names = run.program.resource_name
        mine = [r for r, name in enumerate(names) if name.startswith("up") and "crossbars" in name]
        return max(float(times.resource_fs[r]) for r in mine)

    assert busy(crowded) / busy(spread) == pytest.approx(64 / busiest_expert(spread.mapping.network)[0])


@pytest.mark.parametrize("n_sequences", [1, 3])
def test_experts_decode_step_by_step_on_both_engines(n_sequences: int) -> None:
    chip, model = scribe(), _mixture(4, 2, "zipf 1.0")
    mapping = map_network(model.decode(5, 4, n_sequences), chip)
    program = lower(mapping, chip, autoregressive=True)
    fast, slow = compiled.run(program, keep_firings=True), reference.run(program, keep_firings=True)
    assert not fast.differences(slow)


def test_one_expert_with_all_tokens_reads_and_computes_what_the_block_did() -> None:
    """A single expert is the block itself, behind a router of one column."""
    run = generate(_mixture(1, 1), scribe(), prefill=6, decode=4)
    macs = [t.count for t in run.prefill.energy.terms if (t.component, t.action) == ("mac array", "mac")]
    per_token = LAYERS * (2 * WIDTH * WIDTH + 2 * WIDTH * HEADS * SIZE + FEED_FORWARD + WIDTH)
    assert sum(macs) >= 6 * per_token + WIDTH * WORDS
    assert run.prefill.mapping.network.macs == 6 * per_token + WIDTH * WORDS


@pytest.mark.parametrize(
    ("n", "top_k", "text", "words"),
    [
        (4, 5, "uniform", "goes to at least one and at most all of them"),
        (0, 1, "uniform", "at least one expert"),
        (4, 2, "nowhere.txt", "expected 'uniform', 'zipf EXPONENT'"),
        (4, 2, "zipf -1", "zipf"),
        (4, 2, "zipf", "zipf"),
    ],
)
def test_bad_input(n: int, top_k: int, text: str, words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        _mixture(n, top_k, text)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1 2 3", "found 3 weights, expected 4"),
        ("1 2 3 x", "expected numbers"),
        ("1 2 3 -4", "none negative"),
        ("", "no weights"),
        ("1 0 0 0", "chooses 1 of 4 experts"),
        ("1 1 1 1\n1 1 1 1\n1 1 1 1", "3 lines of weights, expected 1 or 2"),
        ("1 1 1 nan", "expected numbers"),
    ],
)
def test_bad_routing_files(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "routing.txt"
    file.write_text(content)
    with pytest.raises(NetworkError, match=words):
        _mixture(4, 2, str(file))
