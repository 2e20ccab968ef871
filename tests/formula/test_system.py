"""Are several chips what the system file says, and do links between them cost what they should?"""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.board import chip_names, host_chip
from ohmsum.arch.chip import Chip
from ohmsum.sim.interconnect import chips_joined, interconnect
from ohmsum.sim.mapping import MappingOptions
from ohmsum.sim.noc.topology import HOST, LinkKind
from ohmsum.sim.simulate import simulate
from ohmsum.tools.cli import main
from ohmsum.workloads.load import load

from ..kit.engines import Engine, each_engine
from ..kit.small_networks import NS, ROUND, SINGLE, matrix, network, program, round_chip, source

SYSTEM = """\
system: a line of three
chip: isaac
set: {tile.adc.bits: 7}
chips:
  names: [left, middle, right]
  links: [left-middle, {between: middle-right, bandwidth: 1 GB/s, energy_per_byte: 3 pJ/B}]
  latency: 50 ns
  energy_per_byte: 2 pJ/B
host: {at: middle}
"""


def written(folder: Path, text: str = SYSTEM) -> Path:
    path = folder / "line.yaml"
    path.write_text(text)
    return path


def test_a_system_file_takes_the_place_of_what_the_chip_says(tmp_path: Path) -> None:
    chip = arch.load(written(tmp_path))
    assert chip.chips is not None
    assert chip.tile is not None
    assert (chip.n_chips, chip_names(chip.chips), host_chip(chip)) == (3, ("left", "middle", "right"), 1)
    assert chip.chips.topology == "graph"
    assert chip.chips.latency_fs == 50 * NS
    assert chip.chips.bandwidth_bytes_per_s == 6.4e9  # of the preset
    assert chip.tile.adc.bits == 7
    assert chip.source_of("chips.latency") == "assumed: set in line.yaml"
    assert chip.source_of("chips.bandwidth").startswith("published: IS16")


def test_a_system_of_a_chip_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(ROUND.read_text())
    text = "system: pair\nchip: mine.yaml\nchips: {count: 2, bandwidth: 1 GB/s, latency: 1 ns}\n"
    assert arch.load(written(tmp_path, text)).n_chips == 2
    assert arch.load(written(tmp_path, text), {"chips.topology": "ring"}, n_chips=5).n_chips == 5


def test_a_block_of_null_is_taken_away(tmp_path: Path) -> None:
    assert arch.load(written(tmp_path, "system: no host\nchip: isaac\nhost: null\n")).host is None
    assert arch.load(written(tmp_path, "system: alone\nchip: isaac\nchips: null\n")).n_chips == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "middle-right",
            "left-middle",
            "line.yaml:6: chips.links.1: a second link between 'left' and 'middle', expected one",
        ),
        (
            ", {between: middle-right, bandwidth: 1 GB/s, energy_per_byte: 3 pJ/B}",
            "",
            "line.yaml:6: chips.links: not connected: chip 'right' cannot be reached from chip 'left', exp",
        ),
        (
            "{between: middle-right, bandwidth: 1 GB/s, energy_per_byte: 3 pJ/B}",
            "middle>right",
            "line.yaml:6: chips.links: not connected: chip 'right' cannot reach chip 'left', expected a link",
        ),
        (
            "middle-right",
            "midle-right",
            "line.yaml:6: chips.links.1: unknown chip 'midle' in 'midle-right', did you mean 'middle'?",
        ),
        (
            "left-middle",
            "left+middle",
            "line.yaml:6: chips.links.0: found 'left+middle', expected two chips: 'a-b' (both ways)",
        ),
        ("left-middle", "left-left", "line.yaml:6: chips.links.0: 'left-left' links a chip with itself"),
        ("at: middle", "at: centre", "line.yaml:9: host.at: unknown chip 'centre', expected one of left"),
        ("left, middle, right]", "left, left, right]", "line.yaml:5: chips.names.1: a second chip is called"),
        ("50 ns", "50 nJ", "line.yaml:7: chips.latency: '50 nJ' is an energy, expected a time"),
        ("1 GB/s", "1 GB", "line.yaml:6: chips.links.1.bandwidth: '1 GB' is a size in bytes"),
        ("latency", "latencie", "line.yaml:7: chips.latencie: unknown field, did you mean 'latency'?"),
        ("bits: 7", "bist: 7", "line.yaml:3: set: tile.adc.bist: unknown field 'bist', did you mean 'bits'?"),
        ("bits: 7", "bits: lots", "line.yaml:3: tile.adc.bits: found 'lots', expected a whole number"),
        ("isaac", "isaak", "line.yaml:2: chip: unknown chip 'isaak', did you mean 'isaac'?"),
        ("isaac", "[isaac, puma]", "line.yaml:2: chip: found isaac and puma; chips of several kinds in one"),
        ("chip: isaac\n", "", "line.yaml:1: chip: found nothing, expected a preset's name or a chip file"),
        ("system: ", "tile: {}\nsystem: ", "line.yaml:1: tile: unknown field, expected one of system, chip"),
        ("names: [left, middle, right]", "count: 3", "line.yaml:6: chips.links.0: unknown chip 'left'"),
        ("middle, right]\n", "middle, right]\n  count: 4\n", "line.yaml:5: chips.names: 3 names for 4 chips"),
        ("links: [", "topology: ring\n  links: [", "line.yaml:7: chips.links: a ring needs no list of links"),
        ("{at: middle}", "middle", "line.yaml:9: host: found 'middle', expected a mapping"),
    ],
)
def test_a_wrong_system_file_says_where_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, expected: str
) -> None:
    assert old in SYSTEM
    path = written(tmp_path, SYSTEM.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        arch.load(path)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(expected)
    assert main(["run", "mlp", "--chip", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2


def test_a_graph_without_links_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"chips.links: missing, expected the links of the graph"):
        arch.load("isaac", {"chips.topology": "graph"}, n_chips=2)


def test_links_of_a_graph_are_those_that_are_listed(tmp_path: Path) -> None:
    topology = interconnect(arch.load(written(tmp_path)))
    found = {chips_joined(topology, link) for link in topology.links() if link.kind == LinkKind.CHIP}
    assert found == {(0, 1), (1, 0), (1, 2), (2, 1)}
    tiles = 168
    way = [topology.link(i) for i in topology.route(2 * tiles, 0)]
    assert [chips_joined(topology, k) for k in way if k.kind == LinkKind.CHIP] == [(2, 1), (1, 0)]
    # The host hangs on the middle chip: one link between chips from either end, none from the middle.
    ways = [[topology.link(i).kind for i in topology.route(HOST, c * tiles)] for c in range(3)]
    assert [way.count(LinkKind.CHIP) for way in ways] == [1, 0, 1]


def pair(**overrides: str) -> Chip:
    """Two chips of one tile each of the round chip."""
    chips = {"chips.count": "2", "chips.bandwidth": "4 GB/s", "chips.latency": "3 ns"}
    single = {"tile.count": "1", "tile.grid": "[1, 1]"}
    return arch.load(ROUND, {**single, **chips, **{k.replace("__", "."): v for k, v in overrides.items()}})


def twice(**overrides: str) -> Chip:
    """One chip of two such tiles."""
    return round_chip(tile__count="2", tile__grid="[1, 2]", **overrides)


NETWORK = network(source(16), matrix("a", "x", 16, 4, fused=("relu",)), matrix("b", "a", 4, 4))


@each_engine
@pytest.mark.parametrize("batch", [1, 5])
def test_a_link_like_a_hop_makes_two_chips_one(engine: Engine, batch: int) -> None:
    """Bandwidth of a flit per cycle and the delay of router and wire: nothing tells the chips apart."""
    ends = [engine(program(NETWORK, chip), batch).iteration_end_fs.tolist() for chip in (pair(), twice())]
    assert ends[0] == ends[1]


INFINITE = {"chips__bandwidth": "1e12 GB/s", "chips__latency": "1 fs"}


@each_engine
def test_links_of_infinite_bandwidth_cost_a_femtosecond_each(engine: Engine) -> None:
    """The wire between the tiles of one chip takes 3 ns; a and the output of b pass it, one way each."""
    one = engine(program(NETWORK, twice())).makespan_fs
    assert engine(program(NETWORK, pair(**INFINITE))).makespan_fs == one - 2 * (3 * NS - 1)


@each_engine
def test_with_finite_bandwidth_the_difference_is_the_time_of_the_links(engine: Engine) -> None:
    """4 bytes at 0.5 GB/s follow their head for 8 ns.

    They followed it for 1 ns (4 bytes at a flit per ns) from a to b, and for 4 ns (1 GB/s) to the host.
    """
    infinite = engine(program(NETWORK, pair(**INFINITE))).makespan_fs
    slow = engine(program(NETWORK, pair(chips__bandwidth="0.5 GB/s", chips__latency="20 ns"))).makespan_fs
    assert slow - infinite == 2 * (20 * NS - 1) + (8 - 1) * NS + (8 - 4) * NS


@each_engine
def test_a_link_has_its_own_figures(engine: Engine) -> None:
    """The only link of two chips, slowed down by its entry in the list, or by those of all."""
    own = pair(chips__links="[{between: 0-1, bandwidth: 0.5 GB/s, latency: 20 ns}]", chips__topology="graph")
    every = pair(chips__bandwidth="0.5 GB/s", chips__latency="20 ns")
    assert engine(program(NETWORK, own)).makespan_fs == engine(program(NETWORK, every)).makespan_fs


def test_bytes_over_a_link_cost_what_the_link_says() -> None:
    """4 bytes of a from chip 0 to 1 (2 pJ each), 4 of b over the link back (5 pJ each)."""
    chip = pair(
        chips__topology="graph",
        chips__links='["0>1", {between: "1>0", energy_per_byte: 5 pJ/B}]',
        chips__energy_per_byte="2 pJ/B",
    )
    energy_j = simulate(NETWORK, chip, mapping=SINGLE).energy.by_component_j
    assert energy_j["chip links"] == pytest.approx(4 * 2e-12 + 4 * 5e-12)


BACK = "link chip1.(0,0)->chip0.(0,0)"


@each_engine
def test_the_host_on_the_second_chip(engine: Engine) -> None:
    """The input crosses the link instead of the output, each 3 ns behind or before the slower host link."""
    latency_fs, back_fs = [], []
    for at in ("0", "1"):
        p = program(NETWORK, pair(host__at=at))
        result = engine(p)
        latency_fs.append(result.makespan_fs)
        busy = p.occupied_fs(result.busy_fs)[p.visit_resource == p.resource_name.index(BACK)]
        back_fs.append(int(busy.sum()))
    assert latency_fs[0] == latency_fs[1]
    assert back_fs == [1 * NS, 4 * NS]  # 4 bytes of b out, or 16 bytes of x in, at 4 GB/s


def test_two_isaacs_are_one_of_twice_the_size_where_links_cost_nothing() -> None:
    small = {"tile.count": "2", "tile.grid": "[1, 2]", "noc.router.count": "1", "tile.crossbar.count": "24"}
    small |= {"tile.adc.count": "24", "tile.dac.count": "3072", "tile.sample_hold.count": "3072"}
    options = MappingOptions(placement="linear")
    net = load("lenet5")
    runs = [
        simulate(net, chip, noc="ideal", batch=3, mapping=options)
        for chip in (
            arch.load("isaac", small, n_chips=2),
            arch.load("isaac", {**small, "tile.count": "4", "tile.grid": "[1, 4]"}),
        )
    ]
    assert {a.home // 2 for a in runs[0].mapping.assignments if a.place == "crossbar"} == {0, 1}
    assert runs[0].latency_fs == runs[1].latency_fs
    assert runs[0].makespan_s == runs[1].makespan_s


def test_memory_is_per_chip_unless_it_is_shared() -> None:
    from ohmsum.sim.lowering.context import Context
    from ohmsum.sim.mapping import map_network

    memory = {"memory__kind": "dram", "memory__bandwidth": "1 GB/s", "memory__latency": "10 ns"}
    for shared, expected in (("false", 2), ("true", 1)):
        chip = pair(**memory, memory__shared=shared)
        context = Context.of(map_network(NETWORK, chip, SINGLE), chip, "packet")
        assert chip.memory is not None
        assert len({context.memory(chip.memory, 0), context.memory(chip.memory, 1)}) == expected
