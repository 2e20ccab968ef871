"""IR drop: exact against badcrossbar and an independent nodal solve, fast estimate, non-linear cells."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.kernels.irdrop_exact import effective_conductance
from ohmsum.sim.kernels.irdrop_fast import fast_effective_conductance
from ohmsum.sim.kernels.irdrop_lines import line_product
from ohmsum.sim.kernels.irdrop_nonlinear import node_voltages, nonlinear_currents
from scipy import optimize, sparse
from scipy.sparse import linalg

DATA = Path(__file__).parents[1] / "data" / "kernels"
ORACLE = runpy.run_path(str(DATA / "make_badcrossbar.py"))


def nodal(g: Any, v: Any, r_word: Any, r_bit: Any, r_source: Any = 0.0, r_sense: Any = 0.0) -> Any:
    """Column currents by a sparse solve of Kirchhoff's law at every node."""
    m, n = g.shape
    word = np.arange(m * n).reshape(m, n)
    bit = word + m * n
    entries = []

    def wire(p: Any, q: Any, conductance: Any) -> None:
        c = np.broadcast_to(conductance, p.shape).ravel()
        p, q = p.ravel(), q.ravel()
        entries.extend([(p, p, c), (q, q, c), (p, q, -c), (q, p, -c)])

    first, last = 1 / (r_word + r_source), 1 / (r_bit + r_sense)
    wire(word, bit, g)
    wire(word[:, 1:], word[:, :-1], 1 / r_word)
    wire(bit[1:], bit[:-1], 1 / r_bit)
    entries.append((word[:, 0], word[:, 0], np.full(m, first)))
    entries.append((bit[-1], bit[-1], np.full(n, last)))
    rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = sparse.csc_matrix((values, (rows, columns)), shape=(2 * m * n,) * 2)
    right = np.zeros((2 * m * n, len(v)))
    right[word[:, 0]] = first * v.T
    return (last * linalg.splu(matrix).solve(right)[bit[-1]]).T


def test_the_nodal_oracle_itself_on_one_and_two_cells() -> None:
    v = np.array([[2.0]])
    np.testing.assert_allclose(nodal(np.array([[0.5]]), v, 1.0, 3.0), [[2 / (1 + 2 + 3)]])
    # two cells of one row: the second sees two word-line segments, and both feed grounded bit lines
    left, right = 2 + 3, 1 + 4 + 3  # cell and its foot; segment, cell and foot
    total = 2 / (1 + left * right / (left + right))
    currents = nodal(np.array([[0.5, 0.25]]), v, 1.0, 3.0)
    np.testing.assert_allclose(currents, [[total * right / 13, total * left / 13]])


@pytest.mark.parametrize("size", ORACLE["SIZES"])
def test_equals_badcrossbar(size: Any) -> None:
    with np.load(DATA / "badcrossbar.npz") as data:
        expected = data[f"currents_{size}"]
    assert len(expected) == 20
    for k, currents in enumerate(expected):
        g, v, r_word, r_bit = ORACLE["case"](size, k)
        np.testing.assert_allclose(v @ effective_conductance(g, r_word, r_bit), currents, rtol=1e-10)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 6), (7, 1), (2, 3), (5, 4), (9, 33), (40, 17), (66, 65)])
def test_equals_nodal_solve_for_any_shape(m: int, n: int) -> None:
    r = np.random.default_rng(m * 100 + n)
    g, v = r.uniform(0, 1e-4, (m, n)), r.uniform(-1, 1, (3, m))
    for terminals in ({}, {"r_source": 50.0, "r_sense": 20.0}):
        exact = effective_conductance(g, 2.0, 1.1, **terminals)
        assert exact.shape == (m, n)
        reference = nodal(g, v, 2.0, 1.1, **terminals)
        np.testing.assert_allclose(v @ exact, reference, rtol=1e-9, atol=1e-12 * np.abs(reference).max())


def test_perfect_wires_leave_the_conductances() -> None:
    g = np.random.default_rng(1).uniform(0, 1e-4, (6, 9))
    np.testing.assert_allclose(effective_conductance(g, 0, 0), g)


def test_one_kind_of_perfect_wire_is_the_limit_of_a_very_good_one() -> None:
    g = np.random.default_rng(2).uniform(0, 1e-4, (12, 15))
    np.testing.assert_allclose(effective_conductance(g, 0, 5), effective_conductance(g, 1e-7, 5), rtol=1e-6)
    np.testing.assert_allclose(effective_conductance(g, 5, 0), effective_conductance(g, 5, 1e-7), rtol=1e-6)


def test_reciprocity() -> None:
    """Driving the feet of the bit lines and sensing the word lines is the transposed matrix."""
    g = np.random.default_rng(3).uniform(0, 1e-4, (14, 11))
    turned = np.ascontiguousarray(g[::-1, ::-1].T)  # columns become rows, driven end first
    np.testing.assert_allclose(
        effective_conductance(turned, 3, 2), effective_conductance(g, 2, 3)[::-1, ::-1].T, rtol=1e-10
    )


def arrays(size: int) -> Any:
    """Patterns of 10 kOhm cells: dense, two-level, sparse, one strong column, strong rows, pairs."""
    r = np.random.default_rng(size)
    weights = r.standard_normal((size, size // 2))
    column, rows = np.full((size, size), 1e-6), np.full((size, size), 1e-6)
    column[:, size - 1] = 1e-4
    rows[:: size // 4] = 1e-4
    pairs = np.stack([np.maximum(weights, 0), np.maximum(-weights, 0)], axis=2).reshape(size, size)
    return {
        "dense": r.uniform(1e-6, 1e-4, (size, size)),
        "two levels": np.where(r.random((size, size)) < 0.5, 1e-4, 1e-6),
        "sparse": np.where(r.random((size, size)) < 0.05, 1e-4, 1e-6),
        "one strong column": column,
        "strong rows": rows,
        "pairs": 1e-6 + pairs * (99e-6 / pairs.max()),
    }


def inputs(size: int) -> Any:
    r = np.random.default_rng(0)
    dense, bits, few = r.random((5, size)), r.random((5, size)) < 0.5, r.random((5, size)) ** 8
    return np.concatenate([dense, bits.astype(float), few, np.ones((1, size)), np.eye(size)[:: size // 4]])


@pytest.mark.parametrize("resistance", [0.15, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("pattern", list(arrays(8)))
def test_fast_estimate_is_within_its_stated_share_of_the_worst_columns_drop(
    resistance: float, pattern: Any
) -> None:
    g, v = arrays(160)[pattern], inputs(160)
    exact = v @ effective_conductance(g, resistance, resistance)
    fast = v @ fast_effective_conductance(g, resistance, resistance)
    worst_drop = (v @ g - exact).max(axis=1, keepdims=True)
    bound = 0.01 if pattern in ("dense", "two levels", "pairs") else 0.025
    assert (np.abs(fast - exact) / worst_drop).max() < bound


def test_a_line_is_exact_for_one_cell_that_conducts() -> None:
    """Wires and cell in series: 3 word-line segments, the cell, 4 bit-line segments."""
    g = np.zeros((6, 5))
    g[2, 2] = 0.25
    lines = line_product(g, np.full(g.shape, 2.0), np.full(g.shape, 3.0))
    assert lines[2, 2] == pytest.approx(1 / (3 * 2 + 1 / 0.25 + 4 * 3), rel=1e-12)
    assert np.count_nonzero(lines) == 1


@pytest.mark.parametrize("pattern", list(arrays(8)))
def test_small_crossbars_are_solved_exactly(pattern: Any) -> None:
    g = arrays(100)[pattern]
    np.testing.assert_array_equal(fast_effective_conductance(g, 50, 40), effective_conductance(g, 50, 40))


def test_fast_estimate_with_single_cells_is_exact() -> None:
    g = np.random.default_rng(4).uniform(0, 1e-4, (130, 127))
    np.testing.assert_allclose(
        fast_effective_conductance(g, 1, 2, coarsening=1), effective_conductance(g, 1, 2), rtol=1e-10
    )


def test_ohmic_node_voltages_agree_with_the_exact_matrix() -> None:
    r = np.random.default_rng(5)
    g, v = r.uniform(0, 1e-4, (33, 21)), r.uniform(-1, 1, (4, 33))
    currents = nonlinear_currents(v, g, 1.5, 2.5, 0.0)
    np.testing.assert_allclose(currents, v @ effective_conductance(g, 1.5, 2.5), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("a", [0.5, 4.0])
def test_nonlinear_cells_against_a_general_root_finder(a: float) -> Any:
    r = np.random.default_rng(6)
    m, n, r_word, r_bit = 4, 3, 200.0, 300.0
    g, v = r.uniform(1e-5, 1e-3, (m, n)), r.uniform(0.3, 1.5, m)

    def kirchhoff(nodes: Any) -> Any:
        u, b = nodes.reshape(2, m, n)
        cell = g * np.sinh(a * (u - b)) / a
        along_word = np.diff(np.hstack([v[:, None], u]), axis=1) / -r_word  # into each word-line node
        along_bit = np.diff(np.vstack([b, np.zeros(n)]), axis=0) / -r_bit  # out of each bit-line node
        word = along_word - np.hstack([along_word[:, 1:], np.zeros((m, 1))]) - cell
        bit = along_bit - np.vstack([np.zeros(n), along_bit[:-1]]) - cell
        return np.concatenate([word.ravel(), bit.ravel()]) * r_word

    start = np.concatenate([np.repeat(v, n), np.zeros(m * n)])
    solution = optimize.root(kirchhoff, start, method="hybr", tol=1e-13)
    word, bit = node_voltages(v[None], g, r_word, r_bit, nonlinearity_per_v=a)
    np.testing.assert_allclose(kirchhoff(np.concatenate([word.ravel(), bit.ravel()])), 0, atol=1e-11)
    np.testing.assert_allclose(np.stack([word[0], bit[0]]), solution.x.reshape(2, m, n), atol=1e-8)


def test_one_nonlinear_cell_by_hand() -> None:
    a, g, r_word, r_bit, v = 3.0, 1e-3, 100.0, 400.0, 1.0
    current = nonlinear_currents([[v]], [[g]], r_word, r_bit, a)[0, 0]
    drop = optimize.brentq(lambda d: g * np.sinh(a * d) / a * (r_word + r_bit) + d - v, 0, v, xtol=1e-15)
    assert current == pytest.approx(g * np.sinh(a * drop) / a, rel=1e-10)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: effective_conductance([[-1.0]], 1, 1), "g: shape"),
        (lambda: effective_conductance(np.empty((0, 3)), 1, 1), "g: shape"),
        (lambda: effective_conductance([[np.nan]], 1, 1), "g: 1 of 1 values are NaN"),
        (lambda: effective_conductance([1.0], 1, 1), "g: 1 dimensions"),
        (lambda: effective_conductance([[1.0]], -1, 1), "r_word: -1; expected a finite number >= 0"),
        (lambda: effective_conductance([[1.0]], 1, np.inf), "r_bit: inf"),
        (lambda: effective_conductance([[1.0, 2.0]], 0, 1, r_source=5), "r_word and r_bit"),
        (lambda: fast_effective_conductance([[1.0]], 1, 1, coarsening=0), "coarsening"),
        (lambda: fast_effective_conductance([[np.inf]], 1, 1), "g: 1 of 1"),
        (lambda: nonlinear_currents([[1.0]], [[1.0]], 0, 1, 0), "r_word: 0; expected a finite number > 0"),
        (lambda: nonlinear_currents([[1.0, 2.0]], [[1.0]], 1, 1, 0), "v: 2 voltages"),
        (lambda: nonlinear_currents([[1.0]], [[1.0]], 1, 1, -1), "nonlinearity_per_v"),
        (lambda: nonlinear_currents([[1e4]], [[1.0]], 1, 1, 1e3), "nonlinearity_per_v: 1000: 1 of 1 vectors"),
    ],
)
def test_bad_arguments_are_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
