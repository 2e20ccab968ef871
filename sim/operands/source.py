"""What a run is given to know its operands: a file of data, or stated means."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...arch.chip import Chip
from ...arch.operands import StatedOperands as Means
from ..errors import SimulationError
from ..mapping.mapping import Mapping
from ..progress import Progress
from .layer_operands import Operands

if TYPE_CHECKING:
    from ..accuracy.model import ModelSource


class OperandSource(Protocol):
    """Where the operands of a run come from."""

    def operands(self, mapping: Mapping, chip: Chip, tell: Progress) -> Operands:
        """Operands of every layer on crossbars."""


@dataclass(frozen=True)
class StatedSource:
    """Means that somebody states, for all layers.

    Parameters
    ----------
    means : arch.operands.Operands
        Over full scale.
    """

    means: Means

    def operands(self, mapping: Mapping, chip: Chip, tell: Progress) -> Operands:
        """See `OperandSource`."""
        from .stated import stated_layers

        if chip.tile is None:
            raise SimulationError(f"chip {chip.name!r} has no crossbars: nothing on it has operands")
        operators = {o.name: o for o in mapping.network.operators}
        about = self.means.model_dump(exclude={"source"})
        return Operands("stated", stated_layers(operators, mapping.by_name, chip, self.means), about)


@dataclass(frozen=True)
class DataSource:
    """Real data, run through the float network in ONNX Runtime.

    Parameters
    ----------
    network : ModelSource
        With weights, the same that is mapped.
    data : Path
        An .npz file with an array for every input.
    exact : bool
        Compute every column sum of every sample, rather than from means and variances of some vectors.
    samples : int, optional
        Take only so many, evenly spread.
    """

    network: ModelSource
    data: Path
    exact: bool = False
    samples: int | None = None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the network's inputs for one inference: one sample, or the batch that it fixes."""
        from ..accuracy.data import load_data
        from ..accuracy.model import load_model

        model, _ = load_model(self.network)
        stored = {t.name for t in model.graph.initializer}
        data = load_data(self.data, [v for v in model.graph.input if v.name not in stored])
        return {
            name: a.shape if name in data.shared else (data.step or 1, *a.shape[1:])
            for name, a in data.arrays.items()
        }

    def operands(self, mapping: Mapping, chip: Chip, tell: Progress) -> Operands:
        """See `OperandSource`.

        Raises
        ------
        NetworkError, SimulationError
            The network has no weights; data of another shape or type, or not finite; the chip has no
            crossbars, or precisions that cannot be computed. Tensors are named.
        """
        from ..accuracy.data import load_data
        from ..accuracy.functional import Functional
        from ..accuracy.precision import Precision
        from .collect import Collector

        Precision.of(chip)  # says at once what the chip lacks
        functional = Functional(self.network, mapping)
        data = load_data(self.data, functional.inputs)
        if self.samples is not None:
            data = data.some(self.samples, functional.in_time)
        found = Collector(functional, mapping, chip, data, tell)
        layers = found.exact() if self.exact else found.statistical()
        about: dict[str, str | int | float] = {
            "file": self.data.name,
            "sha256": hashlib.sha256(self.data.read_bytes()).hexdigest(),
            "samples": data.n,
        }
        return Operands("exact" if self.exact else "statistical", layers, about)
