"""Does a view say which token each element of a tensor belongs to? Compared with NumPy arrays of indices."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.workloads import Grid
from ohmsum.workloads.onnx_import.view import ROW, View, fresh, reshape, restream, transpose, window

Index = npt.NDArray[np.int64]


def token_of(view: View) -> Index:
    """The token (row-major on the grid) that each element of the viewed tensor belongs to."""
    result = np.zeros((), np.int64)
    for axis in view.axes:
        place = np.zeros(1, np.int64)
        for f in axis:
            step = f.step * (view.grid.cols if f.dim == ROW else 1) if f.is_token else 0
            place = (place[:, None] + np.arange(f.size) * step).reshape(-1)
        result = result[..., None] + place
    return result


@st.composite
def streams(draw: st.DrawFn) -> tuple[View, Index]:
    """A tensor of up to four axes with rows, then columns, among them, and the token of each element."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    order = sorted(draw(st.lists(st.integers(0, len(shape) - 1), unique=True)))
    cut = draw(st.integers(0, len(order)))
    view = fresh("x", shape, order[:cut], order[cut:])
    tokens = np.arange(view.grid.n_tokens).reshape([shape[i] for i in order])
    spread = tokens.reshape([n if i in order else 1 for i, n in enumerate(shape)])
    return view, np.broadcast_to(spread, shape)


def divisions(n: int) -> st.SearchStrategy[list[int]]:
    """Ways to write n as a product of up to three factors."""
    divisors = [d for d in range(1, n + 1) if n % d == 0]
    return st.sampled_from([[a, b, n // a // b] for a in divisors for b in divisors if n // a % b == 0])


@settings(max_examples=300, deadline=None)
@given(streams(), st.data())
def test_reshapes_and_transposes_keep_track_of_tokens(start: tuple[View, Index], data: st.DataObject) -> None:
    view, tokens = start
    assert np.array_equal(token_of(view), tokens)
    for _ in range(3):
        perm = data.draw(st.permutations(range(tokens.ndim)))
        view, tokens = transpose(view, perm), tokens.transpose(perm)
        shape = tuple(data.draw(divisions(tokens.size)))
        seen = reshape(view, shape)
        if seen is None:
            break
        view, tokens = seen, tokens.reshape(shape)
        assert view.shape == shape
        assert np.array_equal(token_of(view), tokens)


@settings(max_examples=300, deadline=None)
@given(streams(), st.data())
def test_windows_hold_what_is_needed(start: tuple[View, Index], data: st.DataObject) -> None:
    """A consumer that keeps some axes as its tokens needs, for each, every stream token found there."""
    view, _ = start
    shape = tuple(data.draw(divisions(prod(view.shape))))
    view = reshape(view, shape) or view
    view = transpose(view, data.draw(st.permutations(range(len(view.axes)))))
    kept = data.draw(st.sets(st.integers(0, len(view.axes) - 1)))
    out = restream("y", [a if i in kept else () for i, a in enumerate(view.axes)])
    rows = [i for i in kept if any(f.dim == ROW for f in out.axes[i])]
    cols = [i for i in kept if any(f.dim != ROW and f.is_token for f in out.axes[i])]
    need = window(view, sorted(rows), sorted(cols), out.grid)
    tokens = np.broadcast_to(token_of(view), view.shape)
    makes = np.broadcast_to(
        token_of(out).reshape([n if i in kept else 1 for i, n in enumerate(view.shape)]), view.shape
    )
    for token in range(out.grid.n_tokens):
        r, c = divmod(token, out.grid.cols)
        for wanted in np.unique(tokens[makes == token]):
            wr, wc = divmod(int(wanted), view.grid.cols)
            if need.kind == "same":
                assert wanted == token
            elif need.kind == "window":
                first, last = need.span(0, r, view.grid.rows)
                assert first <= wr <= last
                first, last = need.span(1, c, view.grid.cols)
                assert first <= wc <= last


def test_an_image_cut_into_patches_is_a_window() -> None:
    """(1, C, 4, 6) -> (1, C, 2, 2, 3, 2) -> patches of 2 x 2 in a matrix product."""
    view = reshape(fresh("x", (1, 3, 4, 6), [0, 2], [3]), (1, 3, 2, 2, 3, 2))
    assert view is not None
    need = window(view, [2], [4], Grid(2, 3))
    assert (need.kind, need.kernel, need.stride) == ("window", (2, 2), (2, 2))


def test_heads_are_split_and_joined_without_touching_the_tokens() -> None:
    tokens = fresh("x", (1, 128, 768), [], [0, 1])
    heads = reshape(tokens, (1, 128, 12, 64))
    assert heads is not None
    back = reshape(transpose(transpose(heads, (0, 2, 1, 3)), (0, 2, 1, 3)), (1, 128, 768))
    assert back == tokens
