"""How good an output is, and how sure a mean over seeds is.

A metric takes the network's first output, that of the float network, and the labels of the data. One that
does not fit the output says so, with its shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from .sequences import error_rate, read_ctc, texts_of

Array = npt.NDArray[Any]
Labels = npt.NDArray[Any]
Measure = Callable[[Array, Array, Labels | None], float]
"""The network's first output, that of the float network, and labels, as one number."""
UNKNOWN = -1
"""A label that does not count."""


def top(k: int) -> Measure:
    """Share of decisions whose label is among the `k` largest outputs."""

    def measure(output: Array, reference: Array, labels: Labels | None) -> float:
        name = f"top{k}"
        scores = _scores(output, name)
        wanted = _classes(labels, scores, output, name)
        # ties go to the first class, as argmax has it
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        known = wanted != UNKNOWN
        return float((best == wanted[:, None]).any(axis=1)[known].mean())

    return measure


def agreement(output: Array, reference: Array, labels: Labels | None) -> float:
    """Share of decisions (largest output) that are those of the float network."""
    mine, other = (_scores(x, "agreement").argmax(1) for x in (output, reference))
    return float((mine == other).mean())


def of_pixels(measure: Measure, name: str) -> Measure:
    """The same with a decision at every pixel: classes along the second axis."""

    def pixels(output: Array, reference: Array, labels: Labels | None) -> float:
        if output.ndim < 3:
            raise _misfit(name, output, "(n, classes, height, width)")
        return measure(np.moveaxis(output, 1, -1).reshape(-1, output.shape[1]),
                       np.moveaxis(reference, 1, -1).reshape(-1, output.shape[1]),
                       None if labels is None else labels.reshape(-1))  # fmt: skip

    return pixels


def sqnr_db(output: Array, reference: Array, labels: Labels | None) -> float:
    """Power of the float network's output over that of the deviation from it, in decibels."""
    error = np.square(output.astype(np.float64) - reference).sum()
    power = np.square(reference.astype(np.float64)).sum()
    return decibels(float(power), float(error))


def spearman(output: Array, reference: Array, labels: Labels | None) -> float:
    """Rank correlation of cosine similarities with scores.

    Samples 2 i and 2 i + 1 are a pair; its score is the label of its first sample.
    """
    if labels is None or len(output) % 2 or labels.ndim != 1:
        raise SimulationError(
            "metric spearman: expected samples in pairs, and an array 'labels' with the score of each pair"
        )
    vectors = output.reshape(len(output), -1).astype(np.float64)
    first, second = vectors[0::2], vectors[1::2]
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = (first * second).sum(1) / np.where(lengths > 0, lengths, 1)
    return float(np.corrcoef(ranks(cosine), ranks(labels[0::2]))[0, 1])


def auc(output: Array, reference: Array, labels: Labels | None) -> float:
    """Area under the ROC curve: how often a true score is above a false one (Mann and Whitney, 1947)."""
    scores, truth = _true_or_false(output, labels, "auc")
    n_true = int(truth.sum())
    if not 0 < n_true < truth.size:
        raise SimulationError("metric auc: labels are all alike, expected some 0 and some 1")
    return float((ranks(scores)[truth].sum() - n_true * (n_true + 1) / 2) / (n_true * (truth.size - n_true)))


def mean_average_precision(output: Array, reference: Array, labels: Labels | None) -> float:
    """Mean over classes of the area under precision against recall; (n, classes, ...) scores of detections.

    The sum of precisions at every true score, highest first, over their number, without interpolation.
    """
    if labels is not None and labels.shape == (len(output),) != output.shape and output.ndim == 2:
        labels = (labels[:, None] == np.arange(output.shape[1])).astype(np.int64)
    _true_or_false(output, labels, "map")  # says what does not fit
    assert labels is not None
    n = 1 if output.ndim == 1 else output.shape[1]
    scores, truth = (np.moveaxis(x.reshape(len(x), n, -1), 1, 0).reshape(n, -1) for x in (output, labels))
    found = [
        _average_precision(s[w >= 0], w[w >= 0] > 0) for s, w in zip(scores, truth, strict=True) if 1 in w
    ]
    if not found:
        raise SimulationError("metric map: no label is 1, expected detections to be found")
    return float(np.mean(found))


def _average_precision(scores: Array, truth: Array) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = truth[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def perplexity(output: Array, reference: Array, labels: Labels | None) -> float:
    """Exponential of the mean cross entropy of the labels, outputs taken as logits."""
    scores = _scores(output, "perplexity").astype(np.float64)
    wanted = _classes(labels, scores, output, "perplexity")
    known = wanted != UNKNOWN
    scores, wanted = scores[known], wanted[known]
    highest = scores.max(axis=1, keepdims=True)
    norm = highest[:, 0] + np.log(np.exp(scores - highest).sum(axis=1))
    return float(np.exp((norm - scores[np.arange(len(scores)), wanted]).mean()))


def sequence_errors(output: Array, reference: Array, labels: Labels | None) -> float:
    """Share of sequences with any wrong step; without labels, one unlike that of the float network."""
    if output.ndim != 3:
        raise _misfit("ser", output, "(n, steps, classes)")
    if labels is None:
        labels = reference.argmax(axis=2)
    if labels.shape != output.shape[:2]:
        raise _misfit_labels("ser", labels, output.shape[:2])
    wrong = (output.argmax(axis=2) != labels) & (labels != UNKNOWN)
    return float(wrong.any(axis=1).mean())


def of_texts(name: str, options: Mapping[str, int]) -> Measure:
    """Character or word error rate of what a network with CTC outputs (n, steps, classes) has read.

    Edits (Levenshtein) over the length of the labels, added up over all samples; labels are (n, length) with
    -1 behind the end. Without labels, against what the float network reads.
    """
    blank, space = options.get("blank", 0), options.get("space", 1)

    def measure(output: Array, reference: Array, labels: Labels | None) -> float:
        if output.ndim != 3:
            raise _misfit(name, output, "(n, steps, classes)")
        for what, symbol in (("blank", blank), ("space", space)):
            if not 0 <= symbol < output.shape[2]:
                raise SimulationError(f"metric {name}: {what} is {symbol}, found {output.shape[2]} classes")
        read = read_ctc(output, blank)
        if labels is not None and (labels.ndim != 2 or len(labels) != len(output)):
            raise _misfit_labels(name, labels, (len(output), "length"))
        right = read_ctc(reference, blank) if labels is None else texts_of(labels)
        return error_rate(read, right, space if name == "wer" else None)

    return measure


def decibels(power: float, error: float) -> float:
    """Ratio in decibels; infinite where there is no error."""
    if error == 0:
        return math.inf
    return 10 * math.log10(power / error) if power > 0 else -math.inf


def ranks(x: Array) -> Array:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(x.reshape(-1), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    found: Array = (last - (counts - 1) / 2)[inverse]
    return found


def _scores(output: Array, name: str) -> Array:
    """Outputs as (decisions, classes); a single class is a decision at one half."""
    if output.ndim > 3:
        raise _misfit(
            name, output, f"(n, classes) or (n, steps, classes); pixel_{name} decides at every pixel"
        )
    flat = output.reshape(-1, output.shape[-1]) if output.ndim > 1 else output[:, None]
    return np.hstack([0.5 * np.ones_like(flat), flat]) if flat.shape[1] == 1 else flat


def _classes(labels: Labels | None, scores: Array, output: Array, name: str) -> Array:
    """Labels of every decision, or `UNKNOWN`."""
    if labels is None:
        raise SimulationError(
            f"metric {name}: the data file has no array 'labels'; add it, or use the metric agreement"
        )
    if labels.dtype.kind != "i":
        raise SimulationError(f"metric {name}: labels: found {labels.dtype}, expected integers")
    if labels.size != len(scores):
        raise _misfit_labels(name, labels, output.shape[:-1] if output.ndim > 1 else output.shape)
    if labels.size and (labels.min() < UNKNOWN or labels.max() >= scores.shape[1]):
        raise SimulationError(
            f"labels: found {labels.min()} to {labels.max()}, expected 0 to {scores.shape[1] - 1} (or -1: "
            "not known)"
        )
    return labels.reshape(-1)


def _true_or_false(output: Array, labels: Labels | None, name: str) -> tuple[Array, Array]:
    """Scores and their labels, those that are not known left out."""
    if labels is None:
        raise SimulationError(f"metric {name}: the data file has no array 'labels', expected 0 and 1")
    if labels.size != output.size:
        raise _misfit_labels(name, labels, output.shape)
    truth = labels.reshape(-1)
    if not np.isin(truth, (UNKNOWN, 0, 1)).all():
        raise SimulationError(f"metric {name}: labels: expected 0, 1 or -1 (not known)")
    known = truth != UNKNOWN
    return output.reshape(-1)[known], truth[known] == 1


def _misfit(name: str, output: Array, wish: str) -> SimulationError:
    return SimulationError(f"metric {name}: the network's output is of shape {output.shape}, expected {wish}")


def _misfit_labels(name: str, labels: Labels, wish: Sequence[Any]) -> SimulationError:
    expected = ", ".join(map(str, wish))
    return SimulationError(f"metric {name}: labels are of shape {labels.shape}, expected ({expected})")


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
