"""n channels are one of n times the bandwidth, on whole networks; a token takes what its bytes take."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ohmsum import arch
from ohmsum.sim.engines import compiled
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
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


def test_a_token_of_gpt2_takes_what_its_bytes_take() -> None:
    chip = arch.load("systolic")
    model = LanguageModel.of(load("gpt2"))
    p = lower(map_network(model.decode(16, 4, 1), chip), chip, autoregressive=True)
    out = max(a for a, name in enumerate(p.actor_name) if name.endswith("(out)"))
    ends = [end for _, end in firings(compiled.run(p, keep_firings=True), out)]
    moved = zip(p.ledger_component, p.ledger_total.tolist(), strict=True)
    n_bytes = sum(n for component, n in moved if component == "memory") / 4
    assert chip.memory is not None
    roofline_fs = n_bytes * 1e15 / (chip.memory.bandwidth_bytes_per_s * chip.memory.channels)
    for begin, end in pairwise([0, *ends]):
        assert 0.999 * roofline_fs <= end - begin <= 1.1 * roofline_fs


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
