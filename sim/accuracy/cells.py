"""Weights as cells of a crossbar, and cells as the matrices that its reads multiply with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..kernels import conductance, slices
from .conditions import Conditions
from .devices import conductances
from .precision import Precision
from .wires import with_wires

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DrawnCells:
    """Targets of the cells of one crossbar.

    Parameters
    ----------
    digits : (n_parts, n_rows, n_columns) level of each cell, from 0 to 2**digit_bits - 1
    factors : (n_parts,) what the digital side multiplies each part by
    offset : int
        What every weight has too much, 0 for a differential pair.
    """

    digits: Floats
    factors: Integers
    offset: int


def to_cells(codes: Floats, p: Precision) -> DrawnCells:
    """Cells for the (n_rows, n_columns) weights in units of their codes; fractions if `p.continuous`."""
    offset = 0
    if p.continuous:
        parts = np.stack([np.maximum(codes, 0), np.maximum(-codes, 0)])
        return DrawnCells(parts.astype(np.float32), np.array([1, -1], np.int64), offset)
    whole = np.rint(codes).astype(np.int32)
    if p.encoding == "differential":
        cut, factors = slices.outer_slices(slices.polarities(whole), p.magnitude_bits, p.digit_bits)
    else:
        unsigned, offset = slices.offset_codes(whole, p.weight_bits)
        if p.encoding == "bias_column":
            unsigned = conductance.bias_column(unsigned, offset)
        cut, factors = slices.digits(unsigned, p.magnitude_bits, p.digit_bits)
    return DrawnCells(cut.astype(np.float32), factors, offset)


@dataclass(frozen=True)
class Reads:
    """What the reads of a crossbar multiply their inputs with: signed levels, factors, variance of a read."""

    levels: Floats
    factors: Integers
    variance: Floats | None


def to_reads(cells: DrawnCells, p: Precision, conditions: Conditions, seed: int) -> Reads:
    """The crossbar as programmed, under some conditions.

    Conductances come back as levels: the current of g_min in every cell is taken off, which a chip does
    with a reference column (assumption).
    """
    top = np.float32(2**p.digit_bits - 1)
    window = np.float32(p.device.g_max_us - p.g_min_us)
    target = np.float32(p.g_min_us) + cells.digits * (window / top)
    bare, sigma = conductances(p.device, target, p.g_min_us, conditions, seed)
    g = with_wires(bare, p, conditions.irdrop)
    if sigma is not None and g is not bare:  # to first order a cell's noise is lost as its current is
        sigma = sigma * np.divide(g, bare, out=np.ones_like(g), where=bare > 0)
    levels = (g - np.float32(p.g_min_us)) * (top / window)
    variance = None if sigma is None else np.square(sigma * (top / window))
    return _joined(levels, cells.factors, variance, p)


def ideal_reads(cells: DrawnCells, p: Precision) -> Reads:
    """The crossbar as it should be."""
    return _joined(cells.digits, cells.factors, None, p)


def _joined(levels: Floats, factors: Integers, variance: Floats | None, p: Precision) -> Reads:
    """The two polarities of a pair as one matrix, unless they are converted apart."""
    if p.encoding != "differential" or p.apart:
        return Reads(levels, factors, variance)
    half = len(factors) // 2
    both = None if variance is None else variance[:half] + variance[half:]
    return Reads(levels[:half] - levels[half:], factors[:half], both)
