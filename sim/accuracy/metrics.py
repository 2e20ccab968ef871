"""How good an output is, and how sure a mean over seeds is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError

Array = npt.NDArray[Any]
Labels = npt.NDArray[Any]
Metric = Callable[[Array, Array, Labels | None], float]
"""The network's first output, that of the float network, and labels, as one number."""


def top(k: int) -> Metric:
    """Share of samples whose label is among the `k` largest outputs."""

    def metric(output: Array, reference: Array, labels: Labels | None) -> float:
        if labels is None:
            raise SimulationError(
                f"metric top{k}: the data file has no array 'labels'; add it, or use the metric agreement"
            )
        if labels.dtype.kind != "i":
            raise SimulationError(f"metric top{k}: labels: found {labels.dtype}, expected integers")
        scores = _scores(output)
        if labels.size and (labels.min() < 0 or labels.max() >= scores.shape[1]):
            raise SimulationError(
                f"labels: found {labels.min()} to {labels.max()}, expected 0 to {scores.shape[1] - 1}"
            )
        # ties go to the first class, as argmax has it
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return float((best == labels[:, None]).any(axis=1).mean())

    return metric


def agreement(output: Array, reference: Array, labels: Labels | None) -> float:
    """Share of decisions (largest output) that are those of the float network."""
    return float((_scores(output).argmax(1) == _scores(reference).argmax(1)).mean())


def sqnr_db(output: Array, reference: Array, labels: Labels | None) -> float:
    """Power of the float network's output over that of the deviation from it, in decibels."""
    error = np.square(output.astype(np.float64) - reference).sum()
    power = np.square(reference.astype(np.float64)).sum()
    return decibels(float(power), float(error))


def spearman(output: Array, reference: Array, labels: Labels | None) -> float:
    """Rank correlation of cosine similarities with scores.

    Samples 2 i and 2 i + 1 are a pair; its score is the label of its first sample.
    """
    if labels is None or len(output) % 2:
        raise SimulationError(
            "metric spearman: expected samples in pairs, and an array 'labels' with the score of each pair"
        )
    vectors = output.reshape(len(output), -1).astype(np.float64)
    first, second = vectors[0::2], vectors[1::2]
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = (first * second).sum(1) / np.where(lengths > 0, lengths, 1)
    return float(np.corrcoef(_ranks(cosine), _ranks(labels[0::2]))[0, 1])


def _ranks(x: Array) -> Array:
    """Ranks, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


METRICS: dict[str, Metric] = {
    "top1": top(1),
    "top5": top(5),
    "agreement": agreement,
    "spearman": spearman,
    "sqnr": sqnr_db,
}


def decibels(power: float, error: float) -> float:
    """Ratio in decibels; infinite where there is no error."""
    if error == 0:
        return math.inf
    return 10 * math.log10(power / error) if power > 0 else -math.inf


def _scores(output: Array) -> Array:
    """Outputs as (decisions, classes); a single class is a decision at one half."""
    flat = output.reshape(-1, output.shape[-1]) if output.ndim > 1 else output[:, None]
    return np.hstack([0.5 * np.ones_like(flat), flat]) if flat.shape[1] == 1 else flat


# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom (any statistics textbook).
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


def mean_and_interval(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and half the width of its 95 % confidence interval (None for a single value).

    Beyond 30 degrees of freedom the quantile of 30 is used, which is slightly too wide.
    """
    mean = float(np.mean(values))
    n = len(values)
    if n < 2 or not all(map(math.isfinite, values)):
        return mean, None
    return mean, _T95[min(n - 2, 29)] * float(np.std(values, ddof=1)) / math.sqrt(n)
