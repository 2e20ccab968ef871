"""Does a chip file become the chip it describes, and does a wrong one say where and why?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.yaml_parser import MAX_NODES

CHIP = """\
name: tiny
source: "assumed: a test"
activation_bits: 8
tile:
  count: 1
  grid: [1, 1]
  crossbar:
    count: 1
    rows: 64
    cols: 64
    cell: {kind: rram, bits: 2}
    read_time: 100 ns
  weights: {bits: 8, encoding: offset}
  dac: {kind: bit_serial, bits: 8, slice_bits: 1, count: 64}
  adc: {kind: sar, bits: 6, rate: 1.28 GHz, count: 1}
  buffer: {capacity: 16 KiB, width: 64 bit, clock: 1 GHz}
  units:
    - {name: relu, lanes: 4, cycle: 1 ns, functions: {relu: 1, add: 2}}
"""


Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(data: str | bytes) -> Path:
        path = tmp_path / "chip.yaml"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return _write


def message(source: object, overrides: dict[str, str] | None = None, **options: int) -> str:
    """The message of the error, without the folder of the file."""
    with pytest.raises(ConfigError) as caught:
        arch.load(source, overrides, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert len(text.splitlines()) <= 2
    return text.replace(f"{Path(str(source)).parent}/", "") if isinstance(source, Path) else text


def test_a_file_becomes_a_chip_with_si_numbers_and_stated_defaults(write: Write) -> None:
    chip = arch.load(write(CHIP))
    tile = chip.tile
    assert tile is not None
    assert tile.crossbar.read_time_fs == 100_000_000
    assert tile.adc.period_fs == 781_250
    assert tile.adc.rate_hz == pytest.approx(1.28e9)
    assert (tile.buffer.cycle_fs, tile.buffer.capacity_bytes, tile.buffer.width_bits) == (10**6, 16384, 64)
    assert tile.units[0].functions == {"relu": 1, "add": 2}
    assert tile.crossbar.energy_j is None
    assert chip.n_chips == 1
    assert chip.source_of("tile.adc.bits") == "assumed: a test"
    assert chip.source_of("tile.units.relu.lanes") == "assumed: a test"
    assert chip.source_of("tile.crossbar.phases") == "assumed (default)"
    assert chip.source_of("tile.units.0.lanes") == "assumed: a test"
    with pytest.raises(ConfigError, match="no element 'rel', did you mean 'relu'"):
        chip.source_of("tile.units.rel.lanes")
    with pytest.raises(ConfigError, match="'bist' does not exist, did you mean 'bits'"):
        chip.source_of("tile.adc.bist")


def test_the_innermost_source_holds(write: Write) -> None:
    inner = 'clock: 1 GHz, source: {"*": "derived: here", clock: "estimated: there"}'
    chip = arch.load(write(CHIP.replace("clock: 1 GHz", inner)))
    assert chip.source_of("tile.buffer.width") == "derived: here"
    assert chip.source_of("tile.buffer.clock") == chip.source_of("tile.buffer.cycle") == "estimated: there"
    assert chip.source_of("tile.buffer") == "derived: here"
    assert chip.source_of("tile.adc.bits") == "assumed: a test"


def test_without_any_source_a_number_is_an_assumption(write: Write) -> None:
    chip = arch.load(write(CHIP.replace('source: "assumed: a test"\n', "")))
    assert chip.source_of("tile.adc.bits") == "assumed (no source given)"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "rows: 64",
            "rowz: 64",
            "chip.yaml:9: tile.crossbar.rowz: unknown field, did you mean 'rows'? (and 1 more)",
        ),
        (
            "read_time: 100 ns",
            "read_time: 130 nJ",
            "chip.yaml:12: tile.crossbar.read_time: '130 nJ' is an energy, expected a time such as '100 ns'",
        ),
        (
            "read_time: 100 ns",
            "read_time: 100",
            "chip.yaml:12: tile.crossbar.read_time: the number 100 has no unit, expected a time such as",
        ),
        ("rows: 64", "rows: -64", "chip.yaml:9: tile.crossbar.rows: found -64, expected at least 1"),
        ("rows: 64", "rows: 0", "chip.yaml:9: tile.crossbar.rows: found 0, expected at least 1"),
        (
            "rows: 64",
            "rows: 64.0",
            "chip.yaml:9: tile.crossbar.rows: found 64.0, expected a whole number without unit",
        ),
        (
            "rows: 64",
            "rows: yes",
            "chip.yaml:9: tile.crossbar.rows: found 'yes', expected a whole number without unit",
        ),
        (
            "rows: 64",
            "rows: true",
            "chip.yaml:9: tile.crossbar.rows: found True, expected a whole number without unit",
        ),
        (
            "capacity: 16 KiB",
            "capacity: -16 KiB",
            "chip.yaml:16: tile.buffer.capacity: '-16 KiB' is not allowed, expected a size in bytes above",
        ),
        (
            "read_time: 100 ns",
            "read_time: 0 ns",
            "chip.yaml:12: tile.crossbar.read_time: '0 ns' is not allowed, expected a time above zero",
        ),
        (
            "    cell: {kind: rram, bits: 2}\n",
            "",
            "chip.yaml:7: tile.crossbar.cell: missing, expected the memory cell",
        ),
        (
            "kind: rram, ",
            "",
            "chip.yaml:11: tile.crossbar.cell.kind: missing, expected memory technology",
        ),
        (
            "cell: {kind: rram, bits: 2}",
            "cell: rram",
            "chip.yaml:11: tile.crossbar.cell: found 'rram', expected a mapping with kind, bits",
        ),
        (
            "kind: sar",
            "kind: saar",
            "chip.yaml:15: tile.adc.kind: found 'saar', expected one of sar, flash, pipeline, ramp, cco, vco",
        ),
        ("grid: [1, 1]", "grid: [1]", "chip.yaml:6: tile.grid.1: missing, expected one more value"),
        ("grid: [1, 1]", "grid: 1", "chip.yaml:6: tile.grid: found 1, expected a list"),
        (
            "rate: 1.28 GHz, ",
            "",
            "chip.yaml:15: tile.adc: rate is missing, expected conversions per second such as '1.28 GHz'",
        ),
        (
            "add: 2",
            "ad: 2",
            "chip.yaml:18: tile.units.relu.functions: unknown function 'ad', did you mean 'add'?",
        ),
        (
            "clock: 1 GHz",
            "clock: 1 GHz, cycle: 1 ns",
            "chip.yaml:16: tile.buffer: found both 'clock' and 'cycle', expected one of them",
        ),
        ("count: 1\n  grid", "count: 1\n  count: 2\n  grid", "chip.yaml:6: tile.count is given twice"),
        (
            'source: "assumed: a test"',
            "source: somebody told me",
            "chip.yaml:2: source: found 'somebody told me', expected a text that begins with published",
        ),
        (
            'source: "assumed: a test"',
            'source: "published: XY99 table 3"',
            "chip.yaml:2: source: 'published: XY99 table 3' names no key of 'references' (it is empty)",
        ),
        (
            'source: "assumed: a test"',
            'source: {nam: "assumed: a test"}',
            "chip.yaml:2: source: unknown field 'nam', did you mean 'name'?",
        ),
        ("name: tiny", "name: 5", "chip.yaml:1: name: found 5, expected a text"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(write: Write, old: str, new: str, expected: str) -> None:
    assert CHIP.count(old) == 1
    assert message(write(CHIP.replace(old, new))).startswith(expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "chip.yaml: found nothing, expected the fields of a chip (name, tile, ...)"),
        (b"- a\n- b\n", "chip.yaml:1: found a list, expected the fields of a chip (name, tile, ...)"),
        (
            b"just text\n",
            "chip.yaml:1: found one plain value, expected the fields of a chip (name, tile, ...)",
        ),
        (b"name: tiny\nfoo: \xff\xfe\n", "chip.yaml:2: not UTF-8 text (byte 0xff), expected a YAML file"),
        (b"name: tiny\nx: [1, 2\ny: 3\n", "chip.yaml:3: not valid YAML: "),
        (b"name: a\n---\nname: b\n", "chip.yaml:2: not valid YAML: but found another document"),
        (b"name: \x00\x01\n", "chip.yaml:1: not valid YAML: a control character"),
        (
            b"name: !!python/object:os.system x\n",
            "chip.yaml:1: the YAML tag tag:yaml.org,2002:python/object:os.system",
        ),
        (b"a: &a {x: 1}\nb:\n  <<: *a\n", "chip.yaml:3: merge keys (<<) are not accepted"),
        (b"? [a, b]\n: 1\n", "chip.yaml:1: a key is no plain text"),
        (
            b"name: tiny\n",
            "chip.yaml:1: activation_bits: missing, expected width of an activation in buffers",
        ),
        (
            b"name: t\nactivation_bits: 8\n",
            "chip.yaml:1: the chip computes nothing, expected a 'tile' (crossbars) or a 'mac_array'",
        ),
    ],
)
def test_what_is_no_chip_file(write: Write, data: bytes, expected: str) -> None:
    assert message(write(data)).startswith(expected)


def test_a_200_mb_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "chip.yaml"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    assert message(path) == "chip.yaml: larger than 256 KiB, the limit for a chip file"


def test_aliases_built_to_explode_are_refused(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    text = message(write("\n".join(lines)))
    assert f"more than {MAX_NODES} values once its aliases are followed, the limit for a chip file" in text


@pytest.mark.parametrize("data", ["a: &a [*a]\n", "a: " + "[" * 60 + "]" * 60, "[" * 2_000])
def test_endless_or_deep_nesting_is_refused(write: Write, data: str) -> None:
    assert "nested deeper than 50 levels, the limit for a chip file" in message(write(data))


def test_unknown_presets_and_files(tmp_path: Path) -> None:
    assert message("isac") == "unknown chip 'isac', did you mean 'isaac'? (or give a .yaml file)"
    assert message("ISAAC").startswith("unknown chip 'ISAAC', did you mean 'isaac'?")
    names = ", ".join(arch.names())
    assert message("zzz") == f"unknown chip 'zzz', expected one of {names} (or give a .yaml file)"
    assert message("./none.yaml") == "none.yaml: cannot be read: No such file or directory"
    assert message(tmp_path) == f"{tmp_path.name}: a folder, expected a chip file (.yaml) or one of {names}"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("tile.adc.bist", "6", "`set: tile.adc.bist`: unknown field 'bist', did you mean 'bits'?"),
        ("tlie.adc.bits", "6", "`set: tlie.adc.bits`: unknown field 'tlie', did you mean 'tile'?"),
        (
            "tile.units.sigmod.lanes",
            "6",
            "`set: tile.units.sigmod.lanes`: no element 'sigmod', did you mean 'sigmoid'?",
        ),
        (
            "tile.units.7.lanes",
            "6",
            "`set: tile.units.7.lanes`: no element '7', expected one of sigmoid, maxpool, shift-add",
        ),
        (
            "tile.adc.bits.x",
            "6",
            "`set: tile.adc.bits.x`: 'x' is inside a plain value, expected a shorter path",
        ),
        (
            "tile.grid.0.x",
            "6",
            "`set: tile.grid.0.x`: 'x' is inside a plain value, expected a shorter path",
        ),
        ("tile.adc.bits", "0", "`set`: tile.adc.bits: found 0, expected at least 1"),
        ("tile.adc.bits", "[6", "`set: tile.adc.bits`:1: not valid YAML: "),
        (
            "tile.adc.rate",
            "2 ns2",
            "`set`: tile.adc.rate: '2 ns2' has the unknown unit 'ns2', expected a time or a frequency such",
        ),
        ("", "1", "`set: `: unknown field ''"),
        ("tile.crossbar.cell", "null", "`set`: tile.crossbar.cell: missing, expected the memory cell"),
        ("memory.bandwidth", "1 GB/s", "isaac.yaml"),
    ],
)
def test_a_wrong_override_is_refused(path: str, text: str, expected: str) -> None:
    assert message("isaac", {path: text}).startswith(expected)


def test_overrides_reach_every_kind_of_field() -> None:
    settings = {
        "tile.adc.bits": "6",
        "tile.grid.0": "15",
        "tile.units.sigmoid.lanes": "8",
        "tile.units.1.count": "3",
        "tile.units.sigmoid.functions.relu": "2",
        "noc.clock": "2 GHz",
        "tile.adc.power": "null",
        "noc.router": "{power: 1 mW}",
        "other": "{static_power: 1 W}",
    }
    chip = arch.load("isaac", settings)
    tile, noc = chip.tile, chip.noc
    assert tile is not None
    assert noc is not None
    assert tile.adc.bits == 6
    assert tile.grid == (15, 12)
    assert [unit.lanes for unit in tile.units] == [8, 1, 2]
    assert tile.units[1].count == 3
    assert tile.units[0].functions["relu"] == 2
    assert noc.cycle_fs == 500_000
    assert tile.adc.power_w is None
    assert noc.router is not None
    assert noc.router.count is None
    assert chip.other is not None
    assert chip.other.static_power_w == 1.0
    for path in ("tile.adc.bits", "tile.grid", "tile.units.sigmoid.lanes", "noc.cycle"):
        wanted = "published" if path == "tile.grid" else "assumed: set to"
        assert chip.source_of(path).startswith(wanted), path
    assert chip.source_of("tile.grid.0") == "assumed: set to 15"
    assert chip.source_of("tile.units.sigmoid.functions.relu") == "assumed: set to 2"
    assert chip.source_of("tile.units.sigmoid.functions.sigmoid").startswith("published")
    assert arch.loads(arch.to_yaml(chip)) == chip


def test_a_part_that_says_it_is_none_is_left_out(write: Write) -> None:
    chip = arch.load(write(CHIP + "noc: {topology: none}\nmemory: {kind: none}\n"))
    assert chip.noc is None
    assert chip.memory is None


def test_copies_of_a_chip(write: Write) -> None:
    assert arch.load("isaac", n_chips=4).n_chips == 4
    assert message("isaac", n_chips=0) == "`chips: 0`: expected at least 1"
    alone = write(CHIP)
    assert arch.load(alone, n_chips=1).n_chips == 1
    assert message(alone, n_chips=2).startswith(
        "chip.yaml: `chips: 2`: the chip has no links to others, expected a 'chips' section"
    )


def test_yaml_is_version_1_2(write: Write) -> None:
    """`no` is a text, 1e3 a number, 0o20 octal: what PyYAML would read otherwise."""
    text = CHIP.replace("name: tiny", "name: no").replace("rows: 64", "rows: 0o100")
    chip = arch.load(write(text))
    assert chip.name == "no"
    assert chip.tile is not None
    assert chip.tile.crossbar.rows == 64
