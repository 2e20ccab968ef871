"""Link loads, their closed forms, and time slots of circuits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.noc import build
from ohmsum.sim.noc.loads import busiest, hop_cost, link_loads, saturation_bound
from ohmsum.sim.noc.slots import Circuit, assign_slots

MESH = build("mesh", grid=(8, 8))
TRANSPOSE = {(i, i % 8 * 8 + i // 8): 1.0 for i in range(64)}
UNIFORM = dict.fromkeys(product(range(64), range(64)), 1 / 64)


def test_saturation_bounds_of_xy_on_a_mesh() -> None:
    # Seven flows into the diagonal; half of all traffic over the 8 links of the bisection, 4 / k (Dally and
    # Towles 2004).
    assert saturation_bound(MESH, TRANSPOSE) == pytest.approx(1 / 7)
    assert saturation_bound(MESH, UNIFORM) == pytest.approx(4 / 8)


def test_o1turn_halves_the_load_of_transpose_into_the_diagonal() -> None:
    # XY and YX load different links, half each.
    assert saturation_bound(build("mesh", grid=(8, 8), routing="o1turn"), TRANSPOSE) == pytest.approx(2 / 7)


def test_uniform_hops_of_a_mesh() -> None:
    # Mean distance of two points of 0..k-1 is (k^2 - 1) / 3k in each dimension; self traffic costs nothing.
    assert hop_cost(MESH, UNIFORM) / 64 == pytest.approx(2 * (64 - 1) / (3 * 8))


def test_the_busiest_link_names_its_flows() -> None:
    top = busiest(MESH, TRANSPOSE, n=2)[0]
    assert top.load == sum(amount for _, amount in top.flows) == 7
    assert all(top.link.index in MESH.route(*flow) for flow, _ in top.flows)
    assert top.load == link_loads(MESH, TRANSPOSE).max()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))
def test_circuits_never_meet(seed: int, step: int, words: int) -> None:
    rng, mesh = np.random.default_rng(seed), build("mesh", grid=(3, 3))
    circuits = [Circuit(int(rng.integers(0, 9)), int(rng.integers(0, 9)), words) for _ in range(8)]
    table = assign_slots(mesh, circuits, 60, step=step)
    used = []
    for circuit, slots in zip(circuits, table.first, strict=True):
        assert len(slots) == words
        route = mesh.route(circuit.src, circuit.dst)
        used += [(link, (slot + hop * step) % 60) for slot in slots for hop, link in enumerate(route)]
    assert len(set(used)) == len(used) == len(table.owner)


def test_slots_are_not_wasted() -> None:
    # Seven circuits over one link fill a period of seven; an eighth does not fit.
    line = build("chain", n_endpoints=2)
    table = assign_slots(line, [Circuit(0, 1, 4), Circuit(0, 1, 3)], 7)
    assert sorted(table.first[0] + table.first[1]) == list(range(7))
    with pytest.raises(
        SimulationError, match=r"from endpoint 0 to 1 needs 4 of 7 time slots, 3 fit; link .* has 7 taken"
    ):
        assign_slots(line, [Circuit(0, 1, 4), Circuit(0, 1, 4)], 7)
    with pytest.raises(SimulationError, match="period must be at least 1"):
        assign_slots(line, [], 0)
