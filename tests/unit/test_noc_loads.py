"""Link loads and their closed forms."""

from __future__ import annotations

from itertools import product

import pytest
from ohmsum.sim.noc import build
from ohmsum.sim.noc.loads import busiest, link_loads

MESH = build("mesh", grid=(8, 8))
TRANSPOSE = {(i, i % 8 * 8 + i // 8): 1.0 for i in range(64)}
UNIFORM = dict.fromkeys(product(range(64), range(64)), 1 / 64)


def test_largest_loads_of_xy_on_a_mesh() -> None:
    # Seven flows into the diagonal; half of all traffic over the 8 links of the bisection, 4 / k (Dally and
    # Towles 2004).
    assert link_loads(MESH, TRANSPOSE).max() == pytest.approx(7)
    assert link_loads(MESH, UNIFORM).max() == pytest.approx(8 / 4)


def test_o1turn_halves_the_load_of_transpose_into_the_diagonal() -> None:
    # XY and YX load different links, half each.
    loads = link_loads(build("mesh", grid=(8, 8), routing="o1turn"), TRANSPOSE)
    assert loads.max() == pytest.approx(7 / 2)


def test_uniform_hops_of_a_mesh() -> None:
    # Mean distance of two points of 0..k-1 is (k^2 - 1) / 3k in each dimension; the first and the last link
    # of a route are those of its endpoints.
    hops = link_loads(MESH, UNIFORM).sum() - 2 * sum(UNIFORM.values())
    assert hops / 64 == pytest.approx(2 * (64 - 1) / (3 * 8))


def test_the_busiest_link_names_its_flows() -> None:
    top = busiest(MESH, TRANSPOSE, n=2)[0]
    assert top.load == sum(amount for _, amount in top.flows) == 7
    assert all(top.link.index in MESH.route(*flow) for flow, _ in top.flows)
    assert top.load == link_loads(MESH, TRANSPOSE).max()
