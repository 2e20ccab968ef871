"""The counter-based generator: published vectors, its twin bit for bit, distribution, threads."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.kernels import rng, rng_ref
from scipy import stats


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # Random123, tests/kat_vectors, "philox4x32 10"
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_published_philox_vectors(counter: Any, key: Any, words: Any) -> None:
    assert rng.philox4x32(counter, key) == words


@pytest.mark.parametrize("n_columns", [1, 3, 4, 5, 64, 131])
def test_float32_equals_its_twin_bit_for_bit(n_columns: int) -> None:
    seed, first_row = 0x1234_5678_9ABC_DEF0, 2**32 - 2  # the row counter crosses a word here
    got = rng.normal((5, n_columns), seed, first_row=first_row)
    want = rng_ref.normal32(5, n_columns, seed, first_row)
    assert got.tobytes() == np.ascontiguousarray(want).tobytes()


def test_float64_is_the_same_draw_in_double_precision() -> None:
    exact = rng.normal((40, 333), 7, dtype=np.float64)
    np.testing.assert_allclose(exact, rng_ref.normal64(40, 333, 7), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(rng.normal((40, 333), 7), exact, rtol=2e-6, atol=2e-6)


def test_gaussian_moments_tails_and_kolmogorov_smirnov() -> None:
    z = rng.normal((1000, 1000), 3).astype(np.float64).ravel()
    n = z.size
    assert abs(z.mean()) < 4 / n**0.5
    assert abs(z.var() - 1) < 4 * (2 / n) ** 0.5
    assert abs((z**3).mean()) < 4 * (15 / n) ** 0.5
    assert abs((z**4).mean() - 3) < 4 * (96 / n) ** 0.5
    assert stats.kstest(z, "norm").pvalue > 1e-4
    for tail in (3.0, 4.0):
        expected = 2 * stats.norm.sf(tail) * n
        assert abs(np.count_nonzero(np.abs(z) > tail) - expected) < 5 * expected**0.5


def test_neighbouring_rows_columns_and_seeds_are_uncorrelated() -> None:
    z = rng.normal((512, 512), 11).astype(np.float64)
    other = rng.normal((512, 512), 12).astype(np.float64)
    limit = 5 / z.size**0.5
    pairs = [(z[1:], z[:-1]), (z[:, 1:], z[:, :-1]), (z, other), (z[:, :256], z[:, 256:])]
    for a, b in [*pairs, (z**2 - 1, other**2 - 1)]:
        assert abs((a * b).mean()) < limit * 2.1  # the squares have variance 2 each


def test_a_batch_may_be_drawn_in_parts() -> None:
    whole = rng.normal((10, 37), 5)
    np.testing.assert_array_equal(whole[4:], rng.normal((6, 37), 5, first_row=4))


def test_uniform_is_open_and_flat() -> None:
    u = rng.uniform((100, 1000), 1)
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-4


def test_derived_seeds_differ_by_every_step_of_the_path() -> None:
    seeds = {rng.derive_seed(1), rng.derive_seed(2), rng.derive_seed(1, 0), rng.derive_seed(1, 1)}
    seeds |= {rng.derive_seed(1, 0, 1), rng.derive_seed(1, 1, 0), rng.derive_seed(1, 0, 0)}
    assert len(seeds) == 7


def test_one_and_two_threads_give_the_same_bits() -> None:
    code = "from ohmsum.sim.kernels import rng; import hashlib; \
        print(hashlib.sha256(rng.normal((257, 131), 42).tobytes()).hexdigest())"
    digests = set()
    for n in ("1", "2"):
        env = {**os.environ, "NUMBA_NUM_THREADS": n}
        run = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True)
        digests.add(run.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: rng.normal((2, 2), -1), "seed"),
        (lambda: rng.normal((2, 2), 1, first_row=-1), "first_row"),
        (lambda: rng.normal((2, 2), 1, dtype=np.int32), "dtype"),
        (lambda: rng.derive_seed(1, -3), "path"),
        (lambda: rng.fill_normal(np.empty((4, 4), np.float32).T[:, ::2], 1), "out"),
    ],
)
def test_bad_arguments_are_named(call: Any, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        call()
