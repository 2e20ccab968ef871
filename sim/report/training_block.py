"""A training step in a report: forward, backward, update and storage; by layer; epoch and wear.

In the result file, `training`: batch (samples of the step), samples_per_s, storage (where activations wait:
buffer or memory), kept_bytes (activations of one sample); phases (forward, backward, update, storage, and
other, which is static energy) with path_s (time on the critical path; they add up to latency_s), busy_s
(times on resources, added up), energy_j (they add up to energy_j) and macs; layers with their phases,
kept_bytes, and wear: kind (pulses or writes), per_cell and full_writes_per_cell in one step, of a mean cell;
endurance (full writes), steps_until_worn; epoch: samples, steps, time_s, energy_j, full_writes_per_cell,
until_worn (epochs); assumptions.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ..answers.training_step import TrainingStep
from ..metrics.seconds import seconds
from ..metrics.training import OTHER, LayerUse, PhaseUse, Training
from .known import known
from .numbers import percent, si
from .page import Column, Page, line, note, numbers, section

if TYPE_CHECKING:
    from ..answers.run import Run

ASSUMPTIONS = (
    "stochastic gradient descent, softmax and cross-entropy; no biases, batch-norm folded and frozen",
    "errors are as wide as activations; the drivers and converters of a tile serve both directions",
    "a step begins when the update of the one before has ended",
)
DIGITAL = (
    "digital layers: the whole batch at once, layer by layer; gradients of weights are one product over the "
    "batch; weights are read again for the backward pass, and written back"
)
BY_PULSES = (
    "pulses: every sample updates the weights, and the next waits for it layer by layer; all crossbars of a "
    "layer take part, every replica takes every update; {activity} of the pulses meet in a cell"
)
BY_WRITES = (
    "program-and-verify: gradients are summed up digitally over the batch; then all crossbars of a layer are "
    "written at the same time, a row of each after the other; {activity} of the cells change"
)


def assumptions(run: Run) -> list[str]:
    """What the figures of a training step rest on."""
    found = list(ASSUMPTIONS)
    if any(o.role and o.role.task == "save" for o in run.network.operators):
        found.append(DIGITAL)
    update = run.chip.tile.crossbar.update if run.chip.tile else None
    if update is not None:
        text = BY_PULSES if update.kind == "pulses" else BY_WRITES
        found.append(text.format(activity=percent(update.activity)))
    if update is not None and update.kind == "pulses":
        found.append(f"wear of a full write: {update.pulses_per_write} x that of a pulse that meets another")
    return found


def training_json(run: Run) -> dict[str, Any] | None:
    """The block `training` of the result file."""
    if not isinstance(run, TrainingStep):
        return None
    step = run.training
    worn, epoch = step.most_worn, step.epoch
    found: dict[str, Any] = {
        "batch": step.batch,
        "samples_per_s": step.samples_per_s,
        "storage": step.storage,
        "kept_bytes": step.kept_bytes,
        "phases": {name: _use(use) for name, use in step.phases.items()},
        "layers": [_layer_json(layer) for layer in step.layers],
        "endurance": step.endurance,
        "most_worn": None if worn is None else worn.name,
        "steps_until_worn": step.steps_until_worn,
        "epoch": None,
        "assumptions": assumptions(run),
    }
    if epoch is not None:
        told = asdict(epoch)
        told["full_writes_per_cell"] = told.pop("full_writes")
        found["epoch"] = known(told)
    return known(found)


def _use(use: PhaseUse) -> dict[str, Any]:
    return {
        "path_s": seconds(use.path_fs),
        "busy_s": seconds(use.busy_fs),
        "energy_j": use.energy_j,
        "macs": use.macs,
    }


def _layer_json(layer: LayerUse) -> dict[str, Any]:
    wear = layer.wear
    told = None
    if wear is not None:
        told = {"kind": wear.kind, "per_cell": wear.per_cell, "full_writes_per_cell": wear.full_writes}
    return known(
        {
            "name": layer.name,
            "phases": {name: _use(use) for name, use in layer.phases.items()},
            "kept_bytes": layer.kept_bytes,
            "wear": told,
        }
    )


def training_block(run: Run, page: Page) -> list[RenderableType]:
    """The block, or nothing where this is no training step."""
    if not isinstance(run, TrainingStep):
        return []
    step = run.training
    samples = f"{step.batch} sample{'s' if step.batch > 1 else ''}"
    return [
        section(f"Training step of {samples}, {si(step.samples_per_s)} samples/s"),
        _phases(run, step, page),
        section("Training step by layer: time on the critical path, energy"),
        _layers(step, page),
        *map(line, _lines(step)),
        section("Assumptions of the training step"),
        *map(note, assumptions(run)),
    ]


def training_notes(run: Run) -> list[str]:
    """What is kept, an epoch, wear and assumptions in sentences, for the page."""
    if not isinstance(run, TrainingStep):
        return []
    return [f"{text[0].upper()}{text[1:]}." for text in [*_lines(run.training), *assumptions(run)]]


def _phases(run: Run, step: Training, page: Page) -> RenderableType:
    total_j = run.energy.total_j or 1.0
    rows = [
        (
            _NAMES.get(name, name),
            si(use.macs) if use.macs else "-",
            si(seconds(use.path_fs), "s"),
            percent(use.path_fs / step.latency_fs),
            si(seconds(use.busy_fs), "s"),
            si(use.energy_j, "J"),
            percent(use.energy_j / total_j),
        )
        for name, use in step.phases.items()
        if name != OTHER or use.energy_j or use.path_fs
    ]
    heads = ("MACs", "critical path", "", "busy", "energy", "")
    return page.table((Column(""), *numbers(*heads)), rows, gap=1)


_NAMES = {"storage": "activation storage", OTHER: "static"}


def _layers(step: Training, page: Page) -> RenderableType:
    phases = ("forward", "backward", "update")
    heads = [head for phase in phases for head in (phase, "")]
    columns = (
        Column("layer", flexible=True, least=12),
        *numbers(*heads),
        Column("kept", right=True),
        Column("writes/cell", right=True, dropped=1),
    )
    rows = [
        (
            layer.name,
            *(cell for phase in phases for cell in _cells(layer.phases.get(phase))),
            si(layer.kept_bytes, "B") if layer.kept_bytes else "-",
            _writes(layer),
        )
        for layer in step.layers
    ]
    return page.table(columns, rows, gap=1)


def _cells(use: PhaseUse | None) -> list[str]:
    if use is None:
        return ["-", "-"]
    return [
        si(seconds(use.path_fs), "s") if use.path_fs else "-",
        si(use.energy_j, "J") if use.energy_j else "-",
    ]


def _writes(layer: LayerUse) -> str:
    if layer.wear is None:
        return "-"
    return f"{si(layer.wear.per_cell)} {layer.wear.kind}"


def _lines(step: Training) -> list[str]:
    """What is kept, an epoch, and how long the cells last."""
    where = "memory" if step.storage == "memory" else "the buffers"
    lines = [f"kept of every sample for the backward pass: {si(step.kept_bytes, 'B')}, in {where}"]
    epoch, worn = step.epoch, step.most_worn
    if epoch is not None:
        lines.append(
            f"epoch of {si(epoch.samples)} samples: {epoch.steps} steps, {si(epoch.time_s, 's')}, "
            f"{si(epoch.energy_j, 'J')}"
            + (f", {_count(epoch.full_writes)} full writes of a cell" if worn is not None else "")
        )
    if worn is not None and worn.wear is not None and step.endurance is not None:
        after = f"{_count(step.steps_until_worn or 0.0)} steps"
        if epoch is not None and epoch.until_worn is not None:
            after += f", {_count(epoch.until_worn)} epochs"
        lines.append(
            f"wear: {worn.name} most, {_count(worn.wear.full_writes)} full writes of each cell in a step; "
            f"cells survive {_count(step.endurance)}: {after}"
        )
    elif worn is not None:
        lines.append("wear: how many writes a cell survives is not known (tile.crossbar.cell.endurance)")
    return lines


def _count(value: float) -> str:
    """A number of writes: in full as long as it can be read at a glance."""
    return f"{value:,.0f}" if 100 <= value < 1e6 else f"{value:.3g}"
