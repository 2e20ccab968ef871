"""Do the chips of the package say what was published, and where each number comes from?"""

from __future__ import annotations

import dataclasses
import pickle
import re
import subprocess
import sys
from importlib.resources import files

import pytest
from ohmsum import arch
from ohmsum.arch.component import KINDS
from ohmsum.arch.paths import walk
from ohmsum.arch.sources import DEFAULT_MARK, NO_MARK
from ohmsum.workloads import FUNCTIONS

PRESETS = arch.names()


def test_the_first_three_presets_are_there() -> None:
    assert {"isaac", "hermes-64", "systolic"} <= set(PRESETS)
    assert all(arch.load(name).name == name for name in PRESETS)


class TestIsaac:
    """Table I of the ISAAC paper (ISCA 2016) and the figures derived from it, each to 1 %."""

    roll = arch.roll_up(arch.load("isaac"))

    @pytest.mark.parametrize(
        ("figure", "published"),
        [
            ("tile_power_w", 0.330),
            ("tile_area_mm2", 0.372),
            ("power_w", 65.8),
            ("area_mm2", 85.4),
            ("tops", 41.3),
            ("tops_per_w", 0.6275),
        ],
    )
    def test_totals(self, figure: str, published: float) -> None:
        assert getattr(self.roll, figure) == pytest.approx(published, rel=0.01)

    def test_converters_take_half_of_the_power(self) -> None:
        assert self.roll.power_share()["tile.adc"] == pytest.approx(0.49, rel=0.01)
        tile = self.roll.part("tile").total_power_w or 0.0
        tile_share = (self.roll.part("tile.adc").total_power_w or 0.0) / (self.roll.tile_power_w or 1.0) / 168
        assert tile_share == pytest.approx(0.58, rel=0.02)
        assert tile < self.roll.power_w

    def test_every_group_total_of_table_1(self) -> None:
        """mW and mm2 of a group in one IMA (12 per tile) or in one tile, as printed in the paper."""
        per_ima = {
            "adc": (16, 0.0096),
            "dac": (4, 0.00017),
            "sample_hold": (0.01, 0.00004),
            "crossbar": (2.4, 0.0002),
            "shift_add": (0.2, 0.00024),
            "input_register": (1.24, 0.0021),
            "output_register": (0.23, 0.00077),
        }
        per_tile = {
            "buffer": (20.7, 0.083),
            "bus": (7, 0.090),
            "sum_register": (1.68, 0.0032),
            "units.sigmoid": (0.52, 0.0006),
            "units.maxpool": (0.4, 0.00024),
            "units.shift-add": (0.05, 0.00006),
        }
        for groups, n in ((per_ima, 168 * 12), (per_tile, 168)):
            for key, (milliwatts, area) in groups.items():
                part = self.roll.part(f"tile.{key}")
                assert part.total_power_w == pytest.approx(n * milliwatts * 1e-3, rel=1e-9), key
                assert part.total_area_mm2 == pytest.approx(n * area, rel=1e-9), key

    def test_energy_per_action_agrees_with_power_and_rate(self) -> None:
        """Without the given powers the roll-up computes them from energy and rate: the same watts."""
        given = {"crossbar", "dac", "sample_hold", "adc", "shift_add", "buffer", "bus"}
        chip = arch.load(
            "isaac", {f"tile.{key}.power": "null" for key in given} | {"noc.router.power": "null"}
        )
        roll = arch.roll_up(chip)
        for path in (*(f"tile.{key}" for key in given), "noc.router"):
            assert roll.part(path).power_w == pytest.approx(self.roll.part(path).power_w, rel=1e-6), path

    def test_a_vector_takes_sixteen_cycles_and_a_weight_eight_cells(self) -> None:
        tile = arch.load("isaac").tile
        assert tile is not None
        assert arch.vector_interval_fs(tile) == 16 * 100_000_000
        assert (tile.slices, tile.columns_per_weight, tile.weights_per_row) == (8, 8, 16)

    def test_the_pipeline_of_the_paper_adds_up_to_22_cycles(self) -> None:
        """Read 1, crossbar 16, ADC 1, shift-and-add 2, sigmoid 1, write 1, as in the paper."""
        tile = arch.load("isaac").tile
        assert tile is not None
        assert tile.bus is not None
        assert tile.shift_add is not None
        vector = tile.buffer.beats(128 * 2)
        move = tile.buffer.latency_fs(vector) + tile.bus.latency_fs(vector)
        assert tile.adc.period_fs is not None
        sigmoid = next(unit for unit in tile.units if unit.name == "sigmoid")
        stages = {
            "read": (move, 1),
            "crossbar": (tile.dac.n_slices * tile.crossbar.read_time_fs, 16),
            "adc": (tile.crossbar.cols * tile.adc.period_fs, 1),
            "shift_add": (tile.shift_add.latency_fs(128 // tile.shift_add.lanes), 2),
            "sigmoid": (sigmoid.latency_fs(tile.weights_per_row), 1),
            "write": (move, 1),
        }
        assert {key: fs for key, (fs, _) in stages.items()} == {k: n * 10**8 for k, (_, n) in stages.items()}
        assert sum(fs for fs, _ in stages.values()) == 22 * 10**8


class TestHermes:
    """Le Gallo et al., Nature Electronics 2023: 63.1 TOPS in 1-phase and 16.1 TOPS in 4-phase mode."""

    @pytest.mark.parametrize(("phases", "tops", "joules"), [("1", 63.1, 0.86e-6), ("4", 16.1, 3.38e-6)])
    def test_peak_and_energy_of_one_mvm_on_all_cores(self, phases: str, tops: float, joules: float) -> None:
        chip = arch.load("hermes-64", {"tile.crossbar.phases": phases})
        assert arch.peak_ops_per_s(chip) / 1e12 == pytest.approx(tops, rel=0.03)
        tile = chip.tile
        assert tile is not None
        per_read = [(tile.crossbar.energy_j, 1), (tile.dac.energy_j, 256), (tile.adc.energy_j, 256)]
        energy = 64 * int(phases) * sum((joules_each or 0.0) * n for joules_each, n in per_read)
        assert energy == pytest.approx(joules, rel=0.03)

    def test_area_of_the_cores(self) -> None:
        roll = arch.roll_up(arch.load("hermes-64"))
        assert roll.part("tile").total_area_mm2 == pytest.approx(40.6, rel=0.01)

    def test_one_column_holds_one_signed_weight(self) -> None:
        tile = arch.load("hermes-64").tile
        assert tile is not None
        assert tile.count * tile.crossbar.rows * tile.weights_per_row == 4_194_304


def test_systolic_peak_is_two_operations_per_cell_and_cycle() -> None:
    chip = arch.load("systolic")
    assert chip.tile is None
    assert arch.peak_ops_per_s(chip) == 2 * 128 * 128 * 1e9
    offered = {name for unit in chip.units for name in unit.functions}
    assert offered == set(FUNCTIONS)


@pytest.mark.parametrize("name", PRESETS)
class TestEveryPreset:
    def test_every_number_says_what_it_rests_on(self, name: str) -> None:
        rows = arch.describe(arch.load(name))
        assert len(rows) >= 30
        for row in rows:
            assert row.mark.split(":")[0].split(" ")[0] in KINDS, row
            assert row.mark != "assumed (no source given)", row

    def test_what_is_not_published_of_rules_is_said(self, name: str) -> None:
        """Fields that a preset leaves out, because nothing is known, have a text for what is assumed."""
        chip = arch.load(name)
        asked = ["noc.multicast", "noc.arbitration", "noc.outstanding", "noc.gateways"] if chip.noc else []
        asked += ["tile.replicas"] if chip.noc and chip.tile else []
        asked += ["schedule", "ports"] if chip.tile else []
        asked += ["memory.interleave"] if chip.memory and chip.memory.channels > 1 else []
        for part in ("tile.adc", "mac_array"):
            if part.partition(".")[0] in chip.model_fields_set:
                asked += [f"{part}.idle_power", f"{part}.gating"]
        assert asked
        for path in asked:
            assert chip.source_of(path) not in (DEFAULT_MARK, NO_MARK), path

    def test_every_reference_is_used(self, name: str) -> None:
        chip = arch.load(name)
        texts = " ".join(text for _, part in walk(chip) for text in (part.source or {}).values())
        texts += " ".join(mode.get("source", "") for mode in chip.modes.values())
        unused = [key for key in chip.references if not re.search(rf"\b{key}\b", texts)]
        assert not unused

    def test_yaml_round_trip(self, name: str) -> None:
        chip = arch.load(name)
        text = arch.to_yaml(chip)
        again = arch.loads(text)
        assert again == chip
        assert again.hash == chip.hash
        assert arch.to_yaml(again) == text
        assert arch.describe(again) == arch.describe(chip)

    def test_roll_up_adds_up(self, name: str) -> None:
        roll = arch.roll_up(arch.load(name))
        for total, part_total in ((roll.power_w, "total_power_w"), (roll.area_mm2, "total_area_mm2")):
            assert sum(getattr(leaf, part_total) or 0.0 for leaf in roll.root.leaves()) == pytest.approx(
                total
            )
        assert sum(roll.power_share().values()) == pytest.approx(1.0)

    def test_survives_pickling(self, name: str) -> None:
        chip = arch.load(name)
        again = pickle.loads(pickle.dumps(chip))
        assert again == chip
        assert again.hash == chip.hash

    def test_header_states_the_boundary_of_its_energy(self, name: str) -> None:
        text = files("ohmsum.arch.chips").joinpath(f"{name}.yaml").read_text("utf-8")
        header = text[: text.index("\nname:")]
        assert header.startswith("#")
        assert "boundary of" in header.lower() or "boundary:" in header.lower()


def test_the_hash_follows_the_hardware_and_not_the_texts() -> None:
    base = arch.load("isaac")
    assert arch.load("isaac", {"tile.adc.bits": "7"}).hash != base.hash
    assert arch.load("isaac", {"tile.units.sigmoid.lanes": "2"}).hash != base.hash
    assert arch.load("isaac", {"description": "mine", "tile.adc.source": "assumed: mine"}).hash == base.hash
    assert arch.load("isaac", {"tile.adc.bits": "8"}).hash == base.hash
    assert re.fullmatch("[0-9a-f]{64}", base.hash)


def test_values_cannot_be_changed() -> None:
    chip = arch.load("isaac")
    with pytest.raises(ValueError, match="frozen"):
        chip.name = "other"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        arch.roll_up(chip).peak_ops_per_s = 1.0  # type: ignore[misc]


def test_importing_arch_is_cheap() -> None:
    code = "import sys, ohmsum.arch; print(sorted({'pydantic', 'ruamel.yaml', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
