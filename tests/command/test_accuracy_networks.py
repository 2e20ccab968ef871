"""The table of real networks: what is fetched, computed once, kept, and written down."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ohmsum.sim.accuracy import score_of
from ohmsum.tools.accuracy.networks import measures, rows, sound, text
from ohmsum.tools.accuracy.networks.__main__ import main
from ohmsum.tools.accuracy.networks.catalogue import CASES, Case
from ohmsum.tools.accuracy.networks.page import page
from ohmsum.tools.accuracy.networks.prepared import Prepared
from ohmsum.tools.accuracy.networks.store import Store, needed
from ohmsum.tools.errors import UsageError
from onnx import helper
from scipy import stats

from ..kit.accuracy_cases import IMAGES, LENET, save

FILES = Prepared(LENET, IMAGES)
SMALL = Case(
    "small", "LeNet-5", "300 images", lambda store: FILES, "top1", seeds=2, samples=40, samples_ideal=4
)


class TestRows:
    def test_every_row_that_is_asked_for(self) -> None:
        found = [row.key for row in rows.condition_rows(SMALL)]
        times = [f"{t}, {kind}" for t in ("1 s", "1 day", "30 days") for kind in ("drift", "off")]
        assert found == ["enough bits", "8 bits", "8 bits, one range", *times]
        bits = {row.changes["tile.adc.bits"] for row in rows.bit_rows(SMALL)}
        assert bits == {"4", "5", "6", "7", "8", "9", "10"}

    def test_enough_bits_are_float(self, tmp_path: Path) -> None:
        exact = rows.condition_rows(SMALL)[:1]
        ((row, figure),) = rows.figures(SMALL, exact, FILES, tmp_path, lambda text: None)
        assert row.exact
        assert figure.mapping_error < 2e-6
        assert figure.mean < 3e-6

    def test_a_finished_row_is_not_computed_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        some = rows.condition_rows(SMALL)[1:4:2]
        told: list[str] = []
        first = list(rows.figures(SMALL, some, FILES, tmp_path, told.append))
        assert len(told) == 2
        assert [f.n_samples for _, f in first] == [40, 40]
        assert [len(f.values) for _, f in first] == [1, 2]
        assert first[0][1].interval is None
        assert first[1][1].interval is not None
        monkeypatch.setattr(rows, "study_of", None)  # a second computation would fail
        assert list(rows.figures(SMALL, some, FILES, tmp_path, told.append)) == first
        assert len(told) == 2
        other = [replace(some[1], seeds=3)]
        with pytest.raises(TypeError):
            list(rows.figures(SMALL, other, FILES, tmp_path, told.append))


def test_page_shows_what_there_is_and_marks_what_is_not() -> None:
    aged = rows.Figure([0.5, 0.75], 300, 0.875, 1e-7, 60.0)
    text_ = page([(SMALL, {"8 bits": replace(aged, values=[0.8125]), "1 s, drift": aged})])
    assert "| LeNet-5 | 300 images" in text_
    assert "| 87.5 %" in text_
    # 0.5 and 0.75: s = 0.1768, t = 12.706 for one degree of freedom, over the root of 2
    assert f"62.5 % \u00b1 {100 * 12.706 * 0.125:.1f}" in text_
    assert "81.2 %" in text_
    assert "..." in text_
    widths = {len(line) for line in text_.splitlines() if line.startswith("| LeNet-5 | 87.5")}
    assert len(widths) <= 1


class TestMeasures:
    def test_wilson(self) -> None:
        """50 of 100: 0.4038 to 0.5962 (any table)."""
        assert measures.share_error(0.5, 100) == pytest.approx((0.5962 - 0.4038) / 2, abs=1e-4)

    def test_correlation_of_many_pairs(self) -> None:
        """By the delta method: (1 - r^2) times the error of its Fisher transform."""
        r, n = 0.6, 100_000
        expected = 1.959964 * math.sqrt((1 + r * r / 2) / n) * (1 - r * r)
        assert measures.correlation_error(r, n) == pytest.approx(expected, rel=1e-3)

    def test_pitch(self) -> None:
        bins = np.eye(360, dtype=np.float32)[[100, 100, 103]]
        cents = np.full(3, 1997.3794084376191 + 20 * 100)
        assert measures.within_50_cents(bins, bins, cents) == pytest.approx(2 / 3)

    def test_unknown_frames_do_not_count(self) -> None:
        got = np.array([0.9, 0.1, 0.9, 0.6], np.float32)
        assert measures.speech_or_not(got, got, np.array([1, 1, -1, 0])) == pytest.approx(1 / 3)

    def test_spearman_is_scipys(self) -> None:
        rng = np.random.default_rng(0)
        vectors = rng.normal(size=(60, 4))
        scores = rng.integers(0, 9, 30).astype(float)  # with ties
        first, second = vectors[0::2], vectors[1::2]
        cosine = (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
        expected = stats.spearmanr(cosine, scores).statistic
        assert score_of("spearman").measure(vectors, vectors, np.repeat(scores, 2)) == pytest.approx(expected)


class TestData:
    def test_tones_are_normal_and_have_their_pitch(self) -> None:
        frames, hertz = sound._tones()
        np.testing.assert_allclose(frames.mean(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(frames.std(axis=1), 1, rtol=1e-4)
        strongest = np.abs(np.fft.rfft(frames[hertz > 400], axis=1)).argmax(axis=1) * 16000 / 1024
        harmonic = strongest / hertz[hertz > 400]
        assert (np.abs(harmonic - np.rint(harmonic)) < 0.05).mean() > 0.9

    def test_bytes_of_a_file(self) -> None:
        content = b"\n\n" + bytes(range(65, 91)) * 100 + b"  \n"
        x = text._features(content)
        assert list(x[:3]) == [65, 66, 67]
        assert list(x[-3:]) == [88, 89, 90]
        assert list(text._features(b"abc")) == [97, 98, 99, *[256] * 2042, 97, 98, 99]


class TestStore:
    def test_what_is_there_is_not_fetched(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "wheels").mkdir()
        there = tmp_path / "wheels" / "some_thing-1.0-py3-none-any.whl"
        there.write_bytes(b"")
        monkeypatch.setattr(subprocess, "run", None)
        assert Store(tmp_path).wheel("some-thing", "1.0") == there

    def test_what_cannot_be_fetched_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(UsageError, match=r"some-data: needs the program 'apt-get'.*by hand"):
            Store(tmp_path).deb("some-data")

    def test_a_file_appears_whole_or_not_at_all(self, tmp_path: Path) -> None:
        def fail(path: Path) -> None:
            path.write_text("half")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            Store(tmp_path).made("data.npz", fail)
        assert not list((tmp_path / "prepared").iterdir())

    def test_a_missing_package_is_told(self) -> None:
        with pytest.raises(UsageError, match="pip install pillow"):
            needed("no_such_module", "pillow")

    def test_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert main(["--out", str(tmp_path / "out"), "--only", "lenet5"]) == 2
        shown = capsys.readouterr()
        assert shown.err.startswith("error: LeNet-5: dataset-fashion-mnist: needs the program 'apt-get'")
        assert shown.out.startswith("# Real networks on real data")


def test_names_are_told_apart() -> None:
    assert len({case.key for case in CASES}) == len(CASES) == 6
    assert all(case.measure is not None or score_of(case.metric) for case in CASES)


def test_same_bits_on_one_thread_and_on_two(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ohmsum", "accuracy", str(LENET), "--chip", "hermes-64"]
    command += ["--data", str(IMAGES), "--samples", "40", "--metric", "sqnr", "--time", "1d", "--json"]
    results = []
    for n in "12":
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), n)
        out = tmp_path / f"{n}.json"
        environment = {**os.environ, **threads}
        subprocess.run([*command, str(out)], env=environment, check=True, capture_output=True)
        results.append(json.loads(out.read_text())["rows"])
    assert results[0] == results[1]


def test_depthwise_layers_are_found_by_their_names_in_the_mapping(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.normal(size=(4, 1, 3, 3)).astype(np.float32),
        "p": rng.normal(size=(6, 4, 1, 1)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="depthwise", group=4),
        helper.make_node("Conv", ["a", "p"], ["y"], name="pointwise"),
    ]
    network = save(tmp_path / "net.onnx", nodes, ["n", 4, 8, 8], weights)
    np.savez(tmp_path / "data.npz", x=np.zeros((2, 4, 8, 8), np.float32))
    assert rows._depthwise(Prepared(network, tmp_path / "data.npz")) == ("depthwise",)
