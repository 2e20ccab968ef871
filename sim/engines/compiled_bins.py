"""Busy time in bins over periods that were skipped, from a histogram of one of them.

The visits of one period were counted in the intervals between *breaks*. Copy q = 1 .. m of a period shifts
them by q T. Up to an edge e of a bin, the copies were busy for the sum over q of G(e - q T), where G(x) is
how long the visits of the recorded period were busy up to x after its start. The breaks are all the x that
are needed.
"""

from __future__ import annotations

import numpy as np

from ..program import I64


def width_for(end: int, n_bins: int) -> int:
    """The smallest power of two of which n_bins cover [0, end)."""
    needed = -(-end // n_bins)
    return 1 << (needed - 1).bit_length() if needed > 1 else 1


def widened(bins: I64, factor: int, n_bins: int) -> I64:
    """Rows merged by `factor`, then cut or filled up to n_bins rows; what is cut must be empty."""
    n = -(-len(bins) // factor)
    padded = np.zeros((n * factor, bins.shape[1]), np.int64)
    padded[: len(bins)] = bins
    merged = padded.reshape(n, factor, -1).sum(axis=1)
    assert not merged[n_bins:].any()
    result = np.zeros((n_bins, bins.shape[1]), np.int64)
    result[: min(n, n_bins)] = merged[:n_bins]
    return result


class BinCopies:
    """m copies of the period from `start` on; no hold ends later than `longest` after the start of its copy.

    Attributes
    ----------
    width : int
        Of the bins, at most the final one: some hold certainly ends after the last copy's start.
    """

    def __init__(self, start: int, period: int, m: int, longest: int, n_bins: int) -> None:
        self.start, self.period, self.m, self.longest = start, period, m, longest
        self.width = width_for(start + m * period + 1, n_bins)
        last = -(-(start + m * period + longest) // self.width)
        self.edges = range((start + period) // self.width, last + 1)
        self.points = {x for edge in self.edges for x in self._partial(edge)[1]}

    def breaks(self) -> I64:
        """Where the histogram has to be cut, ascending."""
        return np.array(sorted(self.points), np.int64)

    def _partial(self, edge: int) -> tuple[int, list[int]]:
        """How many copies end before an edge, and how far those it cuts have come."""
        since = edge * self.width - self.start
        whole = min(self.m, max(0, (since - self.longest) // self.period))
        cut = range(whole + 1, min(self.m, -(-since // self.period) - 1) + 1)
        return whole, [since - q * self.period for q in cut]

    def bins(self, histogram: I64) -> I64:
        """Busy time of all copies in bins of `width` from time 0, shape (bins, V)."""
        done = np.cumsum(histogram, axis=0)
        row = {x: i for i, x in enumerate(sorted(self.points))}
        until = np.zeros((len(self.edges), histogram.shape[1]), np.int64)
        for i, edge in enumerate(self.edges):
            whole, cut = self._partial(edge)
            until[i] = whole * done[-1]
            for x in cut:
                until[i] += done[row[x]]
        bins = np.zeros((self.edges[-1], histogram.shape[1]), np.int64)
        bins[self.edges[0] :] = np.diff(until, axis=0)
        return bins
