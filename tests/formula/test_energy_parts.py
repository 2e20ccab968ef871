"""Energies and read times that are stated in parts: each part by its law, their sum by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.adcs import law
from ohmsum.arch.chip import Chip

TEXT = (Path(__file__).parents[1] / "data" / "round.yaml").read_text()
CROSSBAR = (
    "energy: 2100 fJ, energy_parts: "
    "{fixed: 100 fJ, time: 200 fJ, input: 300 fJ, output: 400 fJ, rows: 500 fJ, columns: 600 fJ}"
)
TIMES = "read_time_parts: {fixed: 2 ns, input: 3 ns, output: 5 ns}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The round chip with pulses of 2 bits (3 of them) and counting converters of 4 bits (16 steps)."""
    text = TEXT.replace("energy: 2 pJ", f"{CROSSBAR}, {TIMES}")
    text = text.replace(
        "kind: bit_serial, bits: 2, slice_bits: 1", "kind: pulse_count, bits: 8, slice_bits: 2"
    )
    text = text.replace("energy: 10 fJ", "energy: 10 fJ, energy_parts: {fixed: 4 fJ, input: 6 fJ}")
    text = text.replace(
        "kind: sar, bits: 8, rate: 1 GHz, count: 1", "kind: cco, bits: 4, concurrent: true, count: 4"
    )
    file = tmp_path / "parts.yaml"
    file.write_text(
        text.replace("energy: 100 fJ", "energy: 100 fJ, energy_parts: {time: 40 fJ, output: 60 fJ}")
    )
    return file


def tile(file: Path | str, **overrides: str) -> tuple[float, float, float, float]:
    """Read time in ns, and energies in fJ: of a read, a row driven, a conversion."""
    chip = arch.load(file, overrides={k.replace("__", "."): v for k, v in overrides.items()})
    assert chip.tile is not None
    t = chip.tile
    read, drive, convert = ((e or 0.0) * 1e15 for e in (t.crossbar.energy_j, t.dac.energy_j, t.adc.energy_j))
    return t.crossbar.read_time_fs / 1e6, read, drive, convert


PLAIN = (10.0, 2100.0, 10.0, 100.0)


def test_as_stated(file: Path) -> None:
    assert tile(file) == pytest.approx(PLAIN)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        # 5 ns a read: halves what goes with time.
        ({"tile__crossbar__read_time": "5 ns"}, (5, 2100 - 100, 10, 100 - 20)),
        # Slices of 4 bits: 15 pulses instead of 3, so a read of 2 + 15 + 5 ns, 2.2 times as long.
        (
            {"tile__dac__slice_bits": "4"},
            (22, 100 + 200 * 2.2 + 300 * 5 + 400 + 500 + 600, 4 + 6 * 5, 40 * 2.2 + 60),
        ),
        # 5 bits: 32 steps instead of 16, a read of 2 + 3 + 10 ns, 1.5 times as long.
        (
            {"tile__adc__bits": "5"},
            (15, 100 + 200 * 1.5 + 300 + 400 * 2 + 500 + 600, 10, 40 * 1.5 + 60 * 2),
        ),
        ({"tile__crossbar__active_rows": "4"}, (10, 2100 - 500 * 3 / 4, 10, 100)),
        ({"tile__crossbar__cols": "8", "tile__adc__count": "8"}, (10, 2100 + 600, 10, 100)),
        # The sign by polarity: one pulse instead of three.
        (
            {"tile__dac__signed": "true"},
            (8, 100 + 200 * 0.8 + 100 + 400 + 500 + 600, 4 + 2, 40 * 0.8 + 60),
        ),
        # What is set stays, and has no parts any more.
        ({"tile__crossbar__energy": "9 pJ", "tile__adc__bits": "5"}, (15, 9000, 10, 40 * 1.5 + 60 * 2)),
        ({"tile__weights__bits": "4"}, PLAIN),
    ],
)
def test_each_part_follows_its_law(
    file: Path, changes: dict[str, str], wanted: tuple[float, float, float, float]
) -> None:
    assert tile(file, **changes) == pytest.approx(wanted, rel=1e-4)


def test_a_mode_moves_parts_as_a_change_does(file: Path) -> None:
    mode = 'modes:\n  fine: {source: "assumed: finer", tile.adc.bits: 5}\n'
    file.write_text(file.read_text() + mode)
    assert tile(f"{file}@fine") == pytest.approx(tile(file, tile__adc__bits="5"))


def test_what_moved_says_so(file: Path) -> None:
    chip = arch.load(file, overrides={"tile.adc.bits": "5"})
    mark = chip.source_of("tile.adc.energy")
    assert mark.startswith("scaled: 100 fJ in parts (40 fJ by time x 1.5, 60 fJ by output x 2); assumed")


def test_parts_move_with_the_node_as_a_whole(file: Path) -> None:
    file.write_text(file.read_text().replace("activation_bits: 8", "activation_bits: 8\nnode: 32 nm"))
    old, new = (arch.load(file, overrides=o) for o in ({}, {"node": "16 nm"}))

    def energy(chip: Chip) -> float:
        assert chip.tile is not None
        return chip.tile.dac.energy_j or 0.0

    plain = TEXT.replace("activation_bits: 8", "activation_bits: 8\nnode: 32 nm")
    file.write_text(plain)
    whole = [energy(arch.load(file, overrides=o)) for o in ({}, {"node": "16 nm"})]
    assert energy(new) / energy(old) == pytest.approx(whole[1] / whole[0])
    assert energy(new) != energy(old)


def test_parts_that_do_not_add_up_are_refused_by_how_much(file: Path) -> None:
    file.write_text(file.read_text().replace("fixed: 100 fJ", "fixed: 50 fJ"))
    with pytest.raises(
        ConfigError, match=r"the parts add up to 2\.05 pJ, tile\.crossbar\.energy is 2\.1 pJ: 50 fJ missing"
    ):
        arch.load(file)


def test_parts_of_nothing_are_refused(file: Path) -> None:
    file.write_text(file.read_text().replace("energy: 10 fJ, ", ""))
    with pytest.raises(
        ConfigError, match=r"parts of an energy that is not given, expected tile\.dac\.energy"
    ):
        arch.load(file)


@pytest.mark.parametrize(("bits", "steps"), [(1, 1), (2, 1), (3, 3), (6, 31), (10, 511)])
def test_charge_is_taken_away_in_as_many_steps_as_the_magnitude_has(bits: int, steps: int) -> None:
    assert law("decrement").steps(bits) == steps
    assert law("decrement").energy(bits) == steps
