"""When holds take place: in bins of the whole run, and in one period that is to be repeated."""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import bins, breaks, period
from .state import Head


@kernel
def widen_bins(s: Head) -> None:
    """Double the width of a bin."""
    for b in range(s.n_bins):
        for v in range(s.n_visits):
            low = bins(s, 2 * b * s.n_visits + v).value if 2 * b < s.n_bins else 0
            high = bins(s, (2 * b + 1) * s.n_visits + v).value if 2 * b + 1 < s.n_bins else 0
            bins(s, b * s.n_visits + v).value = low + high
    s.bin_shift += 1


@kernel
def record_busy(s: Head, v: int, begin: int, end: int) -> None:
    """Add a hold to the bins."""
    if end > s.max_hold_end:
        s.max_hold_end = end
        while (end - 1) >> s.bin_shift >= s.n_bins:
            widen_bins(s)
    shift = s.bin_shift
    first = begin >> shift
    last = (end - 1) >> shift
    if first == last:
        bins(s, first * s.n_visits + v).value += end - begin
        return
    bins(s, first * s.n_visits + v).value += ((first + 1) << shift) - begin
    for b in range(first + 1, last):
        bins(s, b * s.n_visits + v).value += 1 << shift
    bins(s, last * s.n_visits + v).value += end - (last << shift)


@kernel
def record_period(s: Head, v: int, begin: int, end: int) -> None:
    """Add a hold to the histogram of the period that is to be repeated; times count from its start."""
    s.period_hold_end = max(s.period_hold_end, end)
    start = begin - s.period_start
    stop = end - s.period_start
    low = 0
    high = s.breaks_size
    while low < high:  # the first break after start
        middle = (low + high) >> 1
        if breaks(s, middle).value > start:
            high = middle
        else:
            low = middle + 1
    while low < s.breaks_size and breaks(s, low).value < stop:
        period(s, low * s.n_visits + v).value += breaks(s, low).value - start
        start = breaks(s, low).value
        low += 1
    period(s, low * s.n_visits + v).value += stop - start
