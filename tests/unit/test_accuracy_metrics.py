"""Metrics: hand-made cases, SciPy where it has the same, and outputs that do not fit."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from ohmsum.sim.accuracy import score_of
from ohmsum.sim.accuracy.sequences import edits, error_rate, read_ctc
from ohmsum.sim.errors import SimulationError
from scipy import stats

RNG = np.random.default_rng(0)


def measured(
    name: str, output: np.ndarray, labels: np.ndarray | None, reference: np.ndarray | None = None
) -> float:
    return score_of(name).measure(output, output if reference is None else reference, labels)


def one_hot(classes: list[list[int]], n: int) -> np.ndarray:
    return np.eye(n)[np.array(classes)]


class TestDecisions:
    OUTPUT = np.array([[0.1, 0.5, 0.4], [0.3, 0.3, 0.4], [0.9, 0.0, 0.1], [0.2, 0.7, 0.1]])

    @pytest.mark.parametrize(("k", "share"), [(1, 0.5), (2, 0.75), (3, 1.0)])
    def test_top_k(self, k: int, share: float) -> None:
        assert measured(f"top{k}", self.OUTPUT, np.array([2, 2, 0, 2])) == share

    def test_unknown_labels_do_not_count(self) -> None:
        assert measured("top1", self.OUTPUT, np.array([-1, 2, 0, 0])) == pytest.approx(2 / 3)

    def test_decisions_at_pixels(self) -> None:
        output = RNG.normal(size=(2, 3, 4, 5))
        right = output.argmax(axis=1)
        wrong = (right + 1) % 3
        labels = np.where(np.arange(5) < 3, right, wrong)
        assert measured("pixel_top1", output, labels) == pytest.approx(3 / 5)
        assert measured("pixel_agreement", output, None) == 1.0
        with pytest.raises(SimulationError, match="pixel_top1 decides at every pixel"):
            measured("top1", output, right)


class TestDetections:
    def test_auc_is_the_mann_whitney_statistic(self) -> None:
        scores, truth = np.round(RNG.normal(size=200), 1), RNG.integers(0, 2, 200)
        u = stats.mannwhitneyu(scores[truth == 1], scores[truth == 0]).statistic
        expected = u / (truth.sum() * (200 - truth.sum()))
        assert measured("auc", scores[:, None], truth) == pytest.approx(expected)

    def test_average_precision_by_hand(self) -> None:
        """Hits at places 1, 3 and 4 of 5: (1 + 2/3 + 3/4) / 3."""
        scores, truth = np.array([[0.9, 0.8, 0.7, 0.6, 0.5]]).T, np.array([[1, 0, 1, 1, 0]]).T
        assert measured("map", scores, truth) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)

    def test_mean_over_classes_of_a_heat_map(self) -> None:
        scores = np.array([[[0.9, 0.1]], [[0.2, 0.8]]]).transpose(2, 0, 1)[None]  # (1, 2, 2, 1): class, place
        truth = np.array([[[1], [0]], [[1], [0]]])[None]
        first, second = 1.0, 1 / 2  # class 0 has 0.9, 0.2 and is right; class 1 has 0.1, 0.8 and is second
        assert measured("map", scores, truth) == pytest.approx((first + second) / 2)

    def test_labels_that_are_all_alike(self) -> None:
        with pytest.raises(SimulationError, match="all alike"):
            measured("auc", RNG.normal(size=(4, 1)), np.ones(4, int))


class TestTexts:
    @pytest.mark.parametrize(
        ("a", "b", "n"), [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("same", "same", 0)]
    )
    def test_edits(self, a: str, b: str, n: int) -> None:
        assert edits(a, b) == edits(b, a) == n

    def test_best_path_joins_what_repeats_and_drops_blanks(self) -> None:
        """a a - a b b - with the blank 0 reads a a b (Graves et al. 2006, section 3.1)."""
        assert read_ctc(one_hot([[1, 1, 0, 1, 2, 2, 0]], 3), 0) == [(1, 1, 2)]
        assert read_ctc(one_hot([[1, 1, 0, 1, 2, 2, 0]], 3), 2) == [(1, 0, 1, 0)]

    def test_rates_of_characters_and_words(self) -> None:
        output = one_hot([[2, 3, 1, 2, 4, 0], [2, 2, 0, 2, 0, 0]], 5)  # "ab ac", "aa" with a blank between
        labels = np.array([[2, 3, 1, 2, 3], [2, 2, -1, -1, -1]])
        assert measured("cer", output, labels) == pytest.approx(1 / 7)
        assert measured("wer:blank=0,space=1", output, labels) == pytest.approx(1 / 3)
        assert measured("cer", output, None, reference=output[::-1]) == error_rate(
            [(2, 3, 1, 2, 4), (2, 2)], [(2, 2), (2, 3, 1, 2, 4)]
        )

    def test_sequences_with_any_wrong_step(self) -> None:
        output = one_hot([[0, 1], [1, 1], [0, 0]], 2)
        assert measured("ser", output, np.array([[0, 1], [1, 0], [0, -1]])) == pytest.approx(1 / 3)

    def test_perplexity_of_even_odds_is_the_number_of_classes(self) -> None:
        assert measured("perplexity", np.zeros((2, 3, 7)), np.zeros((2, 3), int)) == pytest.approx(7)
        logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])) + 3
        expected = math.exp(-(math.log(0.5) + math.log(0.8)) / 2)
        assert measured("perplexity", logits, np.array([0, 1])) == pytest.approx(expected)

    @pytest.mark.parametrize("name", ["cer:blank=9", "wer:space=7"])
    def test_symbols_that_are_no_classes(self, name: str) -> None:
        with pytest.raises(SimulationError, match="found 5 classes"):
            measured(name, np.zeros((1, 2, 5)), None)


class TestFunctionsOfOnesOwn:
    def test_by_path(self, tmp_path: Path) -> None:
        (tmp_path / "judge.py").write_text(
            "def score(out, ref, labels):\n    return out.size + labels.sum()\n"
        )
        assert measured(f"{tmp_path}/judge.py:score", np.zeros((2, 3)), np.array([1, 4])) == 11

    @pytest.mark.parametrize(
        ("name", "told"), [("judge.py:score", "cannot be loaded"), ("math:nothing", "has no 'nothing'")]
    )
    def test_that_is_not_there(self, name: str, told: str) -> None:
        with pytest.raises(SimulationError, match=told):
            score_of(name)

    def test_that_gives_no_number(self, tmp_path: Path) -> None:
        (tmp_path / "judge.py").write_text("def score(out, ref, labels):\n    return 'good'\n")
        with pytest.raises(SimulationError, match="found 'good', expected a number"):
            measured(f"{tmp_path}/judge.py:score", np.zeros(3), None)


def test_lower_is_better_of_errors() -> None:
    assert score_of("cer").loss(0.1, 0.3) == pytest.approx(0.2)
    assert score_of("top1").loss(0.9, 0.8) == pytest.approx(0.1)
