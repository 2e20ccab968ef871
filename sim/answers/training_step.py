"""One step of training: a run of the forward pass, the backward pass and the update."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar

from ..figures import Kind
from ..metrics.training import Training, training
from .run import Run


@dataclass(frozen=True, eq=False, repr=False)
class TrainingStep(Run):
    """A simulated step of training; an inference, everywhere in `Run`, is then one step.

    ``options["training"]`` says of how many samples it is, and of how many an epoch.
    """

    kind: ClassVar[Kind] = "training"
    headline: ClassVar[tuple[str, ...]] = ("latency_s", "training.samples_per_s", "energy_j")
    one: ClassVar[str] = "step"

    @staticmethod
    def of(run: Run) -> TrainingStep:
        """The step that a run of a network for training was."""
        return TrainingStep(**{field.name: getattr(run, field.name) for field in fields(run)})

    @property
    def mapping_bounds(self) -> None:
        """None: they hold for inferences."""
        return None

    @cached_property
    def training(self) -> Training:
        """Forward, backward and update apart."""
        samples = self.options["training"].get("epoch_samples")
        return training(
            self.network, self.chip, self.program, self.single, self.energy, self.critical_path, samples
        )
