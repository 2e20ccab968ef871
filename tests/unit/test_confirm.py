"""Does the simulation choose among the mappings that estimates propose?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ohmsum import load_chip, load_network, simulate
from ohmsum.sim import confirm
from ohmsum.sim.confirm import mapped, search
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import Candidates, MappingOptions

OPTIONS = MappingOptions()


def test_the_mapping_is_no_worse_than_the_first_proposal() -> None:
    network, chip = load_network("lenet5"), load_chip("isaac")
    first = next(Candidates(network, chip, OPTIONS).kinds())
    proposed = simulate(network, chip, batch=8, placed=first.mapping)
    confirmed = simulate(network, chip, batch=8)
    cost = [run.latency_s / run.throughput.per_s for run in (proposed, confirmed)]
    assert cost[1] <= cost[0]


def test_the_program_of_the_simulation_is_that_of_the_mapping() -> None:
    network, chip = load_network("lenet5"), load_chip("puma")
    found = search(network, chip, OPTIONS).confirmed
    assert found.program is not None
    assert found.program.hash == lower(found.mapping, chip, detail="packet").hash


def test_what_the_buffers_always_refuse_is_refused() -> None:
    chip = load_chip("isaac", overrides={"tile.buffer.capacity": "512 B"})
    with pytest.raises(SimulationError, match="bytes of buffer"):
        mapped(load_network("lenet5"), chip, OPTIONS)


@pytest.mark.parametrize(("network", "chip", "n"), [("lenet5", "isaac", 1), ("mlp", "isaac", 4)])
def test_what_was_found_before_is_the_mapping_that_a_search_finds(
    network: str, chip: str, n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source, hardware = load_network(network), load_chip(chip, n_chips=n)
    first = mapped(source, hardware, OPTIONS)
    monkeypatch.setattr(confirm, "search", None)
    again = mapped(source, hardware, OPTIONS)
    assert again.mapping == first.mapping


def test_another_question_is_searched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    searched: list[Any] = []

    def counted(*asked: Any) -> Any:
        searched.append(asked)
        return search(*asked)

    monkeypatch.setattr(confirm, "search", counted)
    network = load_network("mlp")
    for overrides in ({}, {}, {"tile.adc.rate": "1 GHz"}, {"tile.adc.energy": "1 pJ"}):
        mapped(network, load_chip("isaac", overrides=overrides), OPTIONS)
    mapped(network, load_chip("isaac"), MappingOptions(replicate=False))
    assert len(searched) == 4
