"""Layers with ranges from all that the float network shows them, in two passes over the calibration data."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from ..mapping import Mapping
from ..progress import Progress
from .data import Data
from .functional import Functional
from .layer import ComputedLayer, Draft, Inputs, blocks, tiled_product
from .own_codes import NO_CODES
from .precision import Precision

Floats = npt.NDArray[np.float32]
FEWEST_SAMPLES, MOST_SAMPLES = 64, 512
CALIBRATION_MACS = 2e9
"""Multiply-accumulates of all samples together, between the fewest and the most."""


@dataclass(frozen=True)
class Observed:
    """What the layers of a network see of the calibration data, and how exactly their tiles compute it.

    Parameters
    ----------
    precisions : dict of str to Precision
        What it hangs on, by layer: chips with the same can share it.
    drafts : dict of str to Draft
    mapping_error : float
        Largest deviation of the tiled float32 product from ONNX Runtime on the calibration data, relative to
        the largest output: 1e-6 says that the tiles compute the network.
    """

    precisions: dict[str, Precision]
    drafts: dict[str, Draft]
    mapping_error: float

    def serves(self, functional: Functional, by_layer: Dict[str, Precision]) -> bool:
        """Whether the same layers on tiles of these precisions see the same."""
        wanted = {name: by_layer[name].observed for name in functional.matrices}
        return self.precisions == wanted and [*self.drafts] == [*wanted]

    def layers(self, by_layer: Dict[str, Precision]) -> dict[str, ComputedLayer]:
        """The layers with converters and devices of these precisions."""
        return {name: draft.layer(by_layer[name]) for name, draft in self.drafts.items()}


def enough_samples(functional: Functional, mapping: Mapping) -> int:
    """Samples that calibrate: as many as cost little, for columns that see one sum of each sample."""
    layers = [(o, o.matrix) for o in mapping.network.operators if o.matrix and o.name in functional.matrices]
    macs = sum(o.output.grid.n_tokens * m.applications * m.groups * m.k * m.n for o, m in layers)
    return int(min(MOST_SAMPLES, max(FEWEST_SAMPLES, CALIBRATION_MACS / max(1, macs))))


def observe(
    functional: Functional,
    mapping: Mapping,
    by_layer: Dict[str, Precision],
    data: Data,
    batch: int,
    tell: Progress,
) -> Observed:
    """Ranges of inputs in a first pass, of converters in a second: sums of columns follow from input codes.

    Raises
    ------
    SimulationError
        Data that never reach a layer or make its inputs infinite, precisions that they do not fit; by name.
    """
    matrices = functional.matrices
    parts = functional.input_parts
    inputs = {name: Inputs(m.shape[0] * m.shape[1], parts.get(name, ())) for name, m in matrices.items()}
    cut = {name: list(blocks(m, by_layer[name])) for name, m in matrices.items()}

    def seen(take: Callable[[str, Floats], None]) -> Callable[[str, Floats], Floats]:
        def product(name: str, x: Floats) -> Floats:
            try:
                take(name, x)
            except ValueError as error:
                raise SimulationError(f"layer {name!r}: its inputs are not valid: {error}") from None
            return tiled_product(x, cut[name], matrices[name].shape[0] * matrices[name].shape[2])

        return product

    error = scale = 0.0
    for i, feeds in enumerate(data.batches(batch)):
        tell("calibration: inputs", i * batch / data.n / 2)
        mine = functional.run(feeds, seen(lambda name, x: inputs[name].add(x)))
        for name, value in functional.reference(feeds).items():
            if value.dtype.kind == "f":
                error = max(error, float(np.abs(mine[name] - value).max(initial=0)))
                scale = max(scale, float(np.abs(value).max(initial=0)))
    for name, one in inputs.items():
        if not one.n_vectors:
            raise SimulationError(f"layer {name!r}: the data never reach it, nothing to calibrate it with")
    own = functional.own_codes
    drafts = {
        n: Draft(n, m, mapping.blocks_of(n).tiling, by_layer[n], inputs[n], own.get(n, NO_CODES))
        for n, m in matrices.items()
    }
    for i, feeds in enumerate(data.batches(batch)):
        tell("calibration: converters", 0.5 + i * batch / data.n / 2)
        functional.run(feeds, seen(lambda name, x: drafts[name].add(x)))
    return Observed({n: by_layer[n].observed for n in matrices}, drafts, error / scale if scale else error)
