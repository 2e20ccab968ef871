"""Do energy and time follow the data as they do by hand, and does a run say what it rests on?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.arch.errors import ConfigError
from ohmsum.arch.operands import StatedOperands as Means
from ohmsum.sim.lowering import lower
from ohmsum.sim.operands import StatedSource
from ohmsum.sim.program import Program
from ohmsum.sim.simulate import simulate
from ohmsum.tools.cli import main
from ohmsum.tools.validate.networks import layer
from onnx import helper

from ..kit.engines import Engine, each_engine
from ..kit.operand_networks import Case
from ..kit.small_networks import NS, SINGLE, matrix, network, program, round_chip, source
from ..timing.test_lowering_timing import ends
from .test_lowering_energy import spent
from .test_operands import IMAGES, LENET, TOP

ENERGIES = {
    "tile__crossbar__row_energy": "20 fJ",
    "tile__crossbar__cell_energy": "5 fJ",
    "tile__dac__input_energy": "8 fJ",
    "tile__adc__code_energy": "60 fJ",
}
"""At half of full scale: a read of 2 pJ, a row driven for 10 fJ, a conversion for 100 fJ."""
ALWAYS_READ = 2000 - 16 / 2 * (20 + 4 / 2 * 5)  # fJ: 16 rows and 4 columns at half of full scale
ALWAYS_DRIVE, ALWAYS_CONVERT = 10 - 8 / 2, 100 - 60 / 2
SKIP = {"tile__dac__zero_skipping": "true"}


def actions(p: Program, component: str, action: str) -> int:
    """Actions of one inference, where firings may differ."""
    rows = zip(p.ledger_component, p.ledger_action, p.ledger_total.tolist(), strict=True)
    return sum(n for c, a, n in rows if (c, a) == (component, action))


class TestEnergy:
    """One layer of 16 x 4 weights, one vector; input slices of one bit."""

    X = np.array([[3, 1, 0, 2] + [0] * 12])
    W = np.array([[TOP, 0, -TOP, 0], [0, TOP, 0, 0], [TOP] * 4, [TOP] * 4] + [[0] * 4] * 12)

    def found(self, folder: Path, **changes: str) -> dict[tuple[str, str], tuple[int, float]]:
        given = {"tile__adc__bits": "16", "tile__adc__energy": "0.1 pJ", **changes}
        chip = round_chip(**ENERGIES, **given)
        return spent(Case.linear(folder, chip, self.W, self.X).program())

    def test_by_hand(self, tmp_path: Path) -> None:
        found = self.found(tmp_path)
        # Low bits drive rows 0 and 1, high bits rows 0 and 3. Row 0 has 2 cells at the highest level, row 1
        # one, row 3 four.
        assert found["crossbar", "row drive"] == (4, pytest.approx(4 * 20e-3))
        assert found["crossbar", "cell current"] == (9 * TOP, pytest.approx(9 * 5e-3))
        assert found["dac", "row drive"] == (4, pytest.approx(4 * 8e-3))
        # Columns: low bits 127, 127, -127, 0; high bits 254, 127, 0, 127.
        codes = 3 * TOP + 4 * TOP
        assert found["adc", "code"] == (codes, pytest.approx(codes / (2**15 - 1) * 60e-3))
        assert found["crossbar", "read"] == (2, pytest.approx(2 * ALWAYS_READ * 1e-3))
        assert found["dac", "drive row"] == (32, pytest.approx(32 * ALWAYS_DRIVE * 1e-3))
        assert found["adc", "convert"] == (8, pytest.approx(8 * ALWAYS_CONVERT * 1e-3))

    def test_zero_skipping_spends_on_the_reads_that_are_made(self, tmp_path: Path) -> None:
        self.X = np.where(self.X > 1, 2, 0)  # no low bit is set
        found = self.found(tmp_path, tile__dac__zero_skipping="true", tile__dac__bits="3")
        # The largest input is the largest code, 7 for three bits: no bit is left out.
        assert found["crossbar", "read"][0] == 3
        self.X = np.array([[0] * 16])
        found = self.found(tmp_path, tile__dac__zero_skipping="true")
        assert found["crossbar", "read"][0] == 1  # one read is made all the same
        assert found["adc", "convert"][0] == found["shift-add", "add"][0] == 4
        assert found["dac", "drive row"][0] == 16
        assert found["crossbar", "row drive"][0] == found["adc", "code"][0] == 0

    def test_data_at_the_stated_means_cost_the_stated_energy(self) -> None:
        """Half of full scale everywhere is what a chip's energies hold for if it says nothing."""
        chip, net = round_chip(**ENERGIES), layer(16, 4)
        plain = simulate(net, chip, mapping=SINGLE).energy.by_component_j
        stated = simulate(net, chip, mapping=SINGLE, operands=StatedSource(Means())).energy.by_component_j
        assert stated == pytest.approx(plain, rel=1e-4)  # steps of codes are whole: half of 255 is none
        nothing = StatedSource(Means(input=0.0, cell=0.0, code=0.0))
        none = simulate(net, chip, mapping=SINGLE, operands=nothing)
        # Two tokens, two slices each: the part that is always spent.
        assert none.energy.by_component_j["crossbar"] == pytest.approx(2 * 2 * ALWAYS_READ * 1e-15)
        assert none.energy.by_component_j["adc"] == pytest.approx(2 * 2 * 4 * ALWAYS_CONVERT * 1e-15)

    def test_energies_that_do_not_go_with_data_stay(self, tmp_path: Path) -> None:
        case = Case.linear(tmp_path, round_chip(), self.W, self.X)
        same = program(network(source(16), matrix("fc", "x", 16, 4)), round_chip())
        with_data, without = spent(case.program()), spent(same)
        for key in (("crossbar", "read"), ("dac", "drive row"), ("adc", "convert"), ("shift-add", "add")):
            assert with_data[key] == without[key]


@each_engine
class TestTime:
    """A 3 x 3 convolution over 4 x 4 pixels, where only the last pixel has its high bit set.

    Rows of the image are there at 13 + 4 i ns, so the first product begins at 17 + 1; a read takes 10 ns.
    From its begin a product of r reads takes 10 r, 1 for the last conversion, 2 for shift-and-add and 1 for
    the buffer (`test_lowering_timing.test_two_chained_convolutions`).
    """

    X = np.ones((1, 1, 4, 4))
    X[0, 0, 3, 3] = 3
    W = np.full((1, 1, 3, 3), TOP)
    READS = tuple(2 if row >= 2 and col >= 2 else 1 for row in range(4) for col in range(4))

    def case(self, folder: Path, **changes: str) -> Case:
        return Case.convolution(folder, round_chip(**changes), self.W, self.X)

    def test_all_reads(self, engine: Engine, tmp_path: Path) -> None:
        p = self.case(tmp_path).program()
        assert ends(p, engine(p, keep_firings=True), "conv") == [(18 + 20 * k + 24) * NS for k in range(16)]

    def test_value_by_value(self, engine: Engine, tmp_path: Path) -> None:
        case = self.case(tmp_path, **SKIP)
        assert case.operands().layers["conv"].firing_reads == self.READS
        p = case.program()
        begins = [18 + 10 * sum(self.READS[:k]) for k in range(16)]
        wanted = [(begin + 10 * r + 4) * NS for begin, r in zip(begins, self.READS, strict=True)]
        assert ends(p, engine(p, keep_firings=True), "conv") == wanted
        assert actions(p, "crossbar", "read") == sum(self.READS)

    def test_statistical(self, engine: Engine, tmp_path: Path) -> None:
        """Every firing takes the mean, 20 reads over 16 firings."""
        p = self.case(tmp_path, **SKIP).program(exact=False)
        mean_fs = 12_500_000
        wanted = [18 * NS + k * mean_fs + mean_fs + 4 * NS for k in range(16)]
        assert ends(p, engine(p, keep_firings=True), "conv") == wanted
        assert actions(p, "crossbar", "read") == sum(self.READS)

    def test_two_samples_take_their_mean(self, engine: Engine, tmp_path: Path) -> None:
        self.X = np.concatenate([TestTime.X, np.full((1, 1, 4, 4), 3.0)])
        p = self.case(tmp_path, **SKIP).program()
        reads = [(r + 2) / 2 for r in self.READS]  # 1.5 or 2: holds of 15 and 20 ns
        begins = [18 + 10 * sum(reads[:k]) for k in range(16)]
        wanted = [int((begin + 10 * r + 4) * NS) for begin, r in zip(begins, reads, strict=True)]
        assert ends(p, engine(p, keep_firings=True), "conv") == wanted


def test_every_crossbar_skips_for_itself_and_the_slowest_decides(tmp_path: Path) -> None:
    """20 inputs on two crossbars of 16 rows: no bit of the first's inputs is set."""
    x = np.array([[0] * 16 + [3, 1, 1, 3]])
    case = Case.linear(tmp_path, round_chip(**SKIP), np.full((20, 4), TOP), x)
    found = case.operands().layers["fc"]
    assert (found.reads_offered, found.zero_reads, found.reads) == (4, 2, 1 + 2)
    assert found.firing_reads == (2,)
    assert found.rows == 16 + 2 * 4
    p = case.program()
    assert actions(p, "crossbar", "read") == 3
    assert actions(p, "dac", "drive row") == 24
    assert actions(p, "adc", "convert") == 3 * 4


LAYOUTS = {
    "depthwise": (
        helper.make_node("Conv", ["x", "w"], ["y"], name="layer", group=40),
        (40, 1, 3, 3),
        (40, 5, 5),
    ),
    "grouped": (
        helper.make_node("Conv", ["x", "w"], ["y"], name="layer", group=2),
        (20, 150, 3, 3),
        (300, 4, 4),
    ),
    "tokens": (helper.make_node("MatMul", ["x", "w"], ["y"], name="layer"), (300, 70), (7, 300)),
}


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "neurram"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_skipping_every_read_row_and_column_of_the_mapping_is_there(
    layout: str, chip: str, tmp_path: Path
) -> None:
    """What is found on the crossbars of data is what the Program counts without any."""
    node, weights, shape = LAYOUTS[layout]
    rng = np.random.default_rng(4)
    case = Case(tmp_path, arch.load(chip), node, rng.normal(size=weights), rng.normal(size=(2, *shape)))
    found, p = case.operands().layers["layer"], lower(case.mapping, case.chip)
    assert found.reads == found.reads_offered == actions(p, "crossbar", "read")
    assert found.rows == actions(p, "dac", "drive row")
    assert found.columns == actions(p, "adc", "convert")


class TestChipFiles:
    """Energies that contradict each other."""

    def test_a_part_larger_than_the_whole(self) -> None:
        with pytest.raises(ConfigError, match=r"crossbar\.energy: found 2 pJ, but row_energy makes 8 pJ"):
            round_chip(tile__crossbar__row_energy="1 pJ")

    def test_less_input_makes_it_possible(self) -> None:
        changes = {"tile__crossbar__row_energy": "1 pJ", "tile__operands": "{input: 0.1}"}
        assert round_chip(**changes).tile is not None

    def test_a_part_of_nothing(self) -> None:
        with pytest.raises(ConfigError, match=r"tile\.adc\.energy: missing.*tile\.adc\.code_energy"):
            arch.load("sinangil-2021", overrides={"tile.adc.code_energy": "1 fJ"})

    def test_a_share_above_one(self) -> None:
        with pytest.raises(ConfigError, match=r"tile\.operands\.input"):
            round_chip(tile__operands="{input: 1.1}")


class TestCommand:
    """What `ohmsum run --data` prints and refuses."""

    def run(self, *args: str) -> int:
        return main(["run", str(LENET), "--chip", "isaac", *args])

    def test_result(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "r.json"
        assert self.run("--data", str(IMAGES), "--samples", "4", "--json", str(out)) == 0
        result = json.loads(out.read_text())
        block = result["operands"]
        assert (block["basis"], block["energy"], block["samples"]) == ("statistical", "constant", 4)
        assert block["sha256"] == hashlib.sha256(IMAGES.read_bytes()).hexdigest()
        assert result["provenance"]["options"]["data"] == str(IMAGES)
        assert result["provenance"]["data_hash"] == block["sha256"]
        conv1 = block["layers"][0]
        assert (conv1["name"], len(conv1["bit_density"])) == ("conv1", 16)
        assert sum(conv1["code_shares"]) == pytest.approx(1)
        printed = capsys.readouterr().out
        assert "statistical, 4 samples of fashion-300.npz; energies per action are constant" in printed

    def test_without_data_the_result_says_assumed(self, tmp_path: Path) -> None:
        out = tmp_path / "r.json"
        assert self.run("--input", "input=1x1x28x28", "--json", str(out)) == 0
        block = json.loads(out.read_text())["operands"]
        assert block == {
            "basis": "assumed", "energy": "constant", "means": {"input": 0.5, "cell": 0.5, "code": 0.5}
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (np.full((2, 1, 28, 28), np.nan, np.float32), "input 'input': 1568 of 1568 values are NaN"),
            (np.zeros((2, 1, 28, 28)), "array for input 'input': found float64, expected float32"),
            (np.zeros((2, 1, 28, 27), np.float32), "found shape (2, 1, 28, 27), expected (n, 1, 28, 28)"),
        ],
    )
    def test_bad_data(
        self, array: np.ndarray, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        np.savez(tmp_path / "bad.npz", input=array)
        assert self.run("--data", str(tmp_path / "bad.npz")) == 2
        assert message in capsys.readouterr().err

    def test_structure_only(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["run", "lenet5", "--chip", "isaac", "--data", str(IMAGES)]) == 2
        assert "tensor 'conv1.weight' has no values" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (("--operands", "exact"), "--operands needs --data as well"),
            (("--data", str(IMAGES), "--samples", "0"), "--samples: found 0, expected a whole number from 1"),
            (("--data", str(IMAGES), "--operands", "some"), "expected 'statistical' or 'exact'"),
            (("--data", str(IMAGES), "--input", "input=2x1x28x28"), "'conv1': the data make 784 products"),
        ],
    )
    def test_bad_options(
        self, args: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(*args) == 2
        assert message in capsys.readouterr().err
