"""Integers as slices, activations as codes and pulses, weights as conductances."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.sim.kernels import conductance, encode, slices


@given(st.integers(1, 16), st.integers(1, 16), st.integers(0, 2**32 - 1))
def test_digits_recombine_to_the_codes(n_bits: int, bits_per_slice: Any, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 2**n_bits, (3, 5))
    bits_per_slice = min(bits_per_slice, n_bits)
    cut, weights = slices.digits(codes, n_bits, bits_per_slice)
    assert cut.shape == (-(-n_bits // bits_per_slice), 3, 5)
    assert cut.min() >= 0
    assert cut.max() < 2**bits_per_slice
    np.testing.assert_array_equal(slices.recombine(cut, weights), codes)


@given(st.integers(2, 16), st.integers(0, 2**32 - 1))
def test_signed_schemes_recombine(n_bits: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(-(2 ** (n_bits - 1)), 2 ** (n_bits - 1), (4, 3))
    np.testing.assert_array_equal(slices.recombine(*slices.twos_complement_bits(codes, n_bits)), codes)
    np.testing.assert_array_equal(slices.recombine(*slices.polarities(codes)), codes)
    shifted, offset = slices.offset_codes(codes, n_bits)
    assert shifted.min() >= 0
    np.testing.assert_array_equal(shifted - offset, codes)
    parts = slices.outer_slices(slices.polarities(codes), n_bits, 2)
    np.testing.assert_array_equal(slices.recombine(*parts), codes)


def test_offset_weights_are_corrected_by_the_sum_of_the_inputs() -> None:
    r = np.random.default_rng(1)
    x, w = r.integers(0, 256, (6, 40)), r.integers(-8, 8, (40, 5))
    cells, offset = slices.offset_codes(w, 4)
    np.testing.assert_array_equal(x @ cells - offset * x.sum(axis=1, keepdims=True), x @ w)
    with_bias = x @ conductance.bias_column(cells, offset)
    np.testing.assert_array_equal(with_bias[:, :-1] - with_bias[:, -1:], x @ w)


def test_quantized_inputs_round_to_even_and_count_what_was_clipped() -> None:
    x = np.array([[0.5, 1.5, 2.5, -0.5, 126.4, 126.6, 127.5, -200.0]], np.float32)
    codes, n_clipped = encode.quantize(x, 1.0, -127, 127)
    np.testing.assert_array_equal(codes, [[0, 2, 2, 0, 126, 127, 127, -127]])
    assert n_clipped == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantize_equals_numpy(dtype: Any) -> None:
    x = np.random.default_rng(2).standard_normal((33, 77)).astype(dtype)
    codes, n_clipped = encode.quantize(x, 0.02, -64, 63)
    raw = np.rint(x * dtype(1 / 0.02))
    np.testing.assert_array_equal(codes, np.clip(raw, -64, 63))
    assert n_clipped == np.count_nonzero(codes != raw)
    assert codes.dtype == dtype


def test_input_step_fits_the_sample() -> None:
    sample = np.linspace(-2.0, 4.0, 101)
    assert encode.input_step(sample, 127) == pytest.approx(4.0 / 127)
    assert encode.input_step(sample, 127, percentile=50) == pytest.approx(np.median(np.abs(sample)) / 127)
    assert encode.input_step(np.zeros(3), 127) == pytest.approx(1 / 127)


def test_pulse_width_jitter_has_two_edges_and_none_without_a_pulse() -> None:
    codes = np.tile(np.array([0.0, 1.0, 100.0, -100.0]), (20_000, 1))
    widths = encode.pulse_widths_s(codes, 1e-9, edge_jitter_s=5e-11, seed=3)
    np.testing.assert_array_equal(widths[:, 0], 0)
    np.testing.assert_allclose(widths.mean(axis=0)[1:], [1e-9, 1e-7, -1e-7], atol=4 * 7.1e-11 / 20_000**0.5)
    np.testing.assert_allclose(widths.std(axis=0)[1:], 2**0.5 * 5e-11, rtol=0.03)


def test_pulse_count_errors_grow_with_the_root_of_the_count() -> None:
    codes = np.tile(np.array([0.0, 4.0, -64.0]), (20_000, 1))
    charges = encode.pulse_count_charges(codes, pulse_sigma=0.05, seed=4)
    np.testing.assert_allclose(charges.std(axis=0), [0, 0.1, 0.4], rtol=0.03)
    np.testing.assert_allclose(charges.mean(axis=0), [0, 4, -64], atol=0.02)
    np.testing.assert_array_equal(encode.pulse_count_charges(codes), codes)


def test_the_largest_weight_of_a_column_has_the_largest_code() -> None:
    w = np.random.default_rng(5).standard_normal((64, 9)) * np.geomspace(0.01, 10, 9)
    w[:, 4] = 0
    steps = conductance.weight_steps(w, 8)
    largest = np.abs(w / steps).max(axis=0)
    np.testing.assert_allclose(largest, [127, 127, 127, 127, 0, 127, 127, 127, 127])
    shared = conductance.weight_steps(w, 8, per_column=False)
    np.testing.assert_allclose(shared, np.abs(w).max() / 127)


def test_conductances_fill_the_window_and_come_back() -> None:
    codes = np.arange(16).reshape(4, 4)
    g = conductance.to_conductance(codes, 16, 0.5, 25.0, np.float64)
    assert g.min() == 0.5
    assert g.max() == 25.0
    np.testing.assert_allclose(np.diff(g.ravel()), 24.5 / 15)
    np.testing.assert_allclose(conductance.to_codes(g, 16, 0.5, 25.0), codes, atol=1e-12)
    rough = g + 0.49 * 24.5 / 15 * np.random.default_rng(6).uniform(-1, 1, g.shape)
    np.testing.assert_allclose(conductance.quantize_conductance(rough, 16, 0.5, 25.0), g, rtol=1e-12)
    assert conductance.quantize_conductance(np.array([99.0]), 16, 0.5, 25.0)[0] == 25.0


def test_limited_on_off_ratio_cancels_in_a_differential_pair() -> None:
    r = np.random.default_rng(7)
    x, w = r.integers(-15, 16, (5, 30)), r.integers(-7, 8, (30, 4))
    (plus, minus), _ = slices.polarities(w)
    g = [conductance.to_conductance(part, 8, 2.5, 25.0, np.float64) for part in (plus, minus)]
    np.testing.assert_allclose(x @ (g[0] - g[1]) / (22.5 / 7), x @ w, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: slices.digits([[256]], 8), "codes: values from 256 to 256; expected 0 to 255"),
        (lambda: slices.digits([[0.5]], 8), "codes: fractions"),
        (lambda: slices.digits([[1]], 8, 9), "bits_per_slice"),
        (lambda: slices.digits([["a"]], 8), "codes: dtype"),
        (lambda: slices.code_range(0, False), "n_bits"),
        (lambda: encode.quantize(np.array([[np.nan]]), 1.0, 0, 1), "x: 1 of 1 values are NaN"),
        (lambda: encode.quantize(np.array([[np.inf, 1.0]]), 1.0, 0, 1), "x: 1 of 2 values are NaN"),
        (lambda: encode.quantize(np.ones(3), 1.0, 0, 1), "x: float64"),
        (lambda: encode.quantize(np.ones((1, 1)), 0.0, 0, 1), "step: 0.0; expected a finite number > 0"),
        (lambda: encode.quantize(np.ones((1, 1)), 1.0, 2, 1), "low: 2 above high"),
        (lambda: encode.quantize(np.ones((1, 1)), 1.0, 0, 1, out=np.ones((2, 1))), "out"),
        (lambda: encode.input_step([], 127), "sample"),
        (lambda: encode.input_step([1.0], 127, 101), "percentile"),
        (lambda: encode.pulse_widths_s(np.ones(2), -1.0), "lsb_s"),
        (lambda: encode.pulse_count_charges(np.ones(2), pulse_sigma=-1), "pulse_sigma"),
        (lambda: conductance.weight_steps([[np.inf]], 8), "weights: 1 of 1 values"),
        (lambda: conductance.weight_steps([1.0], 8), "weights: 1 dimensions"),
        (lambda: conductance.to_conductance([[0]], 2, 5.0, 5.0), "g_max_us: 5.0; expected .* > 5"),
        (lambda: conductance.to_conductance([[2]], 2, 0.0, 5.0), "cell_codes"),
        (lambda: conductance.to_conductance([[0]], 1, 0.0, 5.0), "n_levels"),
        (lambda: conductance.to_conductance([[0]], 2, -1.0, 5.0), "g_min_us"),
        (lambda: conductance.bias_column([1, 2], 8), "cell_codes"),
    ],
)
def test_bad_arguments_are_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text.replace("(", r"\(")):
        call()
