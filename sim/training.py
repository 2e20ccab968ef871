"""One training step of a network on a chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answers.training_step import TrainingStep
from .errors import SimulationError
from .simulate import simulate

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network
    from .mapping.options import MappingOptions


def simulate_training(
    network: Network,
    chip: Chip,
    *,
    batch: int = 1,
    epoch_samples: int | None = None,
    mapping: MappingOptions | None = None,
    options: dict[str, Any] | None = None,
    **more: Any,
) -> TrainingStep:
    """Run one training step: forward, backward and update (`TrainingStep.training` is its breakdown).

    Parameters
    ----------
    network : Network
        For inference, as `simulate` takes it; with softmax and cross-entropy behind its outputs.
    chip : Chip
        Crossbars need `tile.crossbar.transposed` and `tile.crossbar.update`.
    batch : int
        Samples of the step.
    epoch_samples : int
        Samples of an epoch, for its time, energy and wear; none of them if not given.
    mapping, options
        As of `simulate`.
    **more
        Of `simulate`: engine, noc, progress.

    Raises
    ------
    SimulationError
        As `simulate`; or the chip is for inference only.
    NetworkError
        The backward pass of an operator is not modelled.
    """
    from .mapping.options import MappingOptions
    from .mapping.training import training_network

    choices = mapping or MappingOptions()
    if choices.swap:
        raise SimulationError("`training` does not go with `swap`: weights would be trained in turns")
    step = training_network(network, chip, choices, batch)
    epoch = {} if epoch_samples is None else {"epoch_samples": epoch_samples}
    run = simulate(
        step,
        chip,
        mapping=choices,
        options={**(options or {}), "training": {"batch": batch, **epoch}},
        **more,
    )
    return TrainingStep.of(run)
