"""Bottlenecks planted into chips: `profile` names the right component first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
from ohmsum import arch
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping.options import MappingOptions
from ohmsum.tools.profile.profile import Profile, profile
from onnx import TensorProto, helper
from ruamel.yaml import YAML

from ..kit.jobs import job

LINEAR = MappingOptions(placement="linear")

NETWORKS = Path(__file__).parents[1] / "data" / "networks"
ONE_TILE = ["tile.count=1", "tile.grid=[1, 1]", "noc.router.count=1"]
TWELVE_TILES = ["tile.count=12", "tile.grid=[4, 3]", "noc.router.count=6"]
"""Enough for these networks. Every variant of a profile searches its mapping, whose copies fill the chip."""

PLANTED = {
    "adcs shared by 16 crossbars": (
        "mlp",
        "isaac",
        [*TWELVE_TILES, "tile.adc.count=6"],
        "ADC",
        "tile.adc.rate",
    ),
    "an adc for 64 columns": (
        "mlp",
        "hermes-64",
        ["tile.adc.concurrent=false", "tile.adc.count=4", "tile.adc.rate=10 MHz"],
        "ADC",
        "tile.adc.rate",
    ),
    "slow adcs": ("mlp", "isaac", [*TWELVE_TILES, "tile.adc.rate=64 MHz"], "ADC", "tile.adc.rate"),
    "slow crossbars": (
        "mlp",
        "isaac",
        [*TWELVE_TILES, "tile.crossbar.read_time=2 us"],
        "crossbar",
        "tile.crossbar.read_time",
    ),
    "slow shift-add": (
        "mlp",
        "isaac",
        [*TWELVE_TILES, "tile.shift_add.cycle=20 ns"],
        "shift-add",
        "tile.shift_add.cycle",
    ),
    "thin network": ("mlp", "isaac", [*TWELVE_TILES, "noc.flit=1 bit"], "network on chip", "noc.flit"),
    "slow pooling": (
        "lenet5",
        "isaac",
        ["tile.units.maxpool.cycle=200 ns"],
        "maxpool unit",
        "tile.units.maxpool.cycle",
    ),
    "narrow buffer": ("mlp", "isaac", ["tile.buffer.width=4 bit"], "tile buffer", "tile.buffer.width"),
    "narrow bus": ("mlp", "isaac", [*TWELVE_TILES, "tile.bus.width=2 bit"], "tile bus", "tile.bus.width"),
    "slow host": (
        "kws-lstm",
        "isaac",
        [*TWELVE_TILES, "host.throughput=10 Mop/s"],
        "host",
        "host.throughput",
    ),
    "far host": ("kws-lstm", "isaac", [*TWELVE_TILES, "host.latency=50 us"], "host link", "host.latency"),
    "thin host link": (
        "kws-lstm",
        "isaac",
        [*TWELVE_TILES, "host.bandwidth=2 MB/s"],
        "host link",
        "host.bandwidth",
    ),
    "slow memory": ("mlp", "systolic", ["memory.bandwidth=20 MB/s"], "memory", "memory.bandwidth"),
    "slow array": (  # products on the vector unit are slower still, else the matrices would go there
        "lenet5",
        "systolic",
        ["mac_array.cycle=50 ns", "units.vector.functions.mac=4096"],
        "MAC array",
        "mac_array.cycle",
    ),
}

ALSO_RIGHT = {"slow pooling": "tile.units.maxpool.latency_cycles"}
"""Other right answers: a pipeline of 128 cycles is as much a part of a slow unit as its clock. Which of the
two gains more when it is halved depends on the mapping that is chosen for the changed chip.
"""


def profiled(network: str, chip: str, sets: list[str], **options: Any) -> Profile:
    return profile(job(network, chip, tuple(sets), mapping=LINEAR, **options), jobs=1)


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_bottleneck_is_named_first_with_its_field(case: Any) -> None:
    network, chip, sets, component, field = PLANTED[case]
    first = profiled(network, chip, sets).findings[0]
    assert (first.kind, first.subject) == ("bottleneck", component)
    named = {field, ALSO_RIGHT.get(case, field)} & set(first.fields)
    assert named
    assert all(name in first.text for name in named)


def test_thin_links_between_chips() -> None:
    """42 crossbars on three chips of one tile of 16: with twice the tiles, or twice the rows, it still takes
    two chips. (On chips that hold all layers the mapping does not use the thin link at all.)
    """
    small = ["tile.crossbar.count=16", "tile.adc.count=16", "tile.dac.count=2048"]
    sets = [*ONE_TILE, *small, "chips.bandwidth=1 MB/s"]
    found = profiled("lenet5", "isaac", sets, chips=3)
    assert found.findings[0].subject == "chip links"
    assert found.findings[0].fields == ("chips.bandwidth",)
    assert found.links[0].klass == "chip link"
    assert found.links[0].load > 0.9


@pytest.mark.slow
def test_a_slow_softmax_unit(tmp_path: Path) -> None:
    """A digital chip whose softmax unit has one lane at 10 MHz, under a transformer."""
    chip = YAML(typ="safe").load(arch.to_yaml(arch.load("systolic")))
    del chip["units"][0]["functions"]["softmax"]
    chip["units"].append({"name": "exponentials", "lanes": 1, "cycle": "100 ns", "functions": {"softmax": 8}})
    file = tmp_path / "chip.yaml"
    with file.open("w") as out:
        YAML().dump(chip, out)
    first = profiled(str(NETWORKS / "minilm_l6.onnx"), str(file), []).findings[0]
    assert first.subject == "exponentials unit"
    assert "units.exponentials.cycle" in first.fields


def test_a_badly_tiled_layer(tmp_path: Path) -> None:
    """130 inputs on arrays of 128 rows: the second row block is nearly empty, and takes the place of the
    copies that 13 x 13 outputs could use.

    Twice the rows gives 25 copies where 12 fitted, and so does a second tile: the two gain the same but
    for the longer way, and one of them is the best single change. Reads and conversions that are both
    twice as fast, a pair, may come before both.
    """
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 130, 13, 13])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 16, 13, 13])
    weights = helper.make_tensor("w", TensorProto.FLOAT, [16, 130, 1, 1], [0.5] * (16 * 130))
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="squeeze")
    model = helper.make_model(
        helper.make_graph([node], "squeeze", [x], [y], [weights]),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    onnx.save(model, tmp_path / "squeeze.onnx")
    sets = [*ONE_TILE, "tile.crossbar.count=25", "tile.adc.count=25", "tile.dac.count=3200"]
    found = profiled(str(tmp_path / "squeeze.onnx"), "isaac", sets)
    single = [finding for finding in found.findings if finding.kind == "bottleneck"]
    tiling = next(finding for finding in single if finding.subject == "tiling")
    assert {finding.subject for finding in single[:2]} == {"tiling", "tiles"}
    assert tiling.fields == ("tile.crossbar.rows",)
    assert tiling.numbers["gain"] == pytest.approx(single[0].numbers["gain"], abs=0.01)
    assert "squeeze" in tiling.text
    assert found.tiling is not None
    assert found.tiling.layers[0].row_loss == 12 * (256 - 130) * 128  # of all 12 copies


def test_a_starved_buffer() -> None:
    """Buffers of 16 bytes cannot hold the windows of a convolution: refused by bytes, and where they are said
    to have no limit, told before anything else.
    """
    sets = ["tile.buffer.capacity=16 B"]
    with pytest.raises(SimulationError, match=r"tile\.buffer\.capacity is 16: \d+ bytes missing"):
        profiled("lenet5", "isaac", sets)
    without_limit = job("lenet5", "isaac", tuple(sets), mapping=replace(LINEAR, buffers="unlimited"))
    first = profile(without_limit, jobs=1).findings[0]
    assert (first.kind, first.subject, first.fields) == (
        "shortage",
        "buffer capacity",
        ("tile.buffer.capacity",),
    )


def test_nothing_is_short_on_the_chip_as_published() -> None:
    found = profile(job("lenet5", "isaac", mapping=LINEAR), try_changes=False)
    kinds = [finding.kind for finding in found.findings]
    assert found.what_if is None
    assert "shortage" not in kinds
