"""Small training steps, and the chips they run on."""

from __future__ import annotations

from ohmsum.arch.chip import Chip
from ohmsum.sim.answers.training_step import TrainingStep
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.mapping.training import training_network
from ohmsum.sim.program import Program
from ohmsum.sim.training import simulate_training
from ohmsum.workloads.graph import Network

from .small_networks import SINGLE, matrix, network, round_chip, source

PULSES = "{kind: pulses, pulses: 10, pulse_time: 1 ns, energy: 1 fJ, line_energy: 2 fJ}"
ONE = network(source(16), matrix("fc", "x", 16, 4))
TWO = network(source(16), matrix("fc1", "x", 16, 4, fused=("relu",)), matrix("fc2", "fc1", 4, 4))


def trainable(update: str = PULSES, **more: str) -> Chip:
    """The chip of round numbers, read backwards in 10 ns, with an ALU that multiplies and subtracts too."""
    functions = "{relu: 1, add: 1, max_pool: 1, mul: 1, sub: 1, mac: 1}"
    return round_chip(
        tile__crossbar__transposed__read_time="10 ns",
        tile__crossbar__update=update,
        tile__crossbar__write_time="100 ns",
        tile__crossbar__write_energy="3 pJ",
        tile__units__alu__functions=functions,
        **more,
    )


def step(net: Network, chip: Chip, batch: int = 1) -> Program:
    return lower(map_network(training_network(net, chip, SINGLE, batch), chip, SINGLE), chip)


def run(net: Network, chip: Chip, batch: int = 1, epoch_samples: int | None = None) -> TrainingStep:
    return simulate_training(net, chip, batch=batch, epoch_samples=epoch_samples, mapping=SINGLE)


def ends(p: Program, result: EngineResult, actor: str, what: str = "end_fs") -> list[int]:
    assert result.firings is not None
    mine = result.firings[result.firings["actor"] == p.actor_name.index(actor)]
    return [int(fs) for fs in mine[what]]
