"""`ohmsum noc`: what it measures, what it writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ohmsum.arch import load
from ohmsum.sim.interconnect import chip_network, router_of
from ohmsum.sim.noc import RouterConfig
from ohmsum.sim.noc.flit import FlitNetwork
from ohmsum.tools.cli import main

MESH = "topology: mesh\ngrid: [4, 4]\nrouter: WH1\n"


def spec(tmp_path: Path, text: str) -> str:
    file = tmp_path / "net.yaml"
    file.write_text(text)
    return str(file)


def written(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    out = tmp_path / "out.json"
    assert main(["noc", *arguments, "--json", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_a_permutation_loads_the_links_that_theory_says(tmp_path: Path) -> None:
    """Transpose on a k x k mesh with XY sends k - 1 flows over its busiest link."""
    found = written(tmp_path, spec(tmp_path, MESH), "--traffic", "transpose", "--rate", "0.05")
    assert found["network"]["topology"] == "mesh"
    (point,) = found["points"]
    assert point["accepted"] == pytest.approx(0.05, rel=0.1)
    busiest = found["links"][0]
    assert len(busiest["flows"]) == 3
    assert found["link_bound"] == pytest.approx(1 / 3, rel=0.15)


def test_latency_of_an_idle_neighbor_mesh_is_that_of_its_hops(tmp_path: Path) -> None:
    """A step in each dimension on 4 x 4, three back from the last column or row."""
    found = written(
        tmp_path, spec(tmp_path, MESH), "--traffic", "neighbor", "--rate", "0.001", "--packet", "2"
    )
    routers = [1 + dx + dy for dx in (1, 1, 1, 3) for dy in (1, 1, 1, 3)]
    alone = [RouterConfig(n_vcs=1).zero_load_latency(n, 2, n + 1) for n in routers]
    assert found["points"][0]["latency_cycles"] == pytest.approx(sum(alone) / 16, rel=0.05)


def test_a_trace_is_taken_apart_into_hops_and_waiting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two packets from one source at once: the second waits for the flits of the first."""
    trace = tmp_path / "trace.csv"
    trace.write_text("0,0,3,4\n0,0,3,4\n")
    found = written(tmp_path, spec(tmp_path, MESH.replace("WH1", "VC8")), "--traffic", str(trace))
    assert found["n_packets"] == 2
    assert found["queue_cycles"] == pytest.approx(4 / 2)
    assert found["flit_hops"] == 2 * 4 * 4
    assert "2.00 waiting" in capsys.readouterr().out


def test_the_energy_of_a_trace_is_that_of_its_flit_hops(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("0,0,1,3\n")
    found = written(tmp_path, "hermes-64", "--traffic", str(trace))
    assert found["energy_j"] == pytest.approx(3 * 2 * 1.2e-12)


@pytest.mark.parametrize("name", ["isaac", "hermes-64"])
@pytest.mark.parametrize("n_flits", [1, 7, 100])
def test_routers_of_a_chip_take_the_cycles_that_its_file_says(name: str, n_flits: int) -> None:
    """One packet alone: `link_cycles` into the network, router and link for each hop, a cycle a flit."""
    chip = load(name)
    assert chip.noc is not None
    topology = chip_network(chip)
    for src, dst in ((0, 63), (5, 2), (7, 7)):
        network = FlitNetwork(topology, router_of(chip))
        network.offer(3, src, dst, n_flits, 0)
        n_routers = len(topology.route(src, dst)) - 1
        hop = chip.noc.router_cycles + chip.noc.link_cycles
        assert network.drain().arrived[0] - 3 == chip.noc.link_cycles + n_routers * hop + n_flits


def test_a_spec_may_be_a_hierarchy_or_a_graph(tmp_path: Path) -> None:
    text = "levels: [{topology: mesh, grid: [2, 2]}, {topology: chain, n_endpoints: 3}]\n"
    found = written(tmp_path, spec(tmp_path, text), "--rate", "0.05")
    assert found["network"]["n_endpoints"] == 12
    text = "topology: graph\nedges: [[a, b], [b, a], [b, c], [c, b]]\nrouter: {preset: VC8, n_vcs: 2}\n"
    found = written(tmp_path, spec(tmp_path, text), "--rate", "0.05")
    assert found["router"]["n_vcs"] == 2
    assert found["network"]["n_routers"] == 3


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (MESH, ["--rate", "0.5:0.1:0.1"], "--rate: the range '0.5:0.1:0.1' is empty"),
        (MESH, ["--rate", "nan"], "--rate: found 'nan'"),
        (MESH, ["--rate", "0"], "--rate: found 0 in '0', expected flits per endpoint and cycle above 0"),
        (MESH, ["--rate", "1.5"], "at most 1"),
        (MESH, ["--packet", "0"], "--packet: found 0"),
        (MESH, ["--router", "VC9"], "--router: unknown router 'VC9', did you mean 'VC8'?"),
        (MESH, ["--router", "n_vc=2"], "--router: unknown router field 'n_vc', did you mean 'n_vcs'?"),
        (MESH, ["--router", "vc_buffer_flits=0"], "vc_buffer_flits must be at least 1, found 0"),
        (MESH, ["--traffic", "unifrom"], "did you mean 'uniform'?"),
        (MESH, ["--set", "a=1"], "--set changes fields of a chip"),
        (MESH + "speed: 1\n", [], "net.yaml:4: speed: unknown field"),
        (MESH.replace("WH1", "{n_vcs: 0}"), [], "net.yaml:3: router: n_vcs must be at least 1, found 0"),
        (MESH.replace("[4, 4]", "4"), [], "net.yaml:2: grid: found 4, expected a list"),
        (MESH.replace("mesh", "mash"), [], "net.yaml:1: unknown topology 'mash'"),
        ("topology: ring\nn_endpoints: 6\n", [], "can deadlock"),
        (
            "topology: graph\nedges: [[a, b], [b, a], [c, d]]\n",
            [],
            "net.yaml:1: topology 'graph' is not connected",
        ),
    ],
)
def test_a_mistake_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, arguments: list[str], message: str
) -> None:
    assert main(["noc", spec(tmp_path, text), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_an_unknown_endpoint_of_a_trace_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("# two packets\n0,1,2,1\n5,1,16,1\n")
    assert main(["noc", spec(tmp_path, MESH), "--traffic", str(trace)]) == 2
    assert f"{trace}:3: endpoint 16 is not one of 0..15" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("chip", "message"),
    [
        ("speech-34", "noc.switching is circuit"),
        ("ucsb-flash-mlp", "noc.router_cycles: found 0"),
        ("izaac", "isaac"),
    ],
)
def test_a_chip_without_such_a_network_is_refused(
    chip: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["noc", chip]) == 2
    assert message in capsys.readouterr().err
