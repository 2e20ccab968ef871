"""Do the cost models give back what their sources say, and do they warn outside their range?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError, cost
from ohmsum.arch.cost import CostWarning, Model, adc_survey, nodes
from ohmsum.arch.loading import loads

PJ = 1e-12
SAME_NODE: dict[str, Any] = {"from_node": "22 nm", "to_node": "22 nm"}
ARRAY: dict[str, Any] = {"rows": 256, "cols": 256, "g_min": "0 S", "g_max": "10 uS"}
SRAM_PJ_PER_64_BIT = [
    ("8 KiB", "45 nm", 10),
    ("32 KiB", "45 nm", 20),
    ("1 MiB", "45 nm", 100),
    ("8 KiB", "7 nm", 7.5),
    ("1 MiB", "7 nm", 14),
]


@pytest.mark.parametrize("name", cost.names())
class TestEveryModel:
    def test_is_registered_under_its_own_name_with_a_source(self, name: str) -> None:
        model = cost.get(name)
        assert isinstance(model, Model)
        assert model.name == name
        assert len(model.source) > 5
        assert len(model.about) > 20
        assert set(model.costs) <= set(cost.COSTS)

    def test_parameters_say_what_they_are_and_where_they_hold(self, name: str) -> None:
        for parameter in cost.get(name).parameters:
            assert parameter.meaning
            assert parameter.low < parameter.high
            if parameter.default is not None and parameter.default > 0:
                assert parameter.low <= parameter.default <= parameter.high


@pytest.mark.parametrize(
    ("model", "given", "published_pj"),
    [
        # Horowitz, ISSCC 2014, 45 nm
        ("adder", {"bits": 8, "node": "45 nm"}, 0.03),
        ("adder", {"bits": 32, "node": "45 nm"}, 0.1),
        ("adder", {"bits": 16, "node": "45 nm", "format": "float"}, 0.4),
        ("adder", {"bits": 32, "node": "45 nm", "format": "float"}, 0.9),
        ("multiplier", {"bits": 8, "node": "45 nm"}, 0.2),
        ("multiplier", {"bits": 32, "node": "45 nm"}, 3.1),
        ("multiplier", {"bits": 16, "node": "45 nm", "format": "float"}, 1.1),
        ("multiplier", {"bits": 32, "node": "45 nm", "format": "float"}, 3.7),
        ("mac", {"bits": 32, "node": "45 nm", "format": "float"}, 4.6),
        # Accelergy ADC plug-in
        ("adc-regression", {"bits": 8, "rate": "100 MHz", "node": "14 nm"}, 0.36),
        ("adc-regression", {"bits": 8, "rate": "100 MHz", "node": "22 nm"}, 0.85),
        ("adc-regression", {"bits": 8, "rate": "100 MHz", "node": "32 nm"}, 1.71),
        ("adc-regression", {"bits": 8, "rate": "1.28 GHz", "node": "32 nm"}, 1.93),
        ("adc-regression", {"bits": 8, "rate": "100 MHz", "node": "65 nm"}, 6.49),
        ("adc-regression", {"bits": 4, "rate": "100 MHz", "node": "14 nm"}, 0.195),
        ("adc-regression", {"bits": 10, "rate": "100 MHz", "node": "14 nm"}, 0.70),
        ("adc-regression", {"bits": 12, "rate": "100 MHz", "node": "14 nm"}, 6.1),
        # ISAAC and FlooNoC
        ("router", {"flit": "32 bit", "node": "32 nm"}, 5.25),
        ("router", {"flit": "64 bit", "node": "12 nm"}, 1.2),
        # MNSIM 2.0: 15.6 uW of 3 bits at 1 GS/s
        ("dac", {"bits": 3, "node": "32 nm"}, 0.0156),
        # Keckler 2011: 121 fJ per bit and mm at 40 nm
        ("wire", {"mm": 1, "node": "40 nm"}, 0.121),
        # V^2 G t: 65536 cells of 5 uS, 0.2 V, 100 ns, half driven
        (
            "crossbar-read",
            ARRAY | {"voltage": "0.2 V", "time": "100 ns"},
            65536 * 0.04 * 5e-6 * 100e-9 * 0.5 / PJ,
        ),
        ("interpolated", {"low": "2 pJ", "high": "4 pJ", "at": 0.25}, 2.5),
        ("scaled", SAME_NODE | {"energy": "1 pJ", "from_voltage": "0.5 V", "to_voltage": "1 V"}, 4.0),
    ],
)  # fmt: skip
def test_an_energy_of_the_literature_comes_out(
    model: str, given: dict[str, Any], published_pj: float
) -> None:
    assert cost.get(model)("energy", **given) / PJ == pytest.approx(published_pj, rel=0.01)


@pytest.mark.parametrize(
    ("capacity", "node", "pj_per_64_bit"),
    SRAM_PJ_PER_64_BIT,
)
def test_sram_against_horowitz_and_jouppi(capacity: str, node: str, pj_per_64_bit: float) -> None:
    per_byte = cost.get("sram")("energy_per_byte", capacity=capacity, node=node)
    assert 8 * per_byte / PJ == pytest.approx(pj_per_64_bit, rel=0.04)


@pytest.mark.parametrize(
    ("node", "um2"), [("14 nm", 1088), ("22 nm", 2198), ("32 nm", 3937), ("65 nm", 11857)]
)
def test_area_of_a_converter(node: str, um2: float) -> None:
    area = cost.get("adc-regression")("area", bits=8, rate="100 MHz", node=node)
    assert area * 1e6 == pytest.approx(um2, rel=0.01)


@pytest.mark.parametrize("quantile", ["optimistic", "median"])
def test_the_survey_fit_is_the_least_squares_line_of_its_table(quantile: str) -> None:
    table = adc_survey.QUANTILES_PJ[quantile]
    enob, log2_pj = np.array(list(table)), np.log2(list(table.values()))
    slope, intercept = np.polyfit(enob, log2_pj, 1)
    assert adc_survey.FIT[quantile] == pytest.approx((intercept, slope), abs=1e-3)
    factors = 2 ** np.abs(log2_pj - intercept - slope * enob)
    assert factors.max() == pytest.approx(adc_survey.RESIDUAL[quantile], abs=0.1)


def test_logic_scales_between_the_published_pairs() -> None:
    factors = [old / new for old, new in nodes.PAIRS_45_TO_7]
    assert min(factors) < 1 / nodes.energy_factor(45, 7) < max(factors)
    assert nodes.energy_factor(7, 45) == pytest.approx(math.prod(factors) ** 0.25)
    assert nodes.energy_factor(22, 22) == 1


class TestRange:
    def test_a_warning_says_what_is_outside(self) -> None:
        with pytest.warns(CostWarning, match=r"adc-survey: enob 3, holds for 4 to 14"):
            cost.get("adc-survey")("energy", enob=3, rate="1 MHz")

    def test_no_warning_inside(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert cost.get("adc-survey")("energy", enob=4, rate="1 MHz") > 0


@pytest.mark.parametrize(
    ("model", "wanted", "given", "message"),
    [
        ("sram", "power", {}, "model 'sram' gives no power, it gives energy_per_byte, area"),
        ("sram", "area", {"capacity": "1 KiB", "nod": 3}, "unknown parameter 'nod', did you mean 'node'"),
        ("sram", "area", {"capacity": "1 KiB"}, r"needs node \(or the field chip.node\): technology node"),
        ("sram", "area", {"capacity": 4, "node": "7 nm"}, "capacity: the number 4 has no unit"),
        ("adder", "area", {"bits": "8", "node": "7 nm"}, "bits: found '8', expected a plain number"),
        ("dram", "energy_per_byte", {"kind": "hbm9"}, "kind: found 'hbm9', expected one of hbm2, hbm, hbm3"),
    ],
)
def test_bad_requests(model: str, wanted: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cost.get(model).estimate(wanted, given)


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="unknown cost model 'adc-survei', did you mean 'adc-survey'"):
        cost.get("adc-survei")


class TestInAChipFile:
    text = arch.to_yaml(arch.load("systolic"))

    def changed(self, old: str, new: str) -> str:
        assert old in self.text
        return self.text.replace(old, new, 1)

    def test_the_number_is_marked_as_estimated_with_its_inputs(self) -> None:
        chip = loads(self.changed("energy: 300 fJ", "energy: {model: mac, bits: 8}"))
        assert chip.mac_array is not None
        assert chip.mac_array.energy_j == pytest.approx(0.3 * PJ)
        assert (
            chip.source_of("mac_array.energy") == "estimated: model mac (bits 8, node 45 nm, format integer)"
        )

    def test_it_round_trips_as_a_number(self) -> None:
        chip = loads(self.changed("energy: 300 fJ", "energy: {model: mac, bits: 8}"))
        again = loads(arch.to_yaml(chip))
        assert again == chip
        assert again.hash == chip.hash

    def test_parameters_come_from_the_part_and_the_chip(self) -> None:
        chip = loads(self.changed("energy_per_byte: 12.5 pJ/B", "energy_per_byte: {model: sram}"))
        mark = chip.source_of("mac_array.buffer.energy_per_byte")
        assert mark == "estimated: model sram (capacity 4 MiB, node 45 nm)"

    def test_out_of_range_is_in_the_mark_and_warned_about(self) -> None:
        text = self.changed("energy_per_byte: 12.5 pJ/B", "energy_per_byte: {model: sram, node: 3 nm}")
        with pytest.warns(
            CostWarning, match=r"mine\.yaml:\d+: mac_array\.buffer\.energy_per_byte: cost model"
        ):
            chip = loads(text, "mine.yaml")
        assert "outside its range: node 3 nm, holds for 7 nm to 180 nm" in chip.source_of(
            "mac_array.buffer.energy_per_byte"
        )

    def test_errors_name_the_place(self) -> None:
        with pytest.raises(ConfigError, match=r"mine\.yaml:\d+: mac_array\.energy: unknown cost model 'mak'"):
            loads(self.changed("energy: 300 fJ", "energy: {model: mak}"), "mine.yaml")

    def test_it_follows_an_override(self) -> None:
        chip = arch.load("isaac", {"tile.adc.energy": "{model: adc-regression}", "tile.adc.bits": "6"})
        finer = arch.load("isaac", {"tile.adc.energy": "{model: adc-regression}", "tile.adc.bits": "8"})
        assert chip.tile is not None
        assert finer.tile is not None
        assert (chip.tile.adc.energy_j or 0) < (finer.tile.adc.energy_j or 0)


class TestModelsOfOthers:
    """A package offers a model through the entry point group."""

    mine = Model("mine", "A round figure for a test, no boundary.", "nobody", {"energy": lambda: 1e-12})

    @pytest.fixture(autouse=True)
    def offered(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        class Entry:
            def __init__(self, name: str, value: object) -> None:
                self.name, self.value = name, value

            def load(self) -> object:
                return self.value

        entries = [Entry("mine", self.mine), Entry("broken", 3)]
        monkeypatch.setattr(cost, "entry_points", lambda group: entries if group == cost.GROUP else [])
        cost.get.cache_clear()
        yield
        cost.get.cache_clear()

    def test_it_is_found_beside_the_built_in_ones(self) -> None:
        assert cost.get("mine") is self.mine
        assert {"mine", "sram"} <= set(cost.names())

    def test_a_chip_file_may_use_it(self) -> None:
        chip = arch.load("systolic", {"mac_array.energy": "{model: mine}"})
        assert chip.mac_array is not None
        assert chip.mac_array.energy_j == 1e-12
        assert chip.source_of("mac_array.energy").startswith("estimated: model mine")

    def test_something_else_under_the_name_is_refused(self) -> None:
        with pytest.raises(
            ConfigError, match=r"cost model 'broken' is a int, expected an ohmsum\.arch\.cost\.Model"
        ):
            cost.get("broken")
