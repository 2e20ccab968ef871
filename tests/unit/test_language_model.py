"""Templates of decoders: networks of any size from one traced graph, and what is no decoder."""

from __future__ import annotations

import numpy as np
import pytest
from ohmsum import workloads
from ohmsum.sim.metrics.cache_traffic import traffic
from ohmsum.workloads import Grid, Network, NetworkError, Operator
from ohmsum.workloads.language_model import SAMPLE, LanguageModel

from ..kit.small_decoder import HEADS, INNER, POSITIONS, SIZE, WIDTH, WORDS, decoder, scribe

GPT2 = {"layers": 12, "width": 768, "words": 50257, "positions": 1024, "kv": 768}
LLAMA = {"layers": 22, "width": 2048, "words": 32000, "positions": 2048, "kv": 256}


@pytest.fixture(scope="module", params=["gpt2", "llama-1b"])
def zoo(request: pytest.FixtureRequest) -> tuple[Network, LanguageModel, dict[str, int]]:
    network = workloads.load(request.param)
    return network, LanguageModel.of(network), GPT2 if request.param == "gpt2" else LLAMA


Zoo = tuple[Network, LanguageModel, dict[str, int]]


def test_decoders_of_the_zoo_are_what_their_papers_say(zoo: Zoo) -> None:
    _, model, sizes = zoo
    assert len(model.attentions) == sizes["layers"]
    assert (model.vocabulary, model.limit) == (sizes["words"], sizes["positions"])
    assert model.kv_elements == 2 * sizes["layers"] * sizes["kv"]
    assert {a.shared_by for a in model.attentions} == {sizes["width"] // sizes["kv"]}


def test_the_template_at_the_traced_length_is_the_traced_network(zoo: Zoo) -> None:
    network, model, _ = zoo
    made = model.prefill(model.length, all_logits=True)
    assert (made.macs, made.product_macs, made.params) == (network.macs, network.product_macs, network.params)
    by_name = {o.name: o for o in made}
    for o in network:
        other = by_name[o.name]
        assert (other.output.size, other.work, other.matrix) == (o.output.size, o.work, o.matrix)


def test_only_the_last_token_of_a_prompt_has_logits(zoo: Zoo) -> None:
    _, model, sizes = zoo
    whole, last = model.prefill(20, all_logits=True), model.prefill(20)
    assert whole.macs - last.macs == 19 * sizes["width"] * sizes["words"]
    assert last.outputs == (SAMPLE,)
    assert last.operators[-1].output.size == 1


@pytest.mark.parametrize(("n", "s"), [(1, 1), (5, 1), (7, 3)])
def test_decoding_costs_per_token_what_a_prompt_costs(zoo: Zoo, n: int, s: int) -> None:
    """Matrices work token by token, whether tokens come together or one by one."""
    _, model, _ = zoo
    assert model.decode(10, n, s).macs == n * s * model.prefill(1).macs


def test_a_prompt_and_its_decoding_look_at_the_positions_of_the_whole() -> None:
    """Scores and mix of P + D tokens are those of P, and of D after P."""
    model = LanguageModel.of(decoder(layers=2))
    whole = model.prefill(11).product_macs
    assert model.prefill(4).product_macs + model.decode(4, 7).product_macs == whole
    steps = sum(model.step((c,)).product_macs for c in range(4, 11))
    assert steps == model.decode(4, 7).product_macs


def test_sizes_of_a_step_by_hand() -> None:
    model = LanguageModel.of(decoder())
    by_name = {o.name: o for o in model.step((2, 6))}
    assert by_name["scores0"].output.elements == HEADS * 7
    assert by_name["weights0"].work == HEADS * 7
    assert by_name["weights0"].reach is not None
    assert [by_name["weights0"].reach(k) for k in range(2)] == [3, 7]
    assert by_name["mix0"].product is not None
    assert (by_name["mix0"].product.k, by_name["mix0"].product.n, by_name["mix0"].product.cached) == (
        7,
        SIZE,
        True,
    )
    assert by_name["scores0 keys"].output.elements == WIDTH


def test_prompts_and_running_sequences_attend_apart_and_lose_no_token() -> None:
    model = LanguageModel.of(decoder(layers=2))
    mixed = model.step((5, 9), (4, 3))
    apart = model.step((5, 9)), model.step((), (4, 3))
    assert mixed.macs == sum(n.macs for n in apart)
    assert mixed.product_macs == sum(n.product_macs for n in apart)
    assert mixed.operators[-1].output.grid == Grid(1, 4)


@pytest.mark.parametrize("kv_heads", [1, 2])
def test_bytes_of_keys_and_values_in_closed_form(kv_heads: int) -> None:
    """Each token writes 2 x layers x heads x size, and reads that for every position it looks back at."""
    layers, context, n, s = 2, 9, 5, 3
    model, chip = LanguageModel.of(decoder(layers=layers, kv_heads=kv_heads)), scribe(kv_cache__bits="8")
    per_position = 2 * layers * kv_heads * SIZE
    found = traffic(model.decode(context, n, s), chip)
    assert found.written_bytes == n * s * per_position
    assert found.read_bytes == s * per_position * sum(range(context + 1, context + n + 1))
    prompt = traffic(model.prefill(context), chip)
    assert (prompt.written_bytes, prompt.read_bytes) == (context * per_position, 0)


def test_parameters_and_macs_of_the_small_decoder_by_hand() -> None:
    kv = HEADS * SIZE
    block = 2 * WIDTH * WIDTH + 2 * WIDTH * kv + 2 * WIDTH * INNER
    assert LanguageModel.of(decoder(layers=3)).decode(1, 1).macs == 3 * block + WIDTH * WORDS


def test_positions_are_those_of_the_table() -> None:
    model = LanguageModel.of(decoder())
    assert model.limit == POSITIONS
    assert model.prefill(POSITIONS).operators[0].output.grid.n_tokens == POSITIONS
    with pytest.raises(NetworkError, match=f"{POSITIONS + 1} positions, the model has {POSITIONS}"):
        model.prefill(POSITIONS + 1)
    with pytest.raises(NetworkError, match="positions"):
        model.decode(POSITIONS - 3, 4)
    with pytest.raises(NetworkError, match="positions"):
        model.step((3, POSITIONS))


def test_every_token_of_every_network_is_made_once() -> None:
    model = LanguageModel.of(decoder())
    for network, n in ((model.prefill(9), 9), (model.decode(3, 4, 5), 20), (model.step((1, 2), (3,)), 5)):
        assert network.operators[0].output.grid.n_tokens == n
        names = [o.name for o in network]
        assert len(names) == len(np.unique(names))


def _without(network: Network, change: dict[str, Operator]) -> Network:
    return Network(network.name, tuple(change.get(o.name, o) for o in network), network.outputs)


def test_what_is_no_decoder_says_why() -> None:
    with pytest.raises(NetworkError, match="without a causal mask"):
        LanguageModel.of(decoder(causal=False))
    for name, words in (("bert-base", "expected one input"), ("resnet50", "expected one input")):
        with pytest.raises(NetworkError, match=words):
            LanguageModel.of(workloads.load(name))
    no_attention = decoder().operators[:3]
    with pytest.raises(NetworkError, match="no attention"):
        LanguageModel.of(Network("words", no_attention, ("positions",)))
    with pytest.raises(NetworkError, match="expected at least one"):
        LanguageModel.of(decoder()).decode(0, 0)
    with pytest.raises(NetworkError, match="at least 1"):
        LanguageModel.of(decoder()).prefill(0)
