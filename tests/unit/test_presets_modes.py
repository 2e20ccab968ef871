"""Operating points of the presets, what is stated about them, and contradictions between their figures."""

from __future__ import annotations

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.consistency import contradictions

MODES = [(name, mode) for name in arch.names() for mode in arch.load(name).modes]
EXPECTED = {
    "puma": {"tile.adc.rate", "stated.power", "stated.area", "stated.peak"},
}
"""Presets whose published figures contradict each other, and where; all others have to be consistent."""


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_every_mode_loads_says_what_it_rests_on_and_round_trips(name: str, mode: str) -> None:
    chip = arch.load(f"{name}@{mode}")
    assert chip.name == f"{name}@{mode}"
    assert chip.hash != arch.load(name).hash
    assert all("no source given" not in row.mark for row in arch.describe(chip))
    again = arch.loads(arch.to_yaml(chip))
    assert again == chip
    assert again.hash == chip.hash


def test_the_settings_of_a_mode_carry_its_source() -> None:
    chip = arch.load("hermes-64@4-phase")
    assert chip.tile is not None
    assert chip.tile.crossbar.phases == 4
    assert chip.source_of("tile.crossbar.phases").startswith("published: LG23")


def test_overrides_come_after_the_mode() -> None:
    chip = arch.load("hermes-64@4-phase", {"tile.crossbar.phases": "2"})
    assert chip.tile is not None
    assert chip.tile.crossbar.phases == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hermes-64@4-phaze", "hermes-64.yaml: unknown mode '4-phaze', did you mean '4-phase'"),
        ("isaac@attend", "isaac.yaml: unknown mode 'attend', did you mean 'attention'"),
        ("systolic@fast", "systolic.yaml: unknown mode 'fast', the chip has none"),
        ("hermez-64@4-phase", "unknown chip 'hermez-64', did you mean 'hermes-64'"),
    ],
)
def test_an_unknown_mode_is_named(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        arch.load(name)
    assert str(caught.value).startswith(message)


def test_what_is_stated_is_no_part_of_the_hash() -> None:
    text = arch.to_yaml(arch.load("isaac"))
    other = text.replace("power: 65.8 W", "power: 60 W")
    assert other != text
    assert arch.loads(other).hash == arch.load("isaac").hash


@pytest.mark.parametrize("name", arch.names())
def test_contradictions_of_presets_are_those_that_are_known(name: str) -> None:
    assert {path for path, _ in contradictions(arch.load(name))} == EXPECTED.get(name, set())


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({"stated.power": "60 W"}, "stated.power", "found 60 W, but the parts add up to 65.8"),
        ({"stated.area": "80 mm2"}, "stated.area", "found 80 mm2, but the parts add up to 85.4"),
        (
            {"stated.peak": "50 Top/s"},
            "stated.peak",
            "found 50 Top/s, but arrays and converters make 41.29 Top/s",
        ),
        (
            {"tile.adc.energy": "3 pJ"},
            "tile.adc.power",
            "found 2 mW, but its energy at its highest rate makes 3.84 mW",
        ),
        ({"tile.buffer.energy_per_byte": "4 pJ/B"}, "tile.buffer.power", "found 20.7 mW, but its energy"),
        (
            {"tile.adc.rate": "640 MHz"},
            "tile.adc.rate",
            "96 ADCs make 61.44 G/s conversions, but to be read every 100 ns the arrays of a tile need 122.9",
        ),
    ],
)
def test_parts_that_contradict_each_other_are_found(
    settings: dict[str, str], path: str, message: str
) -> None:
    found = dict(contradictions(arch.load("isaac", settings)))
    assert path in found
    assert message in found[path]


def test_slow_converters_are_no_contradiction_where_the_array_waits_for_them() -> None:
    settings = {"tile.adc.rate": "640 MHz", "tile.sample_hold": "null", "stated": "null"}
    assert "tile.adc.rate" not in dict(contradictions(arch.load("isaac", settings)))


class TestActiveRows:
    """Four of 1024 rows at once: 256 reads take what one read of all rows would."""

    def test_peak(self) -> None:
        all_rows = arch.load("hung-2021", {"tile.crossbar.active_rows": "1024"})
        four = arch.load("hung-2021")
        assert arch.peak_ops_per_s(all_rows) == pytest.approx(256 * arch.peak_ops_per_s(four))

    def test_more_than_there_are(self) -> None:
        with pytest.raises(
            ConfigError, match=r"active_rows: found 2000, expected at most tile\.crossbar\.rows = 1024"
        ):
            arch.load("hung-2021", {"tile.crossbar.active_rows": "2000"})
