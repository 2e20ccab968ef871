"""What counts as right for these networks, and how sure a figure from a sample of data is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ....sim.accuracy.metrics import Labels

Array = npt.NDArray[Any]
CREPE_FIRST_BIN_CENTS, CREPE_BIN_CENTS = 1997.3794084376191, 20.0  # above 10 Hz (torchcrepe/convert.py)


def within_50_cents(output: Array, reference: Array, labels: Labels | None) -> float:
    """Share of pitches (most active of 360 bins) within half a semitone of the labels (cents above 10 Hz)."""
    cents = CREPE_FIRST_BIN_CENTS + CREPE_BIN_CENTS * output.argmax(axis=1)
    return float((np.abs(cents - labels) <= 50).mean())


def speech_or_not(output: Array, reference: Array, labels: Labels | None) -> float:
    """Share of labelled frames (1 speech, 0 none, -1 unknown) that a threshold of one half gets right."""
    assert labels is not None
    known = labels >= 0
    return float(((output.reshape(-1) > 0.5) == (labels == 1))[known].mean())


def worst_deviation(output: Array, reference: Array, labels: Labels | None) -> float:
    """Largest deviation from the float network relative to its largest output."""
    return float(np.abs(output - reference).max() / np.abs(reference).max())


def share_error(share: float, n: int) -> float:
    """Half of the 95 % confidence interval of a share of `n` independent decisions (Wilson, 1927)."""
    z2 = 1.959964**2
    return math.sqrt(z2 * share * (1 - share) / n + z2**2 / (4 * n**2)) / (1 + z2 / n)


def correlation_error(r: float, n: int) -> float:
    """Half of the 95 % confidence interval of a rank correlation of `n` pairs (Bonett and Wright, 2000)."""
    z, half = math.atanh(r), 1.959964 * math.sqrt((1 + r * r / 2) / (n - 3))
    return (math.tanh(z + half) - math.tanh(z - half)) / 2
