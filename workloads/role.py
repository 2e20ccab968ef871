"""What an operator is there for, in the network of a training step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TrainingPhase = Literal["forward", "backward", "update", "storage"]
Task = Literal[
    "forward",
    "loss",
    "error",
    "columns",
    "pulses",
    "gradient",
    "apply",
    "write",
    "save",
    "store",
    "spill",
    "load",
]


@dataclass(frozen=True)
class Role:
    """The part of one operator in a training step.

    Parameters
    ----------
    phase : {"forward", "backward", "update", "storage"}
        What reports count it to.
    layer : str
        The operator of the forward pass that it belongs to.
    task : str
        forward: as in inference. loss: the gradient of the loss. error: a gradient made by a digital unit.
        columns: a matrix product through the transposed matrix. pulses: a rank-one update inside the array.
        gradient: that of the weights, summed up digitally. apply: new weights from old ones and the gradient.
        write, save: new weights into cells, or back to where a digital chip keeps them. store: an activation
        put aside for the backward pass in a buffer; spill, load: into memory, and back from there.
    samples : int
        Samples of the batch that it works on, one after the other; 1 for what is done once per step.
    """

    phase: TrainingPhase
    layer: str
    task: Task
    samples: int = 1
