"""n channels are one of n times the bandwidth, on whole networks; a token takes what its bytes take."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from ohmsum import arch
from ohmsum.sim.engines import compiled
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.program import Program
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.language_model import LanguageModel
from ohmsum.workloads.load import load

from ..kit.engines import firings


@pytest.mark.parametrize(
    ("network", "chip", "total"), [("resnet18", "systolic", 34.128), ("vit-b16", "ane-like", 68.256)]
)
def test_channels_add_up(network: str, chip: str, total: float) -> None:
    net = load(network)
    took = []
    for n in (1, 8, 32):
        fields = {"memory.channels": str(n), "memory.bandwidth": f"{total / n} GB/s"}
        took.append(simulate(net, arch.load(chip, overrides=fields)).latency_fs)
    assert max(took) <= 1.05 * min(took)


CONTEXT, STEPS = 200, 8


@pytest.fixture(scope="module")
def decode() -> Program:
    """GPT-2 on a chip that fetches all weights for every token, and keeps keys and values in its memory."""
    chip = arch.load("systolic")
    model = LanguageModel.of(load("gpt2"))
    return lower(map_network(model.decode(CONTEXT, STEPS, 1), chip), chip, autoregressive=True)


def steps_fs(p: Program) -> list[int]:
    """Time of each token after the one before."""
    out = max(a for a, name in enumerate(p.actor_name) if name.endswith("(out)"))
    ends = [end for _, end in firings(compiled.run(p, keep_firings=True), out)]
    return [end - begin for begin, end in pairwise([0, *ends])]


def test_a_token_of_gpt2_takes_what_its_bytes_take(decode: Program) -> None:
    """Weights, the keys and values of all positions up to the token, its own appended; every token by itself.

    What is read ahead for the next one is that of two products, of the 24 whose keys or values are kept.
    """
    chip = arch.load("systolic")
    assert chip.memory is not None
    rows = zip(decode.ledger_component, decode.ledger_action, decode.ledger_total.tolist(), strict=True)
    moved = Counter[str]()
    for component, action, n in rows:
        moved[action] += n if component == "memory" else 0
    position = 2 * 12 * 768  # bytes of keys and values
    contexts = range(CONTEXT + 1, CONTEXT + STEPS + 1)
    assert moved["append"] == STEPS * position
    assert moved["read"] == position * sum(contexts)
    per_s = chip.memory.bandwidth_bytes_per_s * chip.memory.channels
    weights = moved["byte"] / STEPS
    assert weights == pytest.approx(12 * 12 * 768**2 + 50257 * 768, rel=0.002)
    least = [(weights + (1 + n) * position) * 1e15 / per_s for n in contexts]
    took = steps_fs(decode)
    for done in range(1, STEPS + 1):
        assert sum(took[:done]) >= sum(least[:done])
    for took_fs, least_fs in zip(took, least, strict=True):
        assert 0.999 * least_fs <= took_fs <= 1.1 * least_fs


def test_no_token_is_faster_as_the_context_grows(decode: Program) -> None:
    """The first apart, which also fetches for the second; the last fetches for none."""
    took = steps_fs(decode)[1:]
    assert all(later >= 0.999 * before for before, later in pairwise(took))
    assert took[-2] > took[0]


def test_no_token_of_sequences_together_is_faster_as_their_contexts_grow() -> None:
    """Four sequences that begin at once take three tokens to spread over a pipeline of analog chips."""
    chip = arch.load("isaac@attention", n_chips=4)
    model = LanguageModel.of(load("gpt2"))
    p = lower(map_network(model.decode(32, 12, 4), chip), chip, autoregressive=True)
    out = max(a for a, name in enumerate(p.actor_name) if name.endswith("(out)"))
    ends = [end for _, end in firings(compiled.run(p, keep_firings=True), out)]
    rounds = [sum(ends[k : k + 4]) / 4 for k in range(0, len(ends), 4)]
    took = [end - begin for begin, end in pairwise(rounds[2:])]
    assert len(took) == 9
    # Rounds beat: one may take longer than the next. None is faster than all before it.
    assert all(later >= 0.995 * min(took[1:k]) for k, later in enumerate(took) if k > 1)


def test_arrays_without_limit_cost_no_more_to_lower_than_enough() -> None:
    net = load("resnet18")
    programs = []
    for n in (1024, 4_194_304):
        chip = arch.load("systolic", overrides={"mac_array.count": str(n)})
        programs.append(lower(map_network(net, chip), chip))
    enough, many = programs
    assert many.n_visits == enough.n_visits
    assert many.n_channels <= enough.n_channels
    assert compiled.run(many).makespan_fs <= compiled.run(enough).makespan_fs
