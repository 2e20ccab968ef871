"""MVMs by slices, phases and row blocks: integer-exact, against the twin, on packed bits and by products."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.sim.kernels import conductance, mvm_ref, slices
from ohmsum.sim.kernels.mvm_bits import mvm_bits, pack_cells, pack_inputs
from ohmsum.sim.kernels.mvm_sliced import mvm_sliced

EXACT: dict[str, Any] = {"adc_step": 1.0, "adc_range": (0, 2**20)}


def run_bits(
    x: Any,
    x_bits: Any,
    cells: Any,
    cell_bits: Any,
    w_weights: Any,
    rows: Any,
    x_weights: Any = None,
    **adc: Any,
) -> Any:
    if x_weights is None:
        x_weights = 2 ** np.arange(x_bits)
    return mvm_bits(
        pack_inputs(x, x_bits, rows), x_weights, pack_cells(cells, cell_bits, rows), w_weights, **adc
    )


@pytest.mark.parametrize(("cell_bits", "rows"), [(1, 128), (2, 128), (4, 128), (1, 100), (2, 31), (1, 300)])
def test_packed_bits_with_wide_converters_are_the_integer_product(cell_bits: int, rows: int) -> None:
    r = np.random.default_rng(1)
    x, w = r.integers(0, 256, (21, 300)), r.integers(0, 16, (300, 45))
    cells, weights = slices.digits(w, 4, cell_bits)
    sums, clipped, n_saturated = run_bits(x, 8, cells, cell_bits, weights, rows, **EXACT)
    np.testing.assert_array_equal(sums, x @ w)
    assert not clipped.any()
    assert n_saturated == 0


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_packed_bits_equal_the_twin(data: Any) -> None:
    draw = data.draw
    r = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n_columns, rows = draw(st.integers(1, 290)), draw(st.integers(1, 40)), draw(st.integers(1, 260))
    x_bits, cell_bits, n_slices = draw(st.integers(1, 11)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = r.integers(0, 2**x_bits, (draw(st.integers(1, 40)), n_rows))
    cells = r.integers(0, 2**cell_bits, (n_slices, n_rows, n_columns))
    weights = r.integers(-5, 6, n_slices)
    adc_step, high = draw(st.sampled_from([0.5, 1.0, 4.0])), draw(st.integers(1, 300))
    gain, offset = r.uniform(0.75, 1.25, n_columns).astype(np.float32), r.integers(-2, 3, n_columns)
    bits = draw(st.sampled_from([6, 12, 32]))
    got = run_bits(
        x, x_bits, cells, cell_bits, weights, rows, adc_step=adc_step, adc_range=(0, high),
        adc_gain=gain, adc_offset=offset, accumulator_bits=bits,
    )  # fmt: skip
    x_slices, x_weights = slices.digits(x, x_bits)
    slope: Any = np.float32(gain / adc_step)  # the twin then rounds the same float32 numbers
    want = mvm_ref.mvm_sliced(
        x_slices.astype(np.float32), x_weights, cells.astype(np.float32), weights, rows,
        1.0, (0, high), bits, slope, offset.astype(np.float32),
    )  # fmt: skip
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_signed_inputs_in_twos_complement() -> None:
    r = np.random.default_rng(2)
    x, w = r.integers(-128, 128, (9, 200)), r.integers(0, 8, (200, 17))
    _, weights = slices.twos_complement_bits(x, 8)
    sums, _, _ = run_bits(x, 8, w[None], 3, [1], 128, x_weights=weights, **EXACT)
    np.testing.assert_array_equal(sums, x @ w)


@pytest.mark.parametrize("separate", [False, True])
def test_two_and_four_phases_of_a_differential_pair(separate: bool) -> None:
    r = np.random.default_rng(3)
    x, w = r.integers(-127, 128, (11, 150)), r.integers(-7, 8, (150, 20))
    pair, signs = slices.polarities(w)
    g = np.stack([conductance.to_conductance(p, 8, 1.0, 8.0, np.float64) for p in pair])  # 1 uS a level
    if not separate:  # one converter sees the difference
        g, signs = g[:1] - g[1:], np.array([1])
    polarities, x_weights = slices.polarities(x)
    sums, _, _ = mvm_sliced(
        polarities.astype(float), x_weights, g, signs,
        rows_per_read=150, adc_step=1.0, adc_range=(-(2**20), 2**20),
    )  # fmt: skip
    np.testing.assert_array_equal(sums, x @ w)


@pytest.mark.parametrize("accumulator_bits", [10, 32, 63])
def test_products_equal_the_twin(accumulator_bits: int) -> None:
    r = np.random.default_rng(4)
    x_slices, x_weights = slices.digits(r.integers(0, 64, (13, 90)), 6, 2)
    g = r.uniform(0.1, 4.0, (3, 90, 21))
    adc: dict[str, Any] = {"gain": r.uniform(0.9, 1.1, 21), "offset": r.uniform(-1, 1, 21)}
    got = mvm_sliced(
        x_slices.astype(float), x_weights, g, [1, 4, -16], rows_per_read=40, adc_step=1.5, adc_range=(0, 63),
        adc_gain=adc["gain"], adc_offset=adc["offset"], accumulator_bits=accumulator_bits,
    )  # fmt: skip
    want = mvm_ref.mvm_sliced(
        x_slices.astype(float), x_weights, g, np.array([1, 4, -16]), 40, 1.5, (0, 63), accumulator_bits, **adc
    )
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)
    assert got[1].sum() > 0
    assert (got[2] > 0) == (accumulator_bits == 10)


def test_products_and_packed_bits_agree() -> None:
    r = np.random.default_rng(5)
    x, cells = r.integers(0, 256, (8, 256)), r.integers(0, 2, (4, 256, 12))
    adc: dict[str, Any] = {"adc_step": 1.0, "adc_range": (0, 35)}
    packed = run_bits(x, 8, cells, 1, 2 ** np.arange(4), 128, **adc)
    x_slices, x_weights = slices.digits(x, 8)
    products = mvm_sliced(x_slices, x_weights, cells, 2 ** np.arange(4), rows_per_read=128, **adc)
    for a, b in zip(packed, products, strict=True):
        np.testing.assert_array_equal(a, b)
    assert packed[1][1].sum() > 0


def test_noise_of_the_reads_adds_with_the_squares_of_their_weights() -> None:
    x = np.ones((2, 2000, 8))
    x_weights, w_weights = np.array([1, 2]), np.array([1, 8])
    sums, _, _ = mvm_sliced(
        x, x_weights, np.full((2, 8, 2), 5.0), w_weights, rows_per_read=4, adc_step=0.01,
        adc_range=(-(2**20), 2**20), variance_slices=np.full((2, 8, 2), 0.25), seed=1,
    )  # fmt: skip
    expected = np.sqrt(2 * (4 * 0.25) * (1 + 4) * (1 + 64)) / 0.01  # two row blocks of four cells each
    np.testing.assert_allclose(sums.std(axis=0), expected, rtol=0.06)
    np.testing.assert_allclose(sums.mean(axis=0), 8 * 5 * 3 * 9 / 0.01, atol=4 * expected / 2000**0.5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: pack_inputs([[256]], 8, 128), "codes: values from 256"),
        (lambda: pack_inputs([1], 8, 128), "codes: shape"),
        (lambda: pack_inputs([[1]], 8, 0), "rows_per_read"),
        (lambda: pack_cells([[[2]]], 1, 128), "cells: values"),
        (lambda: pack_cells([[1]], 1, 128), "cells: shape"),
        (lambda: run_bits([[1]], 1, [[[1]]], 1, [1, 2], 128, **EXACT), "w_weights: shape"),
        (lambda: run_bits([[1]], 1, [[[1]]], 1, [0.5], 128, **EXACT), "w_weights: dtype"),
        (lambda: run_bits([[1]], 1, [[[1]]], 1, [1], 128, **EXACT, accumulator_bits=33), "accumulator_bits"),
        (lambda: run_bits([[1]], 1, np.ones((1, 200, 1)), 1, [1], 128, **EXACT), "w_words"),
        (lambda: run_bits([[1]], 1, [[[1]]], 1, [1], 128, adc_step=0, adc_range=(0, 1)), "adc_step"),
        (
            lambda: mvm_sliced(np.ones((1, 1, 2)), [1], np.ones((1, 3, 1)), [1], rows_per_read=2, **EXACT),
            "x_slices",
        ),
        (lambda: mvm_sliced([[[np.nan]]], [1], [[[1.0]]], [1], rows_per_read=2, **EXACT), "x_slices: 1 of 1"),
        (lambda: mvm_sliced([[[1.0]]], [1], [[[np.inf]]], [1], rows_per_read=2, **EXACT), "g_slices: 1 of 1"),
        (lambda: mvm_sliced([[[1.0]]], [1.5], [[[1.0]]], [1], rows_per_read=2, **EXACT), "x_weights: dtype"),
        (lambda: mvm_sliced([[[1.0]]], [1], [[[1.0]]], [1, 1], rows_per_read=2, **EXACT), "g_weights: shape"),
        (
            lambda: mvm_sliced(
                [[[1.0]]], [1], [[[1.0]]], [1], rows_per_read=2, **EXACT, variance_slices=[[[-1.0]]]
            ),
            "variance_slices",
        ),
    ],
)
def test_bad_arguments_are_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
