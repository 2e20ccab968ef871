"""A layer on crossbars in one differentiable step: what training sees of a chip.

Inputs and converters are rounded as on the chip, weights are the conductances of devices drawn anew for every
call from the same models as `ohmsum accuracy`, reads have their noise. Two things are simpler than there: all
slices of an input and of a weight are read at once, with one conversion whose error has the variance of the
many; and the reads that calibrate a digital correction are free of noise. Gradients go straight through
everything that rounds, and stop where something is clipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..accuracy.conditions import Conditions
from ..accuracy.layer import ComputedLayer, blocks
from ..kernels import conductance
from ..kernels.rng import derive_seed
from .drawn import Converter, Drawn, converter, draw
from .unfold import Unfolded


class Rounded(torch.autograd.Function):
    """``clip(rint(x), low, high)``; the gradient is 1 within the range and 0 beyond."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: int, high: int) -> Tensor:
        """Whole numbers, ties to even, as the kernels round."""
        whole = torch.round(x)
        ctx.save_for_backward((whole >= low) & (whole <= high))
        return whole.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Straight through."""
        (within,) = ctx.saved_tensors
        return grads[0] * within, None, None


def rounded(x: Tensor, low: int, high: int) -> Tensor:
    """Codes for values in units of a code."""
    codes: Tensor = Rounded.apply(x, low, high)  # type: ignore[no-untyped-call]
    return codes


class Surrogate:
    """The products of one layer, with ranges taken from a calibrated `Layer`.

    Parameters
    ----------
    layer : Layer
    conditions : Conditions
        Of every call.
    scale : float
        Factor on all deviations of the devices: 1 is the chip, 0 leaves quantization alone.
    """

    def __init__(
        self, layer: ComputedLayer, unfolded: Unfolded, conditions: Conditions, scale: float
    ) -> None:
        self.layer, self.unfolded, self.conditions, self.scale = layer, unfolded, conditions, scale
        self.converters = [converter(bar) for bar in layer.crossbars]

    def __call__(self, x: Tensor, matrix: Tensor, seed: int, generator: torch.Generator) -> Tensor:
        """The layer's output without its bias, for its input and weights (groups, k, n).

        Parameters
        ----------
        seed : of the devices
        generator : of the read noise
        """
        layer, p, unfolded = self.layer, self.layer.p, self.unfolded
        inputs = rounded(unfolded.image(x) * (1 / layer.codes.step), layer.codes.low, layer.codes.high)
        weights = matrix.detach().numpy()
        columns = weights.transpose(1, 0, 2).reshape(layer.k, layer.groups * layer.n)
        steps = conductance.weight_steps(columns, p.weight_bits)
        codes = weights / steps.reshape(layer.groups, 1, layer.n)
        if not p.continuous:
            codes = np.clip(np.rint(codes), -p.weight_top, p.weight_top)
        by_column = torch.from_numpy(steps)
        relative = matrix / by_column.reshape(layer.groups, 1, layer.n)
        sums: dict[int, Tensor] = {}
        parts = blocks(codes.astype(np.float32), p)
        for i, (bar, block) in enumerate(zip(layer.crossbars, parts, strict=True)):
            drawn = draw(bar, block.codes, self.conditions, self.scale, derive_seed(seed, i))
            mine = self._cut(relative, block.rows, block.columns)
            real = mine + (torch.from_numpy(drawn.matrix) - mine).detach()
            y = self._read(inputs, block.rows, real, drawn, self.converters[i], generator)
            start = block.columns.start
            sums[start] = sums[start] + y if start in sums else y
        whole = unfolded.joined([sums[start] for start in sorted(sums)])
        return unfolded.output(whole * unfolded.by_column(by_column * layer.codes.step))

    def _cut(self, matrix: Tensor, rows: slice, columns: slice) -> Tensor:
        """The weights of one crossbar, as `accuracy.layer.blocks` cuts them."""
        k, n = self.layer.k, self.layer.n
        first, last = columns.start // n, (columns.stop - 1) // n
        if first < last:
            return torch.block_diag(*matrix[first : last + 1])  # type: ignore[no-untyped-call, no-any-return]
        top, left = rows.start - first * k, columns.start - first * n
        height, width = rows.stop - rows.start, columns.stop - columns.start
        return matrix[first, top : top + height, left : left + width]

    def _read(
        self,
        inputs: Tensor,
        rows: slice,
        real: Tensor,
        drawn: Drawn,
        adc: Converter,
        generator: torch.Generator,
    ) -> Tensor:
        """Noise, one conversion, and the digital correction."""
        unfolded = self.unfolded
        y = unfolded.product(inputs, real, rows)
        if drawn.variance is not None:
            with torch.no_grad():
                sigma = unfolded.product(inputs.square(), torch.from_numpy(drawn.variance), rows).sqrt_()
                noise = sigma * torch.randn(y.shape, generator=generator)
            y = y + noise
        step = unfolded.by_column(torch.from_numpy(adc.step))
        y = rounded(y / step, adc.low, adc.high) * step
        gain, offset = (unfolded.by_column(torch.from_numpy(v)) for v in (drawn.gain, drawn.offset))
        return y * gain + offset
