"""The side by side of interconnects: one row for each way, each what a run of its own says."""

from __future__ import annotations

import pytest
from ohmsum import arch, workloads
from ohmsum.sim.simulate import simulate
from ohmsum.tools.bench.interconnect import WAYS, rows


def test_every_way_is_a_row_of_its_own() -> None:
    found = {row.way: row for row in rows("lenet5:isaac", tuple(WAYS))}
    assert list(found) == ["ideal", "packet", "unicast", "flit"]
    packet = simulate(workloads.load("lenet5"), arch.load("isaac"))
    assert found["packet"].latency_s == packet.latency_s
    assert found["packet"].network_share == pytest.approx(packet.network_s / packet.latency_s)
    assert found["ideal"].network_share == 0
    assert found["ideal"].latency_s < found["packet"].latency_s <= found["unicast"].latency_s
    assert found["unicast"].flit_hops > found["packet"].flit_hops == found["ideal"].flit_hops
