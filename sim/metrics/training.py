"""What a training step cost: by phase and layer, per epoch, and how it wears the cells."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import ceil, fsum, inf

import numpy as np

from ...arch.chip import Chip
from ...workloads.graph import Network, Operator
from ..engines.result import EngineResult
from ..program import Program
from .energy import EnergyBalance
from .path import CriticalPath
from .seconds import seconds

PHASES = ("forward", "backward", "update", "storage")
OTHER = "other"
"""What belongs to no operator: static energy."""


@dataclass(frozen=True)
class PhaseUse:
    """One phase of the step, of the whole network or of one layer.

    Parameters
    ----------
    path_fs : int
        Its time on the critical path; those of all phases add up to the latency.
    busy_fs : int
        Its visits' times on resources, added up: what it would take if nothing were done at the same time.
    energy_j : float
        Those of all phases add up to the energy of the step.
    macs : int
        With stored weights and of two activations.
    """

    path_fs: int = 0
    busy_fs: int = 0
    energy_j: float = 0.0
    macs: int = 0


@dataclass(frozen=True)
class Wear:
    """Writes of the cells of one layer in one step.

    Parameters
    ----------
    kind : {"pulses", "writes"}
        pulses: coincidences of update pulses. writes: programming with verification.
    per_cell : float
        Of a mean cell.
    full_writes : float
        The same as full writes, which endurance counts.
    """

    kind: str
    per_cell: float
    full_writes: float


@dataclass(frozen=True)
class LayerUse:
    """One layer: its phases, the activations it keeps for the backward pass, and the wear of its cells."""

    name: str
    phases: dict[str, PhaseUse]
    kept_bytes: int
    wear: Wear | None


@dataclass(frozen=True)
class Epoch:
    """Steps one after the other: none begins before the update of the one before has ended.

    Parameters
    ----------
    full_writes : float
        Of a mean cell of the layer with most of them.
    until_worn : float or None
        Epochs until that layer's cells reach their endurance; None if the chip does not state it.
    """

    samples: int
    steps: int
    time_s: float
    energy_j: float
    full_writes: float
    until_worn: float | None


@dataclass(frozen=True)
class Training:
    """One training step.

    Parameters
    ----------
    batch : int
        Samples.
    storage : {"buffer", "memory"}
        Where activations wait for the backward pass.
    """

    batch: int
    latency_fs: int
    phases: dict[str, PhaseUse]
    layers: tuple[LayerUse, ...]
    storage: str
    endurance: float | None
    epoch: Epoch | None

    @property
    def kept_bytes(self) -> int:
        """Activations of one sample that are kept for the backward pass."""
        return sum(layer.kept_bytes for layer in self.layers)

    @property
    def samples_per_s(self) -> float:
        return self.batch / seconds(self.latency_fs)

    @property
    def most_worn(self) -> LayerUse | None:
        """The layer whose cells take most full writes; the first of several."""
        worn = [layer for layer in self.layers if layer.wear is not None]
        return max(worn, key=_full_writes, default=None)

    @property
    def full_writes(self) -> float | None:
        """Full writes of a mean cell of the most worn layer in one step."""
        return None if self.most_worn is None else _full_writes(self.most_worn)

    @property
    def steps_until_worn(self) -> float | None:
        """Steps until the most worn layer reaches the endurance of its cells."""
        if self.most_worn is None or self.endurance is None:
            return None
        return self.endurance / _full_writes(self.most_worn)


def training(
    network: Network,
    chip: Chip,
    program: Program,
    result: EngineResult,
    energy: EnergyBalance,
    path: CriticalPath,
    epoch_samples: int | None,
) -> Training:
    """The breakdown of a training step."""
    uses = _uses(network, program, result, energy, path)
    batch = max(o.samples for o in network.operators)
    layers = tuple(
        LayerUse(
            o.name,
            {phase: uses[(phase, o.name)] for phase in (*PHASES, OTHER) if (phase, o.name) in uses},
            _kept_bytes(network, chip, o.name),
            wear(network, chip, o.name),
        )
        for o in network.operators
        if o.role is not None and o.role.task == "forward"
    )
    spills = any(o.role is not None and o.role.task == "spill" for o in network.operators)
    found = Training(
        batch=batch,
        latency_fs=result.makespan_fs,
        phases={p: _total([u for (phase, _), u in uses.items() if phase == p]) for p in (*PHASES, OTHER)},
        layers=layers,
        storage="memory" if spills else "buffer",
        endurance=chip.tile.crossbar.cell.endurance if chip.tile else None,
        epoch=None,
    )
    if epoch_samples is None:
        return found
    return Training(**{**vars(found), "epoch": _epoch(found, energy.total_j, epoch_samples)})


def wear(network: Network, chip: Chip, layer: str) -> Wear | None:
    """Writes of the cells of a layer in one step; None if it is not on crossbars.

    By pulses: tokens x applications x samples x pulses of a train x the share of them that meet in a cell.
    """
    update = next(
        (o for o in network.operators if o.role and o.role.layer == layer and _writes_cells(o)), None
    )
    how = chip.tile.crossbar.update if chip.tile is not None else None
    if update is None or how is None:
        return None
    if update.matrix is None or how.pulses is None:
        return Wear("writes", how.activity, how.activity)
    trains = update.samples * update.output.grid.n_tokens * update.matrix.applications
    met = trains * how.pulses * how.activity
    return Wear("pulses", met, met / how.pulses_per_write)


def _writes_cells(o: Operator) -> bool:
    return o.role is not None and o.role.task in ("pulses", "write")


def _full_writes(layer: LayerUse) -> float:
    return 0.0 if layer.wear is None else layer.wear.full_writes


def _kept_bytes(network: Network, chip: Chip, layer: str) -> int:
    word = ceil(chip.activation_bits / 8)
    kept = [o for o in network.operators if o.role and o.role.layer == layer]
    return sum(o.output.size * word for o in kept if o.role and o.role.task in ("store", "spill"))


def _uses(
    network: Network, program: Program, result: EngineResult, energy: EnergyBalance, path: CriticalPath
) -> dict[tuple[str, str], PhaseUse]:
    """What every (phase, layer) used."""
    roles = {o.name: (o.role.phase, o.role.layer) for o in network.operators if o.role is not None}
    none = (OTHER, "")
    on_path: dict[tuple[str, str], int] = defaultdict(int)
    for piece in path.pieces:
        on_path[roles.get(piece.layer, none)] += piece.duration_fs
    busy: dict[tuple[str, str], int] = defaultdict(int)
    n_resources = np.diff(program.visit_resource_start)
    held_fs = np.where(n_resources > 0, result.busy_fs, 0).tolist()
    for actor, fs in zip(program.visit_actor().tolist(), held_fs, strict=True):
        busy[roles.get(program.actor_layer[actor], none)] += fs
    energies: dict[tuple[str, str], list[float]] = defaultdict(list)
    for term in energy.terms:
        energies[roles.get(term.layer, none)].append(term.energy_j)
    macs: dict[tuple[str, str], int] = defaultdict(int)
    for o in network.operators:
        macs[roles[o.name]] += o.macs + o.product_macs
    keys = dict.fromkeys([*macs, *on_path, *busy, *energies])
    return {k: PhaseUse(on_path[k], busy[k], fsum(energies[k]), macs[k]) for k in keys}


def _total(uses: list[PhaseUse]) -> PhaseUse:
    return PhaseUse(
        sum(u.path_fs for u in uses),
        sum(u.busy_fs for u in uses),
        fsum(u.energy_j for u in uses),
        sum(u.macs for u in uses),
    )


def _epoch(step: Training, energy_j: float, samples: int) -> Epoch:
    steps = ceil(samples / step.batch)
    full = _full_writes(step.most_worn) if step.most_worn is not None else 0.0
    worn_after = step.steps_until_worn
    return Epoch(
        samples=samples,
        steps=steps,
        time_s=steps * seconds(step.latency_fs),
        energy_j=steps * energy_j,
        full_writes=steps * full,
        until_worn=None if worn_after is None or worn_after == inf else worn_after / steps,
    )
