"""Running histograms of magnitudes: equal bins of the logarithm, in one pass, whatever comes.

A bin is the exponent and the first bits of the mantissa of a float32, so that finding it costs a shift and no
range has to be known before.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from .checks import Floats, fail, integer

_BIAS, _MANTISSA, _INFINITE = 127, 23, 0x7F800000  # of float32


@njit(cache=True)
def _count(bits, shift, base, weight, counts, weighted, largest):  # type: ignore[no-untyped-def]
    """Count magnitudes by column, with weights too if `weighted` has rows; `largest` as bits.

    Returns whether any value was negative.
    """
    weighs = len(weighted) > 0
    n_bins = counts.shape[1]
    negative = 0
    for b in range(bits.shape[0]):
        for j in range(bits.shape[1]):
            v = bits[b, j]
            size = v & 0x7FFFFFFF
            negative |= (v < 0) & (size > 0)
            largest[j] = max(largest[j], size)
            k = min(max((size >> shift) - base, 0), n_bins - 1)
            counts[j, k] += 1
            if weighs:
                weighted[j, k] += weight
    return negative


@njit(cache=True)
def _count_all(bits, shift, base, weight, counts, weighted, largest):  # type: ignore[no-untyped-def]
    """The same of one column: all values, in the order in which they lie."""
    n_bins = len(counts)
    weighs = len(weighted) > 0
    negative = 0
    most = largest[0]
    for i in range(len(bits)):
        size = bits[i] & 0x7FFFFFFF
        negative |= (bits[i] < 0) & (size > 0)
        most = max(most, size)
        k = min(max((size >> shift) - base, 0), n_bins - 1)
        counts[k] += 1
        if weighs:
            weighted[k] += weight
    largest[0] = most
    return negative


class Histogram:
    """Magnitudes of the columns of matrices.

    Parameters
    ----------
    n_columns : int
    exponent : int
        Values from ``2 ** exponent`` are told apart; those below share the first bin with zeros.
    octaves : int
        Powers of two from there; values beyond share the last bin.
    bits : int
        Each octave has ``2 ** bits`` bins.
    weighs : bool
        Whether values have weights.

    Attributes
    ----------
    counts : (n_columns, n_bins) int32
    weighted : (n_columns, n_bins) float64
        Sums of weights; without rows if values have none.
    per_octave : int
    edges : (n_bins + 1,) float64
        Of the bins; the first is 0.
    negative : bool
        Whether any value was negative.
    """

    def __init__(self, n_columns: int, exponent: int, octaves: int, bits: int, weighs: bool = False) -> None:
        integer("exponent", exponent, 1 - _BIAS, _BIAS - octaves)
        self._shift = _MANTISSA - integer("bits", bits, 0, 12)
        self._base = (exponent + _BIAS) << bits
        self.per_octave = 1 << bits
        n_bins = octaves << bits
        self.counts = np.zeros((n_columns, n_bins), np.int32)
        self.weighted = np.zeros((n_columns if weighs else 0, n_bins))
        self._largest = np.zeros(n_columns, np.int32)
        self.negative = False
        tops = ((np.arange(n_bins + 1, dtype=np.int64) + self._base) << self._shift).astype(np.int32)
        self.edges: npt.NDArray[np.float64] = tops.view(np.float32).astype(np.float64)
        self.edges[0] = 0.0

    def add(self, values: Floats, weight: float = 1.0) -> None:
        """Count a (n, n_columns) float32 matrix, every value with this weight.

        Raises
        ------
        ValueError
            It has another number of columns, NaN or infinite values.
        """
        if values.ndim != 2 or values.shape[1] != len(self.counts) or values.dtype != np.float32:
            raise fail("values", f"{values.dtype} {values.shape}", f"float32 (n, {len(self.counts)})")
        bits = np.ascontiguousarray(values).view(np.int32)
        place = self._shift, self._base, weight
        if len(self.counts) == 1:
            weighted = self.weighted.reshape(-1)
            negative = _count_all(bits.reshape(-1), *place, self.counts[0], weighted, self._largest)
        else:
            negative = _count(bits, *place, self.counts, self.weighted, self._largest)
        self.negative |= bool(negative)
        if self._largest.size and self._largest.max() >= _INFINITE:
            raise fail("values", "NaN or infinite values", "finite numbers")

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        """(n_columns, n_bins) what every bin counts: weights, or their number."""
        return self.weighted if len(self.weighted) else self.counts.astype(np.float64)

    @property
    def largest(self) -> npt.NDArray[np.float64]:
        """(n_columns,) largest magnitude."""
        return self._largest.view(np.float32).astype(np.float64)

    @property
    def centers(self) -> npt.NDArray[np.float64]:
        """(n_bins,) middle of every bin; 0 of the first."""
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        middle[0] = 0.0
        return middle
