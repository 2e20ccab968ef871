"""What map, lower and run cost for every network of the zoo, and how that grows with the network."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.program import Program
from .measure import Cost, cost_of

CHIP = "isaac"
CHIPS_NEEDED = {"vgg16": 6, "vit-b16": 4, "bert-base": 4, "gpt2": 4, "llama-1b": 38}
"""Copies of ISAAC on which each network of the zoo fits; one for the others."""


@dataclass(frozen=True)
class NetworkCosts:
    """What one inference of a network costs this computer, compiled kernels being there already.

    Attributes
    ----------
    network : str
    chips, visits : int
    load, map, lower, run : Cost
    """

    network: str
    chips: int
    visits: int
    load: Cost
    map: Cost
    lower: Cost
    run: Cost

    @property
    def wall_s(self) -> float:
        """Map, lower and run."""
        return self.map.wall_s + self.lower.wall_s + self.run.wall_s

    @property
    def cpu_s(self) -> float:
        """Map, lower and run."""
        return self.map.cpu_s + self.lower.cpu_s + self.run.cpu_s

    @property
    def peak_mb(self) -> float:
        """Of map, lower and run."""
        return max(self.map.peak_mb, self.lower.peak_mb, self.run.peak_mb)


def program_of(network: str) -> Program:
    """The Program of a network on as many copies of the chip as it needs."""
    from ...arch import load as load_chip
    from ...sim.lowering import lower
    from ...sim.mapping import map_network
    from ...workloads.load import load

    chip = load_chip(CHIP, n_chips=CHIPS_NEEDED.get(network, 1))
    return lower(map_network(load(network), chip), chip)


def warm_up() -> None:
    """Compile every kernel of mapping and engine, or read it from the cache."""
    from ...sim.engines import compiled

    compiled.run(program_of("mlp"), 8)


def costs_of(network: str) -> NetworkCosts:
    """Load, map, lower and run one network in this process."""
    from ...arch import load as load_chip
    from ...sim.engines import compiled
    from ...sim.lowering import lower
    from ...sim.mapping import map_network
    from ...workloads.load import load

    warm_up()
    n_chips = CHIPS_NEEDED.get(network, 1)
    chip = load_chip(CHIP, n_chips=n_chips)
    load_cost, graph = cost_of(lambda: load(network))
    map_cost, mapping = cost_of(lambda: map_network(graph, chip))
    lower_cost, program = cost_of(lambda: lower(mapping, chip))
    run_cost, result = cost_of(lambda: compiled.run(program))
    return NetworkCosts(network, n_chips, result.n_visits, load_cost, map_cost, lower_cost, run_cost)
