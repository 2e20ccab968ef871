"""Are the windows of many positions at once those of each?"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.workloads import Window

PAIR = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(
    window=st.builds(
        Window, st.just("window"), PAIR, PAIR, st.tuples(st.integers(-9, 9), st.integers(-9, 9)), PAIR, PAIR
    ),
    axis=st.integers(0, 1),
    size=st.integers(1, 40),
)
def test_spans_of_all_positions(window: Window, axis: int, size: int) -> None:
    places = np.arange(25)
    each = [list(window.span(axis, i, size)) for i in range(25)]
    assert window.spans(axis, places, size).T.tolist() == each
