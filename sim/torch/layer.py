"""One layer of a network as it behaves on a chip."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ...arch.chip import Chip
from ...workloads.graph import Matrix
from ..accuracy.conditions import Conditions
from ..accuracy.crossbar import Programmed
from ..accuracy.layer import ComputedLayer
from ..accuracy.precision import Precision
from ..errors import SimulationError
from ..kernels.rng import derive_seed
from ..mapping.tiling import Array, tile_matrix
from .surrogate import Surrogate
from .unfold import Unfolded

Floats = npt.NDArray[np.float32]
SAMPLE_VECTORS = 4096  # that ranges are taken from


@dataclass(frozen=True)
class Hardware:
    """A chip and how its layers are trained and calibrated; see `on_chip`."""

    chip: Chip
    precision: Precision
    conditions: Conditions
    noise_scale: float
    recalibrate: int
    seed: int
    generator: torch.Generator

    def layer(self, name: str, matrix: Floats, sample: Floats) -> ComputedLayer:
        """The matrix on crossbars, ranges from the sample."""
        tile = self.chip.tile
        assert tile is not None
        crossbar = tile.crossbar
        array = Array(crossbar.rows, tile.weight_columns, tile.columns_per_weight, crossbar.cols)
        groups, k, n = matrix.shape
        tiling = tile_matrix(Matrix(k, n, groups), array, name)
        return ComputedLayer.of(name, matrix, tiling, self.precision, sample)


class AnalogLayer(nn.Module):
    """A Linear, Conv1d or Conv2d layer on crossbars; its parameters are those of the layer it stands for.

    In training it computes the `Surrogate`, whose ranges it renews from its own inputs every
    `Hardware.recalibrate` calls. In evaluation it computes the kernels, on the devices that it was programmed
    with.
    """

    def __init__(self, name: str, layer: nn.Module, hardware: Hardware) -> None:
        super().__init__()
        self.weight: nn.Parameter = layer.weight  # type: ignore[assignment]
        self.bias: nn.Parameter | None = layer.bias  # type: ignore[assignment]
        self.name, self.hardware, self.unfolded = name, hardware, Unfolded(layer)
        # A tuple, so that the layer is no child of this one: its parameters are here.
        self._layer = (layer,)
        self._surrogate: Surrogate | None = None
        self._calls = 0
        self._samples: list[Floats] | None = None
        self._calibrated: ComputedLayer | None = None
        self._programmed: list[Programmed] = []
        self._done = 0

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output."""
        if self._samples is not None:
            self._samples.append(thinned(self.unfolded.rows(x).detach().numpy()))
            return self._layer[0](x)  # type: ignore[no-any-return]
        y = self._trained(x) if self.training else self._computed(x)
        if self.bias is None:
            return y
        return y + (self.bias.reshape(-1, *[1] * self.unfolded.axes) if self.unfolded.axes else self.bias)

    def sample(self, on: bool) -> None:
        """Begin or end to compute exactly and keep the inputs; at the end ranges are taken from them."""
        if not on and self._samples:
            sample = thinned(np.concatenate(self._samples))
            self._calibrated = self.hardware.layer(self.name, self._matrix(), sample)
            self._programmed = []
        self._samples = [] if on else None

    def program(self, conditions: Conditions, seed: int) -> None:
        """Draw devices, exactly as `ohmsum accuracy` does for the operator of this name and that seed."""
        if self._calibrated is None:
            raise SimulationError(f"layer {self.name!r}: no ranges yet; call calibrate() with some inputs")
        mine = derive_seed(seed, zlib.crc32(self.name.encode()))
        self._programmed, self._done = self._calibrated.program(conditions, mine), 0

    def extra_repr(self) -> str:
        """Size of the matrix, in words."""
        u = self.unfolded
        return f"{u.k} x {u.n}" + (f" x {u.groups}" if u.groups > 1 else "")

    def _trained(self, x: Tensor) -> Tensor:
        hardware = self.hardware
        if self._surrogate is None or self._calls % hardware.recalibrate == 0:
            sample = thinned(self.unfolded.rows(x.detach()).numpy())
            layer = hardware.layer(self.name, self._matrix(), sample)
            self._surrogate = Surrogate(layer, self.unfolded, hardware.conditions, hardware.noise_scale)
        self._calls += 1
        seed = derive_seed(hardware.seed, zlib.crc32(self.name.encode()), self._calls)
        n_threads = numba.get_num_threads()
        numba.set_num_threads(1)  # draws come in small parts: a second thread costs more than it saves
        try:
            return self._surrogate(x, self.unfolded.matrix(self.weight), seed, hardware.generator)
        finally:
            numba.set_num_threads(n_threads)

    def _computed(self, x: Tensor) -> Tensor:
        if self._calibrated is None or not self._programmed:
            raise SimulationError(
                f"layer {self.name!r} has no devices: call calibrate() and program() before evaluation"
            )
        rows = np.ascontiguousarray(self.unfolded.rows(x.detach()).numpy())
        y = self._calibrated.compute(self._programmed, rows, self._done)
        self._done += len(rows)
        return self.unfolded.back(torch.from_numpy(y), x)

    def _matrix(self) -> Floats:
        return np.ascontiguousarray(self.unfolded.matrix(self.weight.detach()).numpy())


def thinned(rows: Floats) -> Floats:
    """At most about `SAMPLE_VECTORS` rows, evenly spread."""
    return np.array(rows[:: 1 + len(rows) // SAMPLE_VECTORS])
