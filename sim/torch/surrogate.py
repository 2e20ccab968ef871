"""A layer on crossbars in one differentiable step: what training sees of a chip.

Inputs and converters are rounded as on the chip, weights are the conductances of devices drawn anew for every
call from the same models as `ohmsum accuracy`, reads have their noise. Two things are simpler than there: all
slices of an input and of a weight are read at once, with one conversion whose error has the variance of the
many; and the reads that calibrate a digital correction are free of noise. Gradients go straight through
everything that rounds, and stop where something is clipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..accuracy.cells import Cells, Reads, ideal_reads, to_cells, to_reads
from ..accuracy.conditions import Conditions
from ..accuracy.crossbar import Crossbar, input_slices
from ..accuracy.layer import Layer, blocks
from ..accuracy.precision import Precision
from ..kernels import compensation, conductance
from ..kernels.rng import derive_seed
from .unfold import Unfolded

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


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


@dataclass(frozen=True)
class Converter:
    """The one conversion that stands for all reads of a crossbar, in units of input codes x weight codes."""

    step: float
    low: int
    high: int


def converter(bar: Crossbar) -> Converter:
    """Rounding errors of reads are independent and add in squares, weighted by their digital factors."""
    p = bar.p
    weights = np.abs(np.multiply.outer(_drive_factors(bar), bar.ideal.factors)).reshape(-1).astype(float)
    n_groups = _row_groups(bar)
    low, high = bar.adc_range
    if weights.size == n_groups == 1 and p.encoding != "bias_column":
        return Converter(bar.adc_step, low, high)
    if not p.continuous and bar.adc_step == 1.0:
        step = 1.0  # whole levels, read without loss
    else:
        twice = 2 if p.encoding == "bias_column" else 1  # the reference column has an error of its own
        step = bar.adc_step * math.sqrt(twice * n_groups * float((weights**2).sum()))
    reach = math.ceil(high * bar.adc_step * weights.sum() * n_groups / step)
    return Converter(step, -reach, reach)


def _drive_factors(bar: Crossbar) -> Integers:
    return input_slices(bar.sample[:1], bar.p, bar.signed)[1]


def _row_groups(bar: Crossbar) -> int:
    """Reads of a column, one group of active rows after the other."""
    return -(-len(bar.block.codes) // bar.p.active_rows)


@dataclass(frozen=True)
class Drawn:
    """A crossbar drawn for one call, in weight codes, and its digital correction.

    Parameters
    ----------
    matrix : (n_rows, n_columns) what all reads together multiply with
    variance : of the matrix from read to read, or None
    gain, offset : (n_columns,) of the correction; offsets of converters are in it, too
    """

    matrix: Floats
    variance: Floats | None
    gain: Floats
    offset: Floats


def draw(bar: Crossbar, codes: Floats, conditions: Conditions, scale: float, seed: int) -> Drawn:
    """Devices for the weights `codes` of a crossbar; deviations from the ideal are multiplied by `scale`."""
    p = bar.p
    cells = to_cells(codes, p)
    ideal, _ = combined(ideal_reads(cells, p), cells, p)
    gain, offset = np.ones(codes.shape[1], np.float32), np.zeros(codes.shape[1], np.float32)
    noisy = conditions.noise and bool(p.device.fit)
    if scale == 0 or not (noisy or conditions.yield_fraction < 1 or p.imperfect):
        return Drawn(ideal, None, gain, offset)
    gains, offsets = bar.spread(derive_seed(seed, 4))
    now, variance = combined(to_reads(cells, p, conditions, seed), cells, p, gains)
    shift = _shift(bar, offsets)
    if conditions.compensation == "affine" and len(bar.sample) >= 2:
        fitted = compensation.affine_calibration(bar.sample @ now + shift, bar.sample @ codes)
        gain, offset = fitted[0].astype(np.float32), fitted[1].astype(np.float32)
    elif noisy and conditions.compensation == "drift" and _aged(conditions):
        fresh = Conditions(yield_fraction=conditions.yield_fraction, irdrop=conditions.irdrop)
        then, _ = combined(to_reads(cells, p, fresh, seed), cells, p, gains)
        outputs = bar.sample @ now + shift
        if outputs.any():
            gain *= np.float32(compensation.reference_ratio(bar.sample @ then + shift, outputs))
    size = np.float32(scale)
    return Drawn(
        ideal + size * (now - ideal),
        None if variance is None else variance * size**2,
        gain,
        offset + gain * size * shift,
    )


def combined(
    reads: Reads, cells: Cells, p: Precision, gains: Floats | None = None
) -> tuple[Floats, Floats | None]:
    """The matrix that all reads together multiply with, in weight codes, and its variance by read.

    Parameters
    ----------
    gains : (n_parts, n_columns) of the converters, None if they are 1
    """
    factors = reads.factors.astype(np.float32)[:, None, None]
    if gains is not None:
        factors = factors * gains.astype(np.float32)[:, None]
    matrix = (factors * reads.levels).sum(axis=0)
    variance = None if reads.variance is None else (factors**2 * reads.variance).sum(axis=0)
    if p.encoding == "bias_column":
        matrix = matrix[:, :-1] - matrix[:, -1:]
        variance = None if variance is None else variance[:, :-1] + variance[:, -1:]
    elif cells.offset:
        matrix = matrix - np.float32(cells.offset)
    return matrix, variance


def _shift(bar: Crossbar, offsets: Floats | None) -> Floats:
    """What the offsets of the converters add to the sums of every column, in codes."""
    if offsets is None:
        return np.zeros(bar.block.codes.shape[1], np.float32)
    reads = bar.adc_step * _row_groups(bar) * float(_drive_factors(bar).sum())
    columns = (reads * (bar.ideal.factors[:, None] * offsets).sum(0)).astype(np.float32)
    return columns[:-1] - columns[-1:] if bar.p.encoding == "bias_column" else columns


def _aged(conditions: Conditions) -> bool:
    return conditions.time_s > 0 or conditions.temperature_c != 25.0


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

    def __init__(self, layer: Layer, unfolded: Unfolded, conditions: Conditions, scale: float) -> None:
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
        inputs = rounded(unfolded.image(x) * (1 / layer.step), *layer.range)
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
        return unfolded.output(whole * unfolded.by_column(by_column * layer.step))

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
        y = rounded(y / adc.step, adc.low, adc.high) * adc.step
        gain, offset = (unfolded.by_column(torch.from_numpy(v)) for v in (drawn.gain, drawn.offset))
        return y * gain + offset
