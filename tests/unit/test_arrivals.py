"""Do requests arrive as asked, the same on every computer, and are mistakes told with what was meant?"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from ohmsum.sim.arrivals import Arrivals
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.program import MAX_TIME_FS
from scipy import stats

MS = 10**12


@pytest.mark.parametrize(
    ("text", "kind", "interval_fs"),
    [
        ("every 1 ms", "every", MS),
        ("every 0.5us", "every", 500 * 10**6),
        ("every 1 fs", "every", 1),
        ("poisson 2000/s", "poisson", MS // 2),
        ("poisson 2 kHz", "poisson", MS // 2),
        ("poisson 0.25/ms", "poisson", 4 * MS),
        ("  poisson   3/s ", "poisson", Fraction(10**15, 3)),
    ],
)
def test_texts(text: str, kind: str, interval_fs: int | Fraction) -> None:
    assert Arrivals.parse(text) == Arrivals(kind, Fraction(interval_fs))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["every 1 ms", "every 333 fs", "poisson 2000/s", "poisson 0.001/s"])
def test_a_text_says_what_it_reads(text: str) -> None:
    assert str(Arrivals.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("possion 2000/s", "did you mean 'poisson 2000/s'?"),
        ("Every 1 ms", "did you mean 'every 1 ms'?"),
        ("2000/s", "did you mean 'poisson 2000/s' or 'every 500 us'?"),
        ("1 ms", "did you mean 'poisson 1000/s' or 'every 1 ms'?"),
        ("every 2000/s", "did you mean 'every 500 us'?"),
        ("poisson 1 ms", "did you mean 'poisson 1000/s'?"),
        ("every", "'poisson RATE' or 'every TIME'"),
        ("", "'poisson RATE' or 'every TIME'"),
        ("poisson 2000", "'poisson RATE' or 'every TIME'"),
        ("every 1 hour", "'poisson RATE' or 'every TIME'"),
        ("poisson 0/s", "between 1 fs and 77 minutes apart"),
        ("poisson -3/s", "between 1 fs and 77 minutes apart"),
        ("every 0 s", "between 1 fs and 77 minutes apart"),
        ("every 0.4 fs", "between 1 fs and 77 minutes apart"),
        ("every 5000 s", "between 1 fs and 77 minutes apart"),
        ("poisson 1e30/s", "between 1 fs and 77 minutes apart"),
    ],
)
def test_mistakes(text: str, meant: str) -> None:
    with pytest.raises(SimulationError) as error:
        Arrivals.parse(text)
    assert f"arrival: found {text!r}" in str(error.value)
    assert meant in str(error.value)
    assert "\n" not in str(error.value)


def test_every_is_exact() -> None:
    assert Arrivals.parse("every 3 ns").times_fs(4, seed=7) == [0, 3_000_000, 6_000_000, 9_000_000]


def test_the_last_request_must_come_in_time() -> None:
    day = Arrivals.parse("every 1 s")
    most = MAX_TIME_FS // 10**15 + 1
    assert len(day.times_fs(most, 0)) == most
    with pytest.raises(SimulationError, match=f"the last of {most + 1} requests"):
        day.times_fs(most + 1, 0)


def test_poisson_gaps_are_exponential_and_independent() -> None:
    """Kolmogorov-Smirnov against the exponential distribution; no correlation of neighbouring gaps."""
    mean_fs = MS // 2
    times = Arrivals.parse("poisson 2000/s").times_fs(40_001, seed=3)
    gaps = np.diff(times) / mean_fs
    assert times[0] == 0
    assert all(isinstance(t, int) for t in times[:10])
    assert stats.kstest(gaps, "expon").pvalue > 0.01
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 3 / np.sqrt(len(gaps))
    # The count in windows of 5 ms is Poisson of mean 10: its variance is its mean.
    counts = np.bincount(np.array(times) // (5 * MS))[:-1]
    assert counts.mean() == pytest.approx(10, rel=0.03)
    assert counts.var() == pytest.approx(10, rel=0.08)


def test_poisson_scales_with_the_rate_and_not_with_the_number() -> None:
    slow, fast = Arrivals.parse("poisson 1000/s"), Arrivals.parse("poisson 4000/s")
    few, many = slow.times_fs(50, seed=1), slow.times_fs(5000, seed=1)
    assert many[:50] == few
    assert [t // 4 for t in few] == fast.times_fs(50, seed=1)


def test_seeds_differ_and_repeat() -> None:
    arrivals = Arrivals.parse("poisson 1/us")
    streams = {seed: tuple(arrivals.times_fs(10, seed)) for seed in (-1, 0, 1, 2**70)}
    assert len(set(streams.values())) == 4 - (2**70 % 2**64 in (0, 1))
    assert streams[1] == tuple(arrivals.times_fs(10, 1))
