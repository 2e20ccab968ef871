"""Times and energies in parts of their whole, for the page: kinds of work, phases of a training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...metrics.seconds import seconds
from ..colours import WORK, of_classes
from ..generation_report import non_matrix

if TYPE_CHECKING:
    from ...answers.generation import Generation
    from ...answers.training_step import TrainingStep
    from ...metrics.breakdown import Breakdown

PHASES = {
    "forward": "#4c78a8",
    "backward": "#f58518",
    "update": "#54a24b",
    "storage": "#b279a2",
    "other": "#8a8fa3",
}
"""Colours of the phases of a training step."""


def work_shares(made: Generation) -> dict[str, Any]:
    """Kinds of work of every phase of a language model, as `shares.js` shows them."""
    rows: list[dict[str, Any]] = [
        {"name": f"{name} {what}", "unit": unit, "values": values}
        for name, shares in made.shares.items()
        for what, unit, values in (("time", "s", shares.time_s), ("energy", "J", shares.energy_j))
        if sum(values.values()) > 0
    ]
    told = non_matrix(made)
    lead = (
        "Times are those of the critical path of one prompt, and of the whole decoding phase. "
        f"{told[0].upper()}{told[1:]}."
    )
    return {"title": "Kinds of work", "lead": lead, "colours": WORK, "rows": rows}


def part_shares(found: Breakdown) -> dict[str, Any]:
    """Classes of resources on the critical paths, and components of the energy."""
    rows: list[dict[str, Any]] = [
        {"name": "time", "unit": "s", "values": dict(found.time_by_class_s)},
        {"name": "energy", "unit": "J", "values": dict(found.energy_by_component_j)},
    ]
    names = dict.fromkeys(name for row in rows for name in row["values"])
    lead = "Critical paths by class of resources, and energy by component, of everything that ran."
    return {"title": "Parts of the hardware", "lead": lead, "colours": of_classes(names), "rows": rows}


def training_shares(step: TrainingStep) -> dict[str, Any]:
    """Forward, backward and update of a training step."""
    phases = step.training.phases
    rows: list[dict[str, Any]] = [
        {
            "name": "critical path",
            "unit": "s",
            "values": {name: seconds(use.path_fs) for name, use in phases.items()},
        },
        {"name": "busy", "unit": "s", "values": {name: seconds(use.busy_fs) for name, use in phases.items()}},
        {"name": "energy", "unit": "J", "values": {name: use.energy_j for name, use in phases.items()}},
    ]
    shown = [row for row in rows if any(row["values"].values())]
    lead = "What is none of the phases is drawn all the time. Busy: times on resources, added up."
    return {"title": "Training step", "lead": lead, "colours": PHASES, "rows": shown}
