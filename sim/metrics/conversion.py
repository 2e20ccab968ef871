"""The error that converters make in the sums of columns, from how their levels are spread.

Inputs and weights are cut into slices; a sum is one of products of a slice of the inputs and one of the
weights. What the slices are like is given by shares of their values; rows are independent. Sums of whole
levels are followed exactly, for a coarse step rounds the few sums of a significant slice all alike; sums of
many levels are Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, erfc, log2, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ...arch.range_rules import LIMITS_PER_OCTAVE
from ..program import F64

if TYPE_CHECKING:
    from ...arch.chip import Tile

FULL_SCALE = 4.0
"""Standard deviations of an input at its full scale (assumed)."""
OCTAVES = 8
"""Ranges down to a part in 128 of the whole."""
MOST_LEVELS = 1 << 13
"""Sums of columns with more levels are taken as Gaussian."""
SELDOM = 1e-6
"""Share of the sums of a column that a sample of some thousand vectors does not see."""


@dataclass(frozen=True)
class Slices:
    """Codes of inputs or weights, and the slices that they are cut into.

    Parameters
    ----------
    bits : int
        Of one slice.
    power : float
        Mean square of a whole code.
    mean : F64, shape (slices,)
    square : F64, shape (slices, slices)
        Mean products of two of them.
    shares : F64, shape (slices, 2^bits)
        How often each slice is each value; no columns where there are more values than `MOST_LEVELS`.
    signed : bool
        Whether a slice has a sign.
    error : float
        Mean square of rounding and clipping, over `power`.
    apart : bool
        Whether the two signs are read one after the other.
    continuous : bool
        Whether a cell takes any value, so that nothing is rounded.
    twos : bool
        Whether the last slice counts the other way round (two's complement).
    """

    bits: int
    power: float
    mean: F64
    square: F64
    shares: F64
    signed: bool
    error: float = 0.0
    apart: bool = False
    continuous: bool = False
    twos: bool = False

    @property
    def factors(self) -> F64:
        """Digital factors of the slices."""
        found: F64 = 2.0 ** (self.bits * np.arange(len(self.mean), dtype=np.float64))
        found[-1] *= -1 if self.twos else 1
        return found

    @property
    def squares(self) -> float:
        """Their squares added up."""
        return float((self.factors**2).sum())

    def with_offset(self) -> Slices:
        """And one more, which is always half of full scale: the offset in the bias column."""
        level = 2 ** (self.bits - 1)
        mean, square = np.append(self.mean, level), np.pad(self.square, (0, 1))
        square[-1, :] = square[:, -1] = level * mean
        always = (np.arange(self.shares.shape[1]) == level).astype(np.float64)
        return replace(self, mean=mean, square=square, shares=np.vstack([self.shares, always]))


def conversion_error(tile: Tile, rows: int, groups: int, x: Slices, w: Slices) -> float:
    """Mean square error of an output by its conversions, at the best step.

    The step is one for all slices and columns: that of the least error of all reads, weighed by their digital
    factors, as `sim/accuracy/ranges.py` looks for it. Errors of groups of rows vary apart, and their means
    add up.
    """
    pair, biased = (tile.weights.encoding == word for word in ("differential", "bias_column"))
    apart = pair and (not tile.crossbar.cell.signed or tile.crossbar.phases >= 4)
    both = x.signed or (pair and not apart)
    part = 0.5 if apart or x.apart else 1.0  # of the rows have this sign
    most = rows * (2**x.bits - 1) * (2**w.bits - 1)
    codes = max(1, 2 ** (tile.adc.bits - 1) - 1) if both else 2**tile.adc.bits - 1
    kind = _Bells if w.continuous or most > MOST_LEVELS else _Sums
    columns = kind.of(x, w.with_offset() if biased else w, rows, part, both)
    last = [-w.factors[-1]] if biased else []
    factors = np.outer(x.factors, [*w.factors, *last]).reshape(-1)
    opposite = apart or x.apart  # two turns of opposite signs, whose means cancel
    finest = 0.0 if w.continuous else 1.0
    steps = sorted({max(limit / codes, finest) for limit in _limits(min(most, columns.reach))}, reverse=True)
    step = steps[int(np.argmin(columns.squares(np.array(steps), codes, factors**2)))]
    variance, square_of_mean = columns.errors(step, codes).of(factors)
    return 2 * groups * variance if opposite else groups * variance + groups**2 * square_of_mean


def _limits(reach: float) -> list[float]:
    """Ranges that are tried: 16 in each octave, and the whole."""
    octave = ceil(log2(max(reach, 1e-9)))
    ends = (
        (1 + i / LIMITS_PER_OCTAVE) * 2.0 ** (octave - o)
        for o in range(1, OCTAVES)
        for i in range(LIMITS_PER_OCTAVE)
    )
    return [min(end, reach) for end in ends]


@dataclass(frozen=True)
class Errors:
    """Of the conversions of every pair of slices: mean, variance, and what pairs have in common.

    Sums that come from the same rows vary together, and so do the parts of their errors that go with them
    (a step wider than most sums loses all of them).

    Parameters
    ----------
    mean, variance : F64, shape (pairs,)
    common : F64, shape (pairs, pairs)
        Covariances; the variance is what comes on top.
    """

    mean: F64
    variance: F64
    common: F64

    def of(self, factors: F64) -> tuple[float, float]:
        """Variance, and square of the mean, of a sum with these factors."""
        return float(factors**2 @ self.variance + factors @ self.common @ factors), float(
            factors @ self.mean
        ) ** 2


@dataclass(frozen=True)
class _Sums:
    """Sums of whole levels over independent rows, exactly: their shares are those of one product, convolved.

    Parameters
    ----------
    values : F64, shape (values,)
    shares : F64, shape (pairs, values)
    covariance : F64, shape (pairs, pairs)
    """

    values: F64
    shares: F64
    covariance: F64

    @staticmethod
    def of(x: Slices, w: Slices, rows: int, part: float, both: bool) -> _Sums:
        top = (2**x.bits - 1) * (2**w.bits - 1)
        product = np.outer(np.arange(2**x.bits), np.arange(2**w.bits)).reshape(-1)
        one = np.zeros((len(x.mean) * len(w.mean), top + 1))
        pairs = np.einsum("ia,jb->ijab", x.shares, w.shares).reshape(len(one), -1)
        for value, share in zip(product.tolist(), pairs.T, strict=True):
            one[:, value] += share * part
        one[:, 0] += 1 - part
        n = 1 << (2 * rows * top + 1).bit_length()
        spectrum = np.fft.rfft(one, n, axis=1)
        of_all = (spectrum.real if both else spectrum) ** rows  # both: as often of either sign
        shares = np.maximum(np.fft.irfft(of_all, n, axis=1), 0.0)
        mean = np.zeros(len(one)) if both else part * np.outer(x.mean, w.mean).reshape(-1)
        covariance = rows * (part * np.kron(x.square, w.square) - np.outer(mean, mean))
        return _Sums(
            np.rint(np.fft.fftfreq(n, 1 / n)), shares / shares.sum(axis=1, keepdims=True), covariance
        )

    @property
    def reach(self) -> float:
        """The largest sum that a sample has."""
        seen = self.values[(self.shares > SELDOM).any(axis=0)]
        return float(np.abs(seen).max())

    def squares(self, steps: F64, codes: int, weights: F64) -> F64:
        """Mean squares of the errors of the pairs, weighed, for every step."""
        found: F64 = self._wrong(steps[:, np.newaxis], codes) ** 2 @ (weights @ self.shares)
        return found

    def _wrong(self, step: float | F64, codes: int) -> F64:
        """Error of the conversion of every value."""
        low = -codes - 1 if (self.shares[:, self.values < 0] > SELDOM).any() else 0
        wrong: F64 = np.clip(np.rint(self.values / step), low, codes) * step - self.values
        return wrong

    def errors(self, step: float, codes: int) -> Errors:
        """At one step."""
        wrong = self._wrong(step, codes)
        mean = self.shares @ wrong
        variance = np.maximum(self.shares @ wrong**2 - mean**2, 0.0)
        own = np.maximum(np.diag(self.covariance), 1e-12)
        slope = (self.shares @ (wrong * self.values) - mean * (self.shares @ self.values)) / own
        return Errors(
            mean, np.maximum(variance - slope**2 * own, 0.0), self.covariance * np.outer(slope, slope)
        )


@dataclass(frozen=True)
class _Bells:
    """Sums of any value, as Gaussians; rounding of a fine step is even."""

    mean: F64
    spread: F64
    both: bool
    whole: bool

    @staticmethod
    def of(x: Slices, w: Slices, rows: int, part: float, both: bool) -> _Bells:
        means = np.zeros((len(x.mean), len(w.mean))) if both else rows * np.outer(x.mean, w.mean) * part
        variances = rows * np.outer(np.diag(x.square), np.diag(w.square)) * part - means**2 / rows
        spreads = np.sqrt(np.maximum(variances, 1e-12))
        return _Bells(means.reshape(-1), spreads.reshape(-1), both, not w.continuous)

    @property
    def reach(self) -> float:
        """The largest sum that a sample has."""
        return float((self.mean + FULL_SCALE * self.spread).max())

    def squares(self, steps: F64, codes: int, weights: F64) -> F64:
        """Mean squares of the errors of the pairs, weighed, for every step."""
        found = [self.errors(step, codes) for step in steps.tolist()]
        return np.array([weights @ (e.variance + e.mean**2) for e in found])

    def errors(self, step: float, codes: int) -> Errors:
        """At one step."""
        rounding = step**2 / 12 if step > 1 or not self.whole else 0.0
        lost, tail = _clipped(step * codes, self.mean, self.spread)
        n = len(lost)
        return Errors(
            0 * lost if self.both else -lost, rounding + (2 if self.both else 1) * tail, np.zeros((n, n))
        )


def _clipped(limit: float, mean: F64, spread: F64) -> tuple[F64, F64]:
    """Mean, and variance, of what Gaussians have beyond a limit on one side."""
    k = (limit - mean) / spread
    beyond = 0.5 * np.array([erfc(v / sqrt(2)) for v in k.reshape(-1)]).reshape(k.shape)
    density = np.exp(-np.minimum(k**2, 1e3) / 2) / sqrt(2 * pi)
    lost = spread * np.maximum(0.0, density - k * beyond)
    square = spread**2 * np.maximum(0.0, (1 + k**2) * beyond - k * density)
    return lost, np.maximum(0.0, square - lost**2)
