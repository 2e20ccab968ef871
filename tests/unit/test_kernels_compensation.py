"""Corrections: drift and temperature references, affine calibration, spare columns."""

from typing import Any

import numpy as np
import pytest
from ohmsum.sim.kernels import compensation, drift, faults, spare_columns


def test_uniform_drift_is_undone_exactly() -> None:
    r = np.random.default_rng(1)
    x, g = r.random((8, 40)), r.uniform(1, 25, (40, 6))
    later = drift.drift(g, np.full(g.shape, 0.06), 86400.0, 20.0)
    ratio = compensation.reference_ratio(x @ g, x @ later)
    assert ratio == pytest.approx((86420 / 20) ** 0.06, rel=1e-9)
    np.testing.assert_allclose(ratio * (x @ later), x @ g, rtol=1e-9)


def test_spread_drift_is_undone_on_average_and_leaves_less_error() -> None:
    r = np.random.default_rng(2)
    x, g = r.random((50, 256)), r.uniform(1, 25, (256, 32))
    nu = drift.drift_coefficients(np.full(g.shape, 0.05), np.full(g.shape, 0.01), seed=3)
    later = drift.drift(g, nu, 30 * 86400.0, 20.0)
    ratio = compensation.reference_ratio(np.ones((1, 256)) @ g, np.ones((1, 256)) @ later)
    before, after = np.abs(x @ later - x @ g).mean(), np.abs(ratio * (x @ later) - x @ g).mean()
    assert after < 0.05 * before


def test_affine_calibration_finds_gain_and_offset() -> None:
    r = np.random.default_rng(4)
    ideal = r.standard_normal((200, 5))
    gain, offset = r.uniform(0.8, 1.2, 5), r.uniform(-1, 1, 5)
    measured = (ideal - offset) / gain
    found = compensation.affine_calibration(measured, ideal)
    np.testing.assert_allclose(found, [gain, offset], rtol=1e-9, atol=1e-12)


def test_affine_calibration_is_least_squares_and_copes_with_a_dead_column() -> None:
    r = np.random.default_rng(5)
    measured, ideal = r.standard_normal((100, 3)), r.standard_normal((100, 3))
    measured[:, 2] = 7.0
    gain, offset = compensation.affine_calibration(measured, ideal)
    for j in range(2):
        np.testing.assert_allclose(
            [gain[j], offset[j]], np.polyfit(measured[:, j], ideal[:, j], 1), rtol=1e-9
        )
    assert gain[2] == 1
    assert offset[2] == pytest.approx(ideal[:, 2].mean() - 7)


def test_spare_columns_take_the_worst_columns() -> None:
    g = np.full((4, 3), 10.0)
    map_ = np.zeros((4, 5), np.int8)
    map_[0, 0] = -1  # error 81
    map_[:2, 2] = 1  # error 2 * 225
    map_[3, 3] = -1  # first spare column: error 81
    places = spare_columns.assign_columns(g, map_, 2, 1.0, 25.0)
    np.testing.assert_array_equal(places, [0, 1, 4])  # column 0 gains nothing from the spare that is left
    np.testing.assert_array_equal(spare_columns.fault_error(g, map_[:, :3], 1.0, 25.0), [81, 0, 450])
    np.testing.assert_array_equal(spare_columns.assign_columns(g, map_[:, :3], 0, 1.0, 25.0), [0, 1, 2])


def test_spare_columns_never_make_it_worse_and_are_used_once() -> None:
    r = np.random.default_rng(6)
    g = r.uniform(1, 25, (64, 20))
    map_ = faults.stuck_cells((64, 24), 0.98, seed=7)
    places = spare_columns.assign_columns(g, map_, 4, 1.0, 25.0)
    assert len(set(places.tolist())) == 20
    own = spare_columns.fault_error(g, map_[:, :20], 1.0, 25.0)
    moved = spare_columns.fault_error(g, np.ascontiguousarray(map_[:, places]), 1.0, 25.0)
    assert (moved <= own).all()
    assert moved.sum() < own.sum()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: compensation.reference_ratio([1.0], [0.0]), "now: all outputs are 0"),
        (lambda: compensation.reference_ratio([1.0], [1.0, 2.0]), "now: shape"),
        (lambda: compensation.affine_calibration([[1.0]], [[1.0]]), "measured: 1 samples"),
        (lambda: compensation.affine_calibration([[1.0], [np.inf]], [[1.0], [2.0]]), "measured: 1 of 2"),
        (lambda: spare_columns.assign_columns([[1.0]], np.zeros((1, 1), np.int8), 1, 0, 2), "faults: shape"),
        (lambda: spare_columns.assign_columns([[1.0]], np.zeros((1, 1), np.int8), -1, 0, 2), "n_spare"),
    ],
)
def test_bad_arguments_are_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
