"""Work that grows with the position: reaches, and what they make of the products of an attention."""

import numpy as np
import pytest
from ohmsum.workloads import Grid, Network, Operator, Product, Reach, Tensor


@pytest.mark.parametrize(
    "reach",
    [Reach(1, 1), Reach(129, 1, 8), Reach(64), Reach(5, 3, 4), Reach(0, each=(7, 3, 3, 9, 1) * 10)],
)
@pytest.mark.parametrize("n", [1, 3, 4, 7, 32, 50])
def test_total_and_most_are_those_of_the_single_tokens(reach: Reach, n: int) -> None:
    each = [reach(k) for k in range(n)]
    assert reach.total(n) == sum(each)
    assert reach.most(n) == max(each)


def test_a_causal_product_has_the_triangle_of_its_square() -> None:
    tokens, heads, size = 128, 12, 64
    stream = Tensor("s", (heads, tokens, tokens), Grid(1, tokens), heads * tokens)
    source = Operator("x", "Input", "input", (), stream)
    whole = Operator("qk", "MatMul", "product", (), stream, product=Product(heads, size, tokens))
    causal = Operator("qk", "MatMul", "product", (), stream, product=whole.product, reach=Reach(1, 1))
    assert whole.product_macs == heads * size * tokens**2
    assert causal.product_macs == heads * size * tokens * (tokens + 1) // 2
    assert Network("a", (source, whole), ()).hash != Network("a", (source, causal), ()).hash


def test_a_decoding_sequence_reaches_one_further_each_turn() -> None:
    reach = Reach(first=128 + 1, step=1, every=8)
    assert np.unique([reach(k) for k in range(8 * 64)], return_counts=True)[1].tolist() == [8] * 64
