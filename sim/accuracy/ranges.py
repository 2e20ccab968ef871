"""Ranges of inputs and converters from running histograms of all that they will see.

Codes are symmetric around zero, so histograms are of magnitudes. Values are taken as spread evenly within a
bin; the mean-square error of a range then follows in closed form.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...arch.range_rules import LIMITS_PER_OCTAVE, Deviations, LeastError, Maximum, Percentile, Rule
from ..kernels.histogram import Histogram

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
PRIOR_READS = 256.0
"""What the shape that all columns have together counts beside a column's own reads (an assumption)."""
OCTAVES = 16
"""Below the largest magnitude, in which limits are tried."""


def limits(seen: Histogram, rule: Rule, top: int, whole: bool = False, joint: bool = False) -> Doubles:
    """The largest magnitude that each column's range holds.

    Parameters
    ----------
    seen : Histogram
    rule : Rule
    top : int
        The highest code.
    whole : bool
        Values are whole numbers: a step of 1 loses nothing, and no step is finer.
    joint : bool
        Columns with few reads follow the shape that all have together, scaled to their own size; a column
        then may get a range beyond what it has shown.

    Returns
    -------
    (n_columns,) above 0; columns that are always zero have the range of the widest
    """
    counts, importance = seen.counts.astype(np.float64), seen.importance
    if joint and not isinstance(rule, Maximum | Deviations):
        counts = counts + _prior(counts, counts, seen)
        importance = importance + _prior(importance, seen.counts.astype(np.float64), seen)
    match rule:
        case Maximum():
            found = seen.largest
        case Deviations(number):
            n = np.maximum(counts.sum(axis=1), 1)
            found = number * np.sqrt(counts @ np.square(seen.centers) / n)
        case Percentile(share):
            found = _percentile(counts, seen.edges, share / 100)
        case LeastError():
            found = _least(importance, seen, top, whole)
    return _filled(_not_beyond(found, seen, joint), seen.largest)


def _not_beyond(found: Doubles, seen: Histogram, joint: bool) -> Doubles:
    """The largest magnitude itself where a limit lies in its bin (or beyond, unless `joint`)."""
    edges, largest = seen.edges, seen.largest
    own = np.minimum(np.searchsorted(edges, largest, "right"), len(edges) - 1)
    beyond = (found >= largest) & ((not joint) | (found <= edges[own]))
    kept: Doubles = np.where(beyond, largest, found)
    return kept


def _filled(found: Doubles, largest: Doubles) -> Doubles:
    """Where nothing was seen, the widest; 1 if there is none."""
    widest = float(found[largest > 0].max(initial=0.0)) or 1.0
    result: Doubles = np.where((largest > 0) & (found > 0), found, widest)
    return result


def _prior(weights: Doubles, counts: Doubles, seen: Histogram) -> Doubles:
    """What all columns have together, moved to the size of each; as much as `PRIOR_READS` of its reads."""
    n = np.maximum(counts.sum(axis=1), 1)
    size = np.sqrt(counts @ np.square(seen.centers) / n)
    logs = np.log2(np.where(size > 0, size, 1.0))
    shifts = np.rint((logs - logs.max()) * seen.per_octave).astype(np.int64)
    pooled = _moved(weights, -shifts)[size > 0].sum(axis=0)
    total = counts[size > 0].sum()
    if not total:
        return np.zeros_like(weights)
    spread = np.broadcast_to(pooled * (PRIOR_READS / total), weights.shape)
    prior: Doubles = _moved(spread, shifts) * (size > 0)[:, None]
    return prior


def _moved(weights: Doubles, shifts: npt.NDArray[np.int64]) -> Doubles:
    """Bins of each row moved up by its shift; the first, of zeros, stays, the others never leave."""
    n_bins = weights.shape[1]
    at = np.clip(np.arange(1, n_bins)[None] + shifts[:, None], 1, n_bins - 1)
    moved = np.zeros_like(weights)
    np.add.at(moved, (np.arange(len(weights))[:, None], at), weights[:, 1:])
    moved[:, 0] = weights[:, 0]
    return moved


def _percentile(counts: Doubles, edges: Doubles, share: float) -> Doubles:
    """Values that a share of each row does not exceed, evenly between the edges of a bin."""
    below = np.cumsum(counts, axis=1)
    wanted = share * below[:, -1] * (1 - 1e-12)  # of 3,000 values 99.9 % are 2,997, not a little more
    k = np.minimum((below < wanted[:, None]).sum(axis=1), counts.shape[1] - 1)
    rows = np.arange(len(counts))
    inside, before = counts[rows, k], below[rows, k] - counts[rows, k]
    part = np.where(inside > 0, (wanted - before) / np.where(inside > 0, inside, 1), 1.0)
    found: Doubles = edges[k] + part * (edges[k + 1] - edges[k])
    return found


def _least(importance: Doubles, seen: Histogram, top: int, whole: bool) -> Doubles:
    """Limits of least error; the wider of equals. Values below 1 / 65,536 of the largest count as zeros."""
    used, per_octave = np.flatnonzero(importance.any(axis=0)), seen.per_octave
    if not used.size or used[-1] == 0:
        return np.zeros(len(importance))
    end = (used[-1] // per_octave + 1) * per_octave
    start = max(1, end - OCTAVES * per_octave)
    scale = float(seen.edges[end])
    candidates, errors = _errors(per_octave, end - start, top, 1 / scale if whole else 0.0)
    of_all = importance[:, start:end] @ errors
    best = of_all.shape[1] - 1 - np.argmin(of_all[:, ::-1], axis=1)
    found: Doubles = candidates[best] * scale
    return found


@lru_cache(maxsize=64)
def _errors(per_octave: int, n_bins: int, top: int, finest: float) -> tuple[Doubles, Doubles]:
    """Limits that are tried, and (bins, limits) the mean-square error of each bin with each of them.

    All over the end of the last bin; steps are not finer than `finest`, and with it nothing is rounded.
    """
    k = np.arange(n_bins + 1) - n_bins
    edges = (1 + (k % per_octave) / per_octave) * 2.0 ** (k // per_octave)
    candidates = edges[-1 : 0 : -max(1, per_octave // LIMITS_PER_OCTAVE)][::-1]
    low, high = edges[:-1, None], edges[1:, None]
    step = np.maximum(candidates / top, finest)
    limit = step * top
    rounding = (_squares(high, step) - _squares(low, step)) / (high - low)
    rounding = np.where(step == finest, 0.0, rounding)
    clipped = ((high - limit) ** 3 - (low - limit) ** 3) / (3 * (high - low))
    return candidates, np.where(low >= limit * (1 - 1e-9), clipped, rounding)


def _squares(x: Doubles, step: Doubles) -> Doubles:
    """Integral from 0 to x of the square of the distance to the nearest multiple of a step."""
    periods = np.rint(x / step)
    found: Doubles = periods * step**3 / 12 + (x - periods * step) ** 3 / 3
    return found
