"""The MVM around one product: against its twin, ideal settings, clip counts, noise, threads."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.kernels import converter, mvm_ref
from ohmsum.sim.kernels.mvm import mvm, product
from scipy import stats

SETTINGS: dict[str, Any] = {
    "input_step": 1 / 127,
    "input_range": (-127, 127),
    "adc_step": 10.0,
    "adc_range": (-127, 127),
}


def operands(dtype: Any = np.float64, batch: Any = 37, n_rows: int = 70, n_columns: int = 29) -> Any:
    r = np.random.default_rng(1)
    x = r.uniform(-1.05, 1.05, (batch, n_rows)).astype(dtype)
    return x, r.standard_normal((n_rows, n_columns)).astype(dtype)


def test_check_mode_equals_the_twin() -> None:
    x, w = operands()
    gain, offset = np.linspace(0.8, 1.2, 29), np.linspace(-3, 3, 29)
    got = mvm(x, w, **SETTINGS, adc_gain=gain, adc_offset=offset)
    want = mvm_ref.mvm(x, w, 1 / 127, (-127, 127), 10.0, (-127, 127), gain, offset)
    assert got[0].dtype == np.float64
    np.testing.assert_allclose(got[0], want[0], rtol=1e-13)
    assert got[1] == want[1] > 0
    np.testing.assert_array_equal(got[2], want[2])
    assert want[2].sum() > 0


def test_float32_differs_from_check_mode_by_at_most_one_code_and_rarely() -> None:
    x, w = operands(batch=200)
    exact, _, _ = mvm(x, w, **SETTINGS)
    fast, _, _ = mvm(x.astype(np.float32), w.astype(np.float32), **SETTINGS)
    assert fast.dtype == np.float32
    codes = np.abs(fast - exact) / (10 / 127)
    assert codes.max() < 1.001
    assert (codes > 0.5).mean() < 1e-3


def test_enough_bits_give_the_exact_product() -> None:
    r = np.random.default_rng(2)
    x, w = r.integers(-100, 101, (20, 64)).astype(float), r.integers(-100, 101, (64, 10)).astype(float)
    y, n_clipped, clipped = mvm(
        x, w, input_step=1.0, input_range=(-127, 127), adc_step=1.0, adc_range=(-(2**24), 2**24)
    )
    np.testing.assert_array_equal(y, x @ w)
    assert n_clipped == 0
    assert not clipped.any()


def test_the_given_array_is_filled() -> None:
    x, w = operands(np.float32)
    out = np.empty((37, 29), np.float32)
    y, _, _ = mvm(x, w, **SETTINGS, out=out)
    assert y is out
    np.testing.assert_array_equal(y, mvm(x, w, **SETTINGS)[0])


def test_converter_gain_offset_dead_zone_and_missing_codes() -> None:
    y = np.array([[-9.0, -0.4, 0.4, 1.2, 2.6, 9.0]])
    codes = y.copy()
    clipped = converter.convert(codes, 1.0, -4, 3, offset=[0, 0, 0.2, 0, 0, 0], gain=[1, 1, 1, 2, 1, 1])
    np.testing.assert_array_equal(codes, [[-4, 0, 1, 2, 3, 3]])
    np.testing.assert_array_equal(clipped, [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]])
    codes = y.copy()
    converter.convert(codes, 1.0, -4, 3, dead_zone=2.0)
    np.testing.assert_array_equal(codes, [[-4, 0, 0, 0, 3, 3]])
    table = converter.missing_codes(-4, 3, dead=[-4, 1, 3])
    np.testing.assert_array_equal(table, [-3, -3, -2, -1, 0, 0, 2, 2])
    codes = y.copy()
    converter.convert(codes, 1.0, -4, 3, transfer=table, scale=0.5)
    np.testing.assert_array_equal(codes, [[-1.5, 0, 0, 0, 1, 1]])


def test_column_spread_has_the_stated_sigma() -> None:
    gain, offset = converter.column_spread(100_000, 0.0709, 1.5, seed=4)
    assert gain.mean() == pytest.approx(1, abs=1e-3)
    assert gain.std() == pytest.approx(0.0709, rel=0.01)
    assert offset.std() == pytest.approx(1.5, rel=0.01)


def test_read_noise_has_the_distribution_of_per_device_draws() -> None:
    r = np.random.default_rng(5)
    code = r.integers(-127, 128, 48).astype(np.float64)
    w, sigma = r.standard_normal((48, 3)), r.uniform(0.01, 0.2, (48, 3))
    n = 4000
    codes = np.tile(code, (n, 1))
    fast = product(codes, w, weight_variance=sigma**2, seed=6)
    slow = mvm_ref.mvm_device_draws(codes, w, sigma, r)
    for j in range(3):
        exact = stats.norm(code @ w[:, j], np.sqrt(code**2 @ sigma[:, j] ** 2))
        assert stats.ks_2samp(fast[:, j], slow[:, j]).pvalue > 1e-3
        assert stats.kstest(fast[:, j], exact.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(fast[:, 0], fast[:, 1])[0, 1]) < 5 / n**0.5


def test_converter_noise_adds_in_squares_and_reads_are_fresh() -> None:
    x, w = operands(batch=3000, n_rows=16, n_columns=4)
    x[:] = x[0]
    settings = {**SETTINGS, "adc_step": 0.01, "adc_range": (-(2**24), 2**24)}
    variance = np.full((16, 4), 0.01)
    y, _, _ = mvm(x, w, **settings, weight_variance=variance, adc_noise_codes=300.0, seed=7)
    codes = np.rint(x[0] * 127)
    sigma = np.sqrt((codes**2).sum() * 0.01 + (300 * 0.01) ** 2) / 127
    np.testing.assert_allclose(y.std(axis=0), sigma, rtol=5 / (2 * 3000) ** 0.5)


def test_noise_continues_over_parts_of_a_batch_and_changes_with_the_seed() -> None:
    x, w = operands(np.float32)
    noisy = {**SETTINGS, "weight_variance": np.full_like(w, 0.01), "seed": 8}
    whole = mvm(x, w, **noisy)[0]
    part = mvm(x[20:], w, **noisy, first_row=20)[0]
    # BLAS may round parts of a batch differently: one code at most
    assert np.abs(whole[20:] - part).max() <= 10 / 127 * 1.001
    assert (whole[20:] == part).mean() > 0.99
    assert (whole != mvm(x, w, **{**noisy, "seed": 9})[0]).mean() > 0.1


DIGEST = """
import hashlib, numpy as np
from ohmsum.sim.kernels.mvm import mvm
from ohmsum.sim.kernels import mvm_bits, irdrop_nonlinear
r = np.random.default_rng(0)
x, w = r.random((300, 200), dtype=np.float32), r.standard_normal((200, 150)).astype(np.float32)
y = mvm(x, w, input_step=1 / 255, input_range=(0, 255), adc_step=9.0, adc_range=(-127, 127),
        adc_noise_codes=0.3, weight_variance=np.full_like(w, 0.01), seed=3)
bits = mvm_bits.mvm_bits(
    mvm_bits.pack_inputs(r.integers(0, 16, (50, 200)), 4, 128), [1, 2, 4, 8],
    mvm_bits.pack_cells(r.integers(0, 2, (2, 200, 33)), 1, 128), [1, 2], adc_step=1.0, adc_range=(0, 31))
current = irdrop_nonlinear.nonlinear_currents(r.random((5, 12)), r.random((12, 9)) * 1e-4, 1.0, 1.0, 2.0)
print(hashlib.sha256(b"".join(a.tobytes() for a in (y[0], y[2], bits[0], bits[1], current))).hexdigest())
"""


def test_one_and_two_threads_give_the_same_bits() -> None:
    digests = set()
    for n in ("1", "2"):
        threads = {"NUMBA_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n}
        command = [sys.executable, "-c", DIGEST]
        run = subprocess.run(command, env={**os.environ, **threads}, check=True, capture_output=True)
        digests.add(run.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"x": np.array([[np.nan, 0.0]])}, "x: 1 of 2 values are NaN"),
        ({"x": np.ones(2)}, "x: float64"),
        ({"x": np.ones((1, 3))}, "x: 3 inputs; expected 2, the rows of weights"),
        ({"x": np.array([["a", "b"]])}, "x: <U1"),
        ({"weights": np.array([[np.inf], [0.0]])}, "weights: 1 of 2 values are NaN or infinite"),
        ({"weights": np.ones(2)}, "weights: 1 dimensions"),
        ({"input_step": 0.0}, "step"),
        ({"adc_step": -1.0}, "adc_step"),
        ({"adc_range": (5, 5)}, "adc_range"),
        ({"adc_gain": np.ones(3)}, "gain: shape"),
        ({"adc_offset": np.array([np.nan])}, "offset"),
        ({"adc_noise_codes": -1.0}, "adc_noise_codes"),
        ({"weight_variance": np.full((2, 1), -1.0)}, "weight_variance: smallest is -1"),
        ({"out": np.ones((1, 2))}, "out: shape"),
        ({"out": np.ones((1, 1), np.float32)}, "out: dtype float32"),
        ({"x": np.vstack([np.ones((300, 2)), [[np.nan, 1]]])}, "x: 1 of 602 values are NaN"),
        ({"weight_variance": np.ones((1, 1))}, "weight_variance: shape"),
        ({"weight_variance": np.ones((2, 1)), "seed": -1}, "seed"),
    ],
)
def test_bad_arguments_are_named(change: Any, text: str) -> None:
    arguments = {"x": np.ones((1, 2)), "weights": np.ones((2, 1)), **SETTINGS, **change}
    with pytest.raises(ValueError, match=text):
        mvm(**arguments)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: converter.convert(np.ones((1, 1), int), 1.0, 0, 1), "y: int64"),
        (lambda: converter.convert(np.full((1, 1), np.nan), 1.0, 0, 1), "y: 1 of 1 column results are NaN"),
        (lambda: converter.convert(np.ones((1, 1)), 1.0, 0, 1, transfer=np.arange(3)), "transfer"),
        (lambda: converter.convert(np.ones((1, 1)), 1.0, 0, 1, dead_zone=-1), "dead_zone"),
        (lambda: converter.missing_codes(0, 1, [0, 1]), "dead: every code"),
        (lambda: converter.column_spread(3, -0.1, 0, 1), "gain_sigma"),
        (lambda: product(np.ones((1, 2)), np.ones((3, 1))), "weights: 3 rows"),
    ],
)
def test_bad_converter_arguments_are_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
