"""Column sums and the codes of converters: computed one by one, or from means and variances.

Sums are in units of the converter's range: 1 gives the highest code. Histograms have `N_BINS` equal bins.
"""

from __future__ import annotations

from math import erf, sqrt
from typing import Protocol

import numpy as np

from ..accuracy.crossbar import ComputedCrossbar
from .drives import Doubles, Floats, ReadPlan
from .layer_operands import N_BINS

SUM_EDGES = np.linspace(-1, 1, N_BINS + 1)
CODE_EDGES = np.linspace(0, 1, N_BINS + 1)
PROBES = 256
"""Vectors of each chunk whose column sums are computed."""


class Columns(Protocol):
    """What becomes of the columns of a layer, over all vectors and reads."""

    def add(self, bar: ComputedCrossbar, plan: ReadPlan, index: int, drives: Floats) -> None:
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

    def add(self, bar: ComputedCrossbar, plan: ReadPlan, index: int, drives: Floats) -> None:
        """See `Columns`."""
        low, high = bar.converter.low, bar.converter.high
        found, inverse = self._found, (1 / bar.converter.steps).astype(np.float32)
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
    """Sums are zero where no row is driven, and else taken as normally distributed.

    Their mean follows from the mean drive of every row, which is exact. Their variance is that of independent
    rows, times a factor for every read and column: what some vectors, the probes, show of the correlation
    between rows. (CiMLoop, Andrulis et al., ISPASS 2024, takes rows as independent; but a dark image is dark
    everywhere.) The mean magnitude of codes is corrected by that of the probes, which are not normal.
    """

    def __init__(self) -> None:
        self._seen: dict[int, _Rows] = {}

    def add(self, bar: ComputedCrossbar, plan: ReadPlan, index: int, drives: Floats) -> None:
        """See `Columns`."""
        if index not in self._seen:
            self._seen[index] = _Rows(bar, plan)
        self._seen[index].add(drives)

    def total(self) -> ColumnTotals:
        """See `Columns`."""
        found = ColumnTotals()
        for index, rows in self._seen.items():
            rows.count(found, index)
        return found


class _Rows:
    """Moments of the drives of one crossbar's rows, (reads, rows)."""

    def __init__(self, bar: ComputedCrossbar, plan: ReadPlan) -> None:
        self.bar, self.plan, self.n = bar, plan, 0
        self.sums: Doubles = np.zeros(())
        self.squares: Doubles = np.zeros(())
        self.idle: Doubles = np.zeros(())
        self.probes: list[Floats] = []

    def add(self, drives: Floats) -> None:
        groups = list(self.plan.groups(drives.shape[2]))
        driven = [np.count_nonzero(drives[:, :, g].any(axis=2), axis=1) for g in groups]
        self.sums = self.sums + drives.sum(axis=1, dtype=np.float64)
        self.squares = self.squares + np.square(drives).sum(axis=1, dtype=np.float64)
        self.idle = self.idle + (drives.shape[1] - np.stack(driven, axis=1))
        self.n += drives.shape[1]
        self.probes.append(drives[:, :: -(-drives.shape[1] // PROBES)])

    def count(self, found: ColumnTotals, index: int) -> None:
        """Add the columns to what was found."""
        mean = self.sums / self.n
        variance = np.maximum(self.squares / self.n - mean**2, 0)
        probes = np.concatenate(self.probes, axis=1)
        true = normal = 0.0
        before = found.codes.get(index, 0.0)
        for g, rows in enumerate(self.plan.groups(mean.shape[1])):
            busy = 1 - self.idle[:, g, None] / self.n
            for level in self.bar.ideal.levels[:, rows].astype(np.float64):
                probe = _Probe(probes[:, :, rows], level)
                m = mean[:, rows] @ level
                v = probe.correlation * (variance[:, rows] @ level**2)
                self._add(found, index, m, v, busy)
                true += probe.codes(self.bar)
                normal += probe.normal_codes(self.bar)
        if normal > 0:
            found.codes[index] = before + (found.codes[index] - before) * true / normal

    def _add(self, found: ColumnTotals, index: int, mean: Doubles, variance: Doubles, busy: Doubles) -> None:
        """Sums of one group of rows with this mean and variance, of reads that drive any row that often."""
        low, high = self.bar.converter.low, self.bar.converter.high
        scale, n = 1 / (self.bar.converter.steps * high), self.n
        m, s = _of_busy(mean * scale, variance * scale**2, busy)
        weight, idle = n * busy, n * float((1 - busy).sum()) * mean.shape[1]
        found.count(index, m.size * n, float((weight * _magnitude(m, s, low)).sum()))
        found.sums += float((weight * m).sum())
        found.sums_squared += float((weight * (m**2 + s**2)).sum())
        end = 1 + 0.5 / high  # what is rounded to more than the highest code
        found.clipped += float((weight * (1 - _within(end, m, s, low))).sum())
        below = [float((weight * _below(edge, m, s)).sum()) for edge in SUM_EDGES[1:-1]]
        within = [float((weight * _within(edge, m, s, low)).sum()) for edge in CODE_EDGES[1:-1]]
        total = float((weight * np.ones_like(m)).sum())
        found.sum_histogram += np.diff(below, prepend=0, append=total)
        found.code_histogram += np.diff(within, prepend=0, append=total)
        found.sum_histogram[N_BINS // 2] += idle
        found.code_histogram[0] += idle


class _Probe:
    """Column sums of some vectors, (reads, vectors, columns), as they are."""

    def __init__(self, drives: Floats, level: Doubles) -> None:
        self.drives, self.level, self.sums = drives, level, drives @ level

    @property
    def correlation(self) -> Doubles:
        """(reads, columns) variance of the sums over that of independent rows."""
        apart = self.drives.var(axis=1, dtype=np.float64) @ self.level**2
        joint = self.sums.var(axis=1)
        found: Doubles = np.where(apart > 0, joint / np.where(apart > 0, apart, 1), 1)
        return found

    def codes(self, bar: ComputedCrossbar) -> float:
        """Magnitudes of codes over the highest: means over the vectors, added up."""
        adc = bar.converter
        codes = np.clip(np.rint(self.sums / adc.steps), adc.low, adc.high)
        return float(np.abs(codes).mean(axis=1).sum()) / adc.high

    def normal_codes(self, bar: ComputedCrossbar) -> float:
        """The same if the sums were normal ones of this mean and variance."""
        low, high = bar.converter.low, bar.converter.high
        scale = 1 / (bar.converter.steps * high)
        busy = self.drives.any(axis=2).mean(axis=1)[:, None]
        m, s = _of_busy(self.sums.mean(axis=1) * scale, self.sums.var(axis=1) * scale**2, busy)
        return float((busy * _magnitude(m, s, low)).sum())


def _of_busy(mean: Doubles, variance: Doubles, busy: Doubles) -> tuple[Doubles, Doubles]:
    """Mean and standard deviation of the sums that are not zero for want of a driven row."""
    share = np.where(busy > 0, busy, 1)
    m = mean / share
    return m, np.sqrt(np.maximum((variance + mean**2) / share - m**2, 0))


def _within(edge: float, mean: Doubles, sigma: Doubles, low: int) -> Doubles:
    """Probability that the magnitude of a sum is below an edge."""
    inside = _below(edge, mean, sigma)
    return inside - _below(-edge, mean, sigma) if low < 0 else inside


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
