"""Column sums and the codes of converters: computed one by one, or from means and variances.

Sums are in units of the converter's range: 1 gives the highest code. Histograms have `N_BINS` equal bins.
"""

from __future__ import annotations

from math import erf, sqrt
from typing import Protocol

import numpy as np

from ..accuracy.crossbar import Crossbar
from .drives import Doubles, Floats, ReadPlan
from .layer_operands import N_BINS

SUM_EDGES = np.linspace(-1, 1, N_BINS + 1)
CODE_EDGES = np.linspace(0, 1, N_BINS + 1)


class Columns(Protocol):
    """What becomes of the columns of a layer, over all vectors and reads."""

    def add(self, bar: Crossbar, plan: ReadPlan, index: int, drives: Floats) -> None:
        """Take in the drives (reads, vectors, rows) of one crossbar, the `index`-th of the layer."""

    def total(self) -> ColumnTotals:
        """What came of all that was taken in."""


class ColumnTotals:
    """Sums over conversions; every crossbar, read and column counts alike.

    Attributes
    ----------
    n : float
        Conversions.
    codes : dict of int to float
        By crossbar, the sum of magnitudes of codes over the highest.
    sums, sums_squared : float
        Sums of the columns, and of their squares.
    sum_histogram, code_histogram : (N_BINS,)
    clipped : float
        Conversions beyond the range.
    """

    def __init__(self) -> None:
        self.n = self.sums = self.sums_squared = self.clipped = 0.0
        self.codes: dict[int, float] = {}
        self.sum_histogram: Doubles = np.zeros(N_BINS)
        self.code_histogram: Doubles = np.zeros(N_BINS)

    def count(self, index: int, n: float, codes: float) -> None:
        """Conversions of one crossbar, with the sum of their codes."""
        self.n += n
        self.codes[index] = self.codes.get(index, 0.0) + codes


class ExactColumns:
    """Every sum is computed, rounded and clipped, as the tile does."""

    def __init__(self) -> None:
        self._found = ColumnTotals()

    def add(self, bar: Crossbar, plan: ReadPlan, index: int, drives: Floats) -> None:
        """See `Columns`."""
        low, high = bar.adc_range
        found, inverse = self._found, np.float32(1 / bar.adc_step)
        for rows in plan.groups(drives.shape[2]):
            for level in bar.ideal.levels:
                y = (drives[:, :, rows] @ level[rows]) * inverse
                codes = np.abs(np.clip(np.rint(y), low, high))
                found.count(index, y.size, float(codes.sum(dtype=np.float64)) / high)
                found.clipped += np.count_nonzero((np.rint(y) < low) | (np.rint(y) > high))
                share = y / np.float32(high)
                found.sums += float(share.sum(dtype=np.float64))
                found.sums_squared += float(np.square(share, dtype=np.float64).sum())
                found.sum_histogram += _histogram(share, SUM_EDGES)
                found.code_histogram += _histogram(codes / np.float32(high), CODE_EDGES)

    def total(self) -> ColumnTotals:
        """See `Columns`."""
        return self._found


class NormalColumns:
    """Sums are taken as normally distributed.

    Their mean follows from the mean drive of every row, which is exact. Their variance follows from that of
    every row and from one correlation for all pairs of rows read together: that with which the sum over the
    rows has the variance that it has. (CiMLoop, Andrulis et al., ISPASS 2024, takes rows as independent;
    but a dark image is dark everywhere.)
    """

    def __init__(self) -> None:
        self._bars: dict[int, tuple[Crossbar, ReadPlan]] = {}
        self._n: dict[int, int] = {}
        self._moments: dict[int, tuple[Doubles, Doubles, Doubles]] = {}

    def add(self, bar: Crossbar, plan: ReadPlan, index: int, drives: Floats) -> None:
        """See `Columns`."""
        groups = list(plan.groups(drives.shape[2]))
        whole = np.stack([drives[:, :, g].sum(axis=2, dtype=np.float64) for g in groups], axis=1)
        new = (
            drives.sum(axis=1, dtype=np.float64),
            np.square(drives).sum(axis=1, dtype=np.float64),
            np.square(whole).sum(axis=2),
        )
        before = self._moments.get(index)
        self._bars[index] = bar, plan
        self._n[index] = self._n.get(index, 0) + drives.shape[1]
        self._moments[index] = new if before is None else (before[0] + new[0], before[1] + new[1], before[2] + new[2])

    def total(self) -> ColumnTotals:
        """See `Columns`."""
        found = ColumnTotals()
        for index, (bar, plan) in self._bars.items():
            n = self._n[index]
            mean, square, whole = (moment / n for moment in self._moments[index])
            variance = np.maximum(square - mean**2, 0)
            for g, rows in enumerate(plan.groups(mean.shape[1])):
                of_sum = whole[:, g] - mean[:, rows].sum(axis=1) ** 2
                _add_normal(found, bar, index, rows, mean[:, rows], variance[:, rows], of_sum, n)
        return found


def _add_normal(
    found: ColumnTotals,
    bar: Crossbar,
    index: int,
    rows: slice,
    mean: Doubles,
    variance: Doubles,
    variance_of_sum: Doubles,
    n: int,
) -> None:
    """Add the columns of one group of rows with this mean and variance, (reads, rows), for `n` vectors."""
    low, high = bar.adc_range
    scale = 1 / (bar.adc_step * high)
    sigma = np.sqrt(variance)
    apart, joint = variance.sum(axis=1), sigma.sum(axis=1) ** 2
    pairs = joint - apart
    shared = np.where(pairs > 0, (variance_of_sum - apart) / np.where(pairs > 0, pairs, 1), 0).clip(0, 1)[:, None]
    for level in bar.ideal.levels[:, rows].astype(np.float64):
        m = mean @ level * scale
        s = np.sqrt((1 - shared) * (variance @ level**2) + shared * (sigma @ level) ** 2) * scale
        found.count(index, m.size * n, n * float(_magnitude(m, s, low).sum()))
        found.sums += n * float(m.sum())
        found.sums_squared += n * float((m**2 + s**2).sum())
        end = 1 + 0.5 / high  # what is rounded to more than the highest code
        found.clipped += n * (m.size - _within(end, m, s, low))
        at = [float(_below(edge, m, s).sum()) for edge in SUM_EDGES[1:-1]]
        found.sum_histogram += n * np.diff(at, prepend=0, append=m.size)
        within = [_within(edge, m, s, low) for edge in CODE_EDGES[1:-1]]
        found.code_histogram += n * np.diff(within, prepend=0, append=m.size)


def _within(edge: float, mean: Doubles, sigma: Doubles, low: int) -> float:
    """Sums whose magnitude is below an edge."""
    inside = _below(edge, mean, sigma)
    return float((inside - _below(-edge, mean, sigma) if low < 0 else inside).sum())


def _magnitude(mean: Doubles, sigma: Doubles, low: int) -> Doubles:
    """Mean of the magnitude of normal sums, clipped to the range; never negative if `low` is 0.

    Both follow from the mean of the positive part of a normal variable, ``m Phi(m/s) + s phi(m/s)``.
    """
    above = _excess(mean - 1, sigma)
    if low == 0:  # sums of what is never negative: the normal's tail below 0 is none
        return mean - above
    magnitude: Doubles = _excess(mean, sigma) + _excess(-mean, sigma) - above - _excess(-mean - 1, sigma)
    return magnitude


def _excess(mean: Doubles, sigma: Doubles) -> Doubles:
    """Mean of the positive part of a normal variable."""
    z = mean / np.where(sigma > 0, sigma, 1)
    density = np.exp(-0.5 * np.square(z)) * (1 / sqrt(2 * np.pi))
    found: Doubles = np.where(sigma > 0, mean * _phi(z) + sigma * density, np.maximum(mean, 0))
    return found


_Z = np.linspace(-8, 8, 4097)
_PHI = np.array([0.5 * (1 + erf(z / sqrt(2))) for z in _Z])


def _phi(z: Doubles) -> Doubles:
    """Standard normal distribution, interpolated: off by at most 5e-7."""
    found: Doubles = np.interp(z, _Z, _PHI, left=0.0, right=1.0)
    return found


def _below(edge: float, mean: Doubles, sigma: Doubles) -> Doubles:
    """Probability that a normal sum is below an edge."""
    z = (edge - mean) / np.where(sigma > 0, sigma, 1)
    found: Doubles = np.where(sigma > 0, _phi(z), edge > mean)
    return found


def _histogram(values: Floats, edges: Doubles) -> Doubles:
    """Counts in equal bins; beyond the ends in the first and last."""
    low, high = edges[0], edges[-1]
    bins = ((values - np.float32(low)) * np.float32((len(edges) - 1) / (high - low))).astype(np.int32)
    return np.bincount(np.clip(bins, 0, len(edges) - 2).ravel(), minlength=len(edges) - 1).astype(float)
