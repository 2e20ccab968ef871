"""Where the parts of a training step run.

The way back of a layer on crossbars, and its update, use the same cells as the layer itself (place
``cells``); a layer elsewhere takes them along. Gradients of weights that are not made in the array are made
on MAC arrays, else on a unit of the layer's own tiles that offers ``mac`` (or ``mul`` and ``add``), else on
the host. Activations wait in the buffers, as many samples as all of them together hold (any address in any
buffer: assumption), or in memory if not even one sample fits.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import replace
from math import ceil

from ...arch.chip import Chip
from ...workloads.graph import Network, Operator
from ...workloads.training import training_step
from ...workloads.training_plan import Method, TrainingPlan
from ..errors import SimulationError
from .assignment import (
    HOST,
    Analog,
    Assignment,
    Cells,
    Choice,
    InCells,
    InMemory,
    OnArray,
    OnChipUnits,
    OnCrossbars,
    OnTileUnits,
)
from .options import MappingOptions
from .places import choose, offers, on_chip, on_tile, split


def training_network(network: Network, chip: Chip, options: MappingOptions, batch: int) -> Network:
    """One training step of a network, as this chip makes it.

    Raises
    ------
    SimulationError
        The chip is for inference only, or cannot keep the activations; the message names the field.
    NetworkError
        An operator whose backward pass is not modelled.
    """
    network = split(network, chip, options)
    plan = TrainingPlan(
        batch=batch,
        methods=_methods(network, chip, options),
        gradient_at_once=chip.mac_array is not None,
        gradient_functions=_gradient_functions(chip),
    )
    step = training_step(network, plan)
    _check_transposed(step, chip, plan.methods)
    if samples_kept(step, chip) < 1:
        if chip.memory is None:
            raise SimulationError(
                f"chip {chip.name!r}: the backward pass needs {kept_bytes(step, chip)} bytes of activations "
                f"of each sample, the buffers hold {_capacity_bytes(chip)}; use larger buffers, more chips "
                "(`chips`), or a chip with memory"
            )
        step = training_step(network, replace(plan, storage="memory"))
    return step


def kept_bytes(step: Network, chip: Chip) -> int:
    """Bytes of activations that the backward pass needs of one sample."""
    word = ceil(chip.activation_bits / 8)
    return sum(o.output.size * word for o in step.operators if o.role and o.role.task in ("store", "spill"))


def samples_kept(step: Network, chip: Chip) -> int:
    """Samples whose activations can wait at the same time; 0 if not even one fits into the buffers."""
    batch = max(o.samples for o in step.operators)
    if any(o.role and o.role.task == "load" for o in step.operators):
        return batch
    fit = _capacity_bytes(chip) // max(1, kept_bytes(step, chip))
    # Without crossbars every layer takes the whole batch before the next one begins.
    return min(batch, fit) if chip.tile is not None else batch * (fit >= batch)


def choices_of(network: Network, chip: Chip, options: MappingOptions) -> dict[str, Choice]:
    """Place of every operator; what belongs to a training step goes where its layer is."""
    found: dict[str, Choice] = {}
    for o in network.operators:
        found[o.name] = choose(o, chip, options) if o.role is None else _of_role(o, chip, options, found)
    return found


def _of_role(o: Operator, chip: Chip, options: MappingOptions, found: Dict[str, Choice]) -> Choice:
    assert o.role is not None
    task = o.role.task
    if task in ("pulses", "write"):
        return Cells(o.name, "its layer's cells are written")
    if task == "columns":
        layer = found[o.role.layer]
        if isinstance(layer, Analog):
            return Cells(o.name, "its layer's cells, read from their columns")
        return _beside(o, chip, layer)
    if chip.memory is not None and task in ("spill", "load", "save"):
        return InMemory(operator=o.name, reason="kept in memory", memory=chip.memory)
    return choose(o, chip, options)


def _beside(o: Operator, chip: Chip, layer: Choice) -> Choice:
    """On the same hardware as a layer that is not on crossbars."""
    here = replace(layer, operator=o.name, reason="where its layer is")
    match here:
        case OnArray() | OnChipUnits():
            return replace(here, fused=on_chip(o, chip))
        case OnTileUnits():
            return replace(here, fused=on_tile(o, chip))
    return here


def near_layer(o: Operator, found: Dict[str, Assignment]) -> tuple[int, ...] | None:
    """Tiles of the layer that a part of a training step belongs to, if it is to run there."""
    if o.role is None or o.role.task == "forward" or o.role.layer not in found:
        return None
    layer = found[o.role.layer]
    whole = o.role.task in ("gradient", "apply")
    near = layer.tiles if whole else layer.sources
    return near if near and near[0] != HOST else None


def in_cells(o: Operator, reason: str, layer: OnCrossbars) -> InCells:
    """An operator in the cells of its layer: same crossbars, same cut."""
    matrix = o.matrix or layer.matrix
    here = replace(layer, operator=o.name, reason=reason, sources=layer.tiles, matrix=matrix, fused=())
    return InCells(**vars(here), layer=layer.operator)


def _methods(network: Network, chip: Chip, options: MappingOptions) -> dict[str, Method]:
    """How the weights of each layer change.

    Raises
    ------
    SimulationError
        Its cells cannot.
    """
    methods: dict[str, Method] = {}
    for o in network.operators:
        if o.matrix is None:
            continue
        if chip.tile is None or not isinstance(choose(o, chip, options), Analog):
            methods[o.name] = "digital"
            continue
        update = chip.tile.crossbar.update
        if update is None:
            raise SimulationError(
                f"chip {chip.name!r} is for inference only: tile.crossbar.update is missing, expected how "
                "its cells change (kind program_verify with write_time and write_energy, or kind pulses), "
                "and tile.crossbar.transposed"
            )
        if update.kind == "pulses" and chip.tile.slices > 1:
            raise SimulationError(
                f"chip {chip.name!r}: tile.crossbar.update.kind pulses needs a weight in one cell (or one "
                f"pair), found {chip.tile.slices} cells of {chip.tile.crossbar.cell.bits} bits for "
                f"{chip.tile.weights.bits}-bit weights; use kind program_verify"
            )
        methods[o.name] = "pulses" if update.kind == "pulses" else "write"
    return methods


def _check_transposed(step: Network, chip: Chip, methods: Dict[str, Method]) -> None:
    """Raise if an error has to go back through crossbars that cannot be read from their columns."""
    if chip.tile is None or chip.tile.crossbar.transposed is not None:
        return
    for o in step.operators:
        if o.role and o.role.task == "columns" and methods[o.role.layer] != "digital":
            raise SimulationError(
                f"chip {chip.name!r} is for inference only: tile.crossbar.transposed is missing, the "
                f"backward pass of {o.role.layer!r} needs arrays that can be read from their columns "
                "(`set: tile.crossbar.transposed.read_time=100 ns`)"
            )


def _gradient_functions(chip: Chip) -> tuple[str, ...]:
    """What a unit takes for a multiply-accumulate."""
    by_two = offers(chip, "mul") and offers(chip, "add")
    return ("mul", "add") if by_two and not offers(chip, "mac") else ("mac",)


def _capacity_bytes(chip: Chip) -> int:
    """All buffers for activations together."""
    per_chip = chip.tile.count * chip.tile.buffer.capacity_bytes if chip.tile else 0
    if chip.mac_array is not None:
        per_chip += chip.mac_array.count * chip.mac_array.buffer.capacity_bytes
    return per_chip * chip.n_chips
