"""Crossbars drawn for one call of a layer in training: matrix with noise, one conversion, correction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..accuracy.cells import DrawnCells, Reads, ideal_reads, to_cells, to_reads
from ..accuracy.conditions import Conditions
from ..accuracy.crossbar import ComputedCrossbar, input_slices
from ..accuracy.precision import Precision
from ..kernels import compensation
from ..kernels.rng import derive_seed

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Converter:
    """The one conversion that stands for all reads of a crossbar, in units of input codes x weight codes.

    Parameters
    ----------
    step : (n_columns,) of every weight's column
    low, high : codes
    """

    step: Floats
    low: int
    high: int


def converter(bar: ComputedCrossbar) -> Converter:
    """Rounding errors of reads are independent and add in squares, weighted by their digital factors."""
    p = bar.p
    weights = np.abs(np.multiply.outer(_drive_factors(bar), bar.ideal.factors)).reshape(-1).astype(float)
    n_groups = _row_groups(bar)
    adc = bar.converter
    if weights.size == n_groups == 1 and p.encoding != "bias_column":
        return Converter(adc.steps.astype(np.float32), adc.low, adc.high)
    own, reference = adc.steps, np.float64(0)
    if p.encoding == "bias_column":  # the reference column has an error of its own
        own, reference = own[:-1], own[-1]
    step = np.hypot(own, reference) * math.sqrt(n_groups * float((weights**2).sum()))
    if not p.continuous and adc.widest == 1.0:
        step = np.ones(len(own))  # whole levels, read without loss
    reach = math.ceil(float((adc.high * own * weights.sum() * n_groups / step).max()))
    return Converter(step.astype(np.float32), -reach, reach)


def _drive_factors(bar: ComputedCrossbar) -> Integers:
    return input_slices(bar.sample[:1], bar.p, bar.signed)[1]


def _row_groups(bar: ComputedCrossbar) -> int:
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


def draw(bar: ComputedCrossbar, codes: Floats, conditions: Conditions, scale: float, seed: int) -> Drawn:
    """Devices for the weights `codes` of a crossbar; deviations from the ideal are multiplied by `scale`."""
    p = bar.p
    cells = to_cells(codes, p)
    ideal, _ = combined(ideal_reads(cells, p), cells, p)
    gain, offset = np.ones(codes.shape[1], np.float32), np.zeros(codes.shape[1], np.float32)
    noisy = conditions.noise and p.device.noisy
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
    reads: Reads, cells: DrawnCells, p: Precision, gains: Floats | None = None
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


def _shift(bar: ComputedCrossbar, offsets: Floats | None) -> Floats:
    """What the offsets of the converters add to the sums of every column, in codes."""
    if offsets is None:
        return np.zeros(bar.block.codes.shape[1], np.float32)
    reads = bar.converter.steps * _row_groups(bar) * float(_drive_factors(bar).sum())
    columns: Floats = (reads * (bar.ideal.factors[:, None] * offsets).sum(0)).astype(np.float32)
    return columns[:-1] - columns[-1:] if bar.p.encoding == "bias_column" else columns


def _aged(conditions: Conditions) -> bool:
    return conditions.time_s > 0 or conditions.temperature_c != 25.0
