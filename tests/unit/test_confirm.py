"""Does the simulation choose among the mappings that estimates propose?"""

from __future__ import annotations

import pytest
from ohmsum import load_chip, load_network, simulate
from ohmsum.sim.confirm import mapped
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, candidates

OPTIONS = MappingOptions()


def test_the_mapping_is_no_worse_than_the_first_proposal() -> None:
    network, chip = load_network("lenet5"), load_chip("isaac")
    first = next(candidates(network, chip, OPTIONS))
    proposed = simulate(network, chip, batch=8, placed=first.mapping)
    confirmed = simulate(network, chip, batch=8)
    cost = [run.latency_s / run.throughput.per_s for run in (proposed, confirmed)]
    assert cost[1] <= cost[0]


def test_the_program_of_the_simulation_is_that_of_the_mapping() -> None:
    network, chip = load_network("lenet5"), load_chip("puma")
    found = mapped(network, chip, OPTIONS)
    assert found.program is not None
    assert found.program.hash == lower(found.mapping, chip, detail="packet").hash


def test_what_the_buffers_always_refuse_is_refused() -> None:
    chip = load_chip("isaac", overrides={"tile.buffer.capacity": "512 B"})
    with pytest.raises(SimulationError, match="bytes of buffer"):
        mapped(load_network("lenet5"), chip, OPTIONS)
