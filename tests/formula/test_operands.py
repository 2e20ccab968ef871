"""Are the operands of a layer those that counting bits, sums and codes one by one gives?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from ohmsum import arch, workloads
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.lowering.grouping import Firings, Group
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.operands import DataSource, LayerOperands
from ohmsum.sim.operands.firings import expected_reads, groups, reads_by_firing
from ohmsum.workloads.graph import Grid

from ..kit.operand_networks import Case
from ..kit.small_networks import round_chip

HERE = Path(__file__).parents[1]
LENET = HERE.parent / "docs" / "accuracy" / "lenet5-fashion.onnx"
IMAGES = HERE / "data" / "fashion-300.npz"
FINE_ADC = {"tile__adc__bits": "16"}  # steps of one level: codes are the sums
TOP = 127  # of an 8-bit weight


@dataclass
class Counted:
    """Sums over all vectors, by loops over every bit, row, column and read."""

    drive: float = 0.0
    cell_drive: float = 0.0
    codes: int = 0
    n_codes: int = 0
    zero_reads: int = 0
    reads: int = 0


def slices_by_hand(value: int, bits: int, slice_bits: int, phases: int, signed: bool) -> list[int]:
    """What one row is driven with in every read of one input, as the documentation of a tile says."""
    if phases >= 2:
        parts = [max(value, 0), max(-value, 0)]
        n_bits = bits - 1 if signed else bits
        return [s for p in parts for s in digits(p, n_bits, slice_bits, -(-bits // slice_bits))]
    if not signed or slice_bits >= bits:
        found = digits(abs(value), bits, slice_bits, -(-bits // slice_bits))
        return [s if value >= 0 else -s for s in found]
    assert slice_bits == 1
    return [(value >> b) & 1 for b in range(bits)]  # two's complement


def digits(value: int, n_bits: int, slice_bits: int, n_slices: int) -> list[int]:
    return [(value >> (slice_bits * s)) % 2 ** min(slice_bits, n_bits) for s in range(n_slices)]


def count(
    x: np.ndarray,
    w: np.ndarray,
    *,
    rows: int,
    cols: int,
    active: int,
    bits: int,
    slice_bits: int,
    phases: int,
) -> Counted:
    """The operands of x (vectors, k) times w (k, n) on crossbars of rows x cols cells."""
    found, signed = Counted(), bool(x.min() < 0)
    top = 2 ** min(slice_bits, bits - 1 if signed else bits) - 1
    for vector in x:
        driven = [slices_by_hand(int(v), bits, slice_bits, phases, signed) for v in vector]
        for left in range(0, w.shape[1], cols):
            for first in range(0, w.shape[0], rows):
                for begin in range(first, min(first + rows, w.shape[0]), active):
                    group = range(begin, min(begin + active, first + rows, w.shape[0]))
                    for read in range(len(driven[0])):
                        found.reads += 1
                        found.zero_reads += all(driven[r][read] == 0 for r in group)
                        for r in group:
                            share = abs(driven[r][read]) / top
                            found.drive += share
                            cells = abs(w[r, left : left + cols]).sum()
                            found.cell_drive += share * float(cells) / TOP
                        for c in range(left, min(left + cols, w.shape[1])):
                            found.codes += abs(sum(driven[r][read] * int(w[r, c]) for r in group))
                            found.n_codes += 1
    return found


CHIPS = {
    "bit by bit": ({}, {}),
    "a pulse": ({"tile__dac__slice_bits": "2", "tile__dac__kind": "pulse_width"}, {"slice_bits": 2}),
    "groups of rows": ({"tile__crossbar__active_rows": "6"}, {"active": 6}),
    "four bits": ({"tile__dac__bits": "4"}, {"bits": 4}),
    "four bits, two by two": (
        {"tile__dac__bits": "4", "tile__dac__slice_bits": "2", "tile__dac__kind": "pulse_count"},
        {"bits": 4, "slice_bits": 2},
    ),
}
PHASES = {
    "two's complement": ({"tile__dac__bits": "3"}, {"bits": 3}),
    "two phases": ({"tile__dac__bits": "3", "tile__crossbar__phases": "2"}, {"bits": 3, "phases": 2}),
    "signed pulses": (
        {"tile__dac__bits": "3", "tile__dac__slice_bits": "3", "tile__dac__kind": "pulse_width"},
        {"bits": 3, "slice_bits": 3},
    ),
}
ROUND = {"rows": 16, "cols": 4, "active": 16, "bits": 2, "slice_bits": 1, "phases": 1}


def random_weights(k: int, n: int) -> np.ndarray:
    """Whole numbers with the largest in every column, so that codes are the weights themselves."""
    w = np.random.default_rng(1).integers(-TOP, TOP + 1, (k, n))
    w[0] = TOP
    return w


def compared(case: Case, by_hand: Counted, n_vectors: int, adc_top: int) -> LayerOperands:
    found = case.operands().layers["fc"]
    assert (found.n_vectors, found.n_products) == (n_vectors, 1)
    assert found.reads_offered * n_vectors == pytest.approx(by_hand.reads)
    assert found.zero_reads * n_vectors == pytest.approx(by_hand.zero_reads)
    assert found.drive * n_vectors == pytest.approx(by_hand.drive, rel=1e-6)
    assert found.cell_drive * n_vectors == pytest.approx(by_hand.cell_drive, rel=1e-6)
    assert found.columns * n_vectors == pytest.approx(by_hand.n_codes)
    assert found.codes * adc_top * n_vectors == pytest.approx(by_hand.codes, rel=1e-6)
    return found


@pytest.mark.parametrize(("changes", "settings"), CHIPS.values(), ids=CHIPS)
def test_unsigned_inputs(tmp_path: Path, changes: dict[str, str], settings: dict[str, int]) -> None:
    wanted = {**ROUND, **settings}
    top = 2 ** wanted["bits"] - 1
    x = np.random.default_rng(2).integers(0, top + 1, (7, 20)) * (np.arange(20) % 3 > 0)
    x[0, :3], x[3] = top, 0  # the largest code occurs, and a vector without any input
    w = random_weights(20, 7)  # two row blocks, two column blocks
    case = Case.linear(tmp_path, round_chip(**FINE_ADC, **changes), w, x)
    found = compared(case, count(x, w, **wanted), len(x), 2**15 - 1)
    assert (found.signed, found.clipped) == (False, 0)
    bits = wanted["slice_bits"]
    of_slices = [np.mean((x >> (s * bits)) % 2**bits > 0) for s in range(-(-wanted["bits"] // bits))]
    assert found.bit_density == pytest.approx(of_slices)


@pytest.mark.parametrize(("changes", "settings"), PHASES.values(), ids=PHASES)
def test_signed_inputs(tmp_path: Path, changes: dict[str, str], settings: dict[str, int]) -> None:
    x = np.random.default_rng(3).integers(-3, 4, (6, 20))
    x[0, :3] = 3
    w = random_weights(20, 3)
    case = Case.linear(tmp_path, round_chip(**FINE_ADC, **changes), w, x)
    assert compared(case, count(x, w, **{**ROUND, **settings}), len(x), 2**15 - 1).signed


def test_reads_of_a_missing_sign_drive_nothing(tmp_path: Path) -> None:
    """Two phases and no negative inputs: half of the reads are for nothing."""
    x = np.full((2, 16), 3)
    changes = {"tile__crossbar__phases": "2"}
    case = Case.linear(tmp_path, round_chip(**FINE_ADC, **changes), random_weights(16, 4), x)
    found = case.operands().layers["fc"]
    assert (found.reads_offered, found.zero_share, found.mean_input) == (2 * 2, 0.5, 0.5)


def test_voltages_count_squared(tmp_path: Path) -> None:
    """Codes 0 to 3 of a 2-bit DAC: (0 + 1 + 4 + 9) / 9 of full scale."""
    x = np.tile([0, 1, 2, 3], (1, 4))
    changes = {"tile__dac__slice_bits": "2", "tile__dac__kind": "multi_bit"}
    case = Case.linear(tmp_path, round_chip(**FINE_ADC, **changes), random_weights(16, 4), x)
    assert case.operands().layers["fc"].mean_input == pytest.approx((0 + 1 + 4 + 9) / 9 / 4, rel=1e-5)


def test_cells_have_at_least_their_lowest_conductance(tmp_path: Path) -> None:
    """g_min of a fifth of g_max: a cell of level 0 counts 0.2, one of the highest level 1."""
    w = np.zeros((16, 4), int)
    w[0] = TOP
    cell = {"tile__crossbar__cell__g_min": "2 uS", "tile__crossbar__cell__g_max": "10 uS"}
    case = Case.linear(tmp_path, round_chip(**FINE_ADC, **cell), w, np.full((1, 16), 1))
    found = case.operands().layers["fc"]
    # Signed cells are written as a pair of levels, one of them 0; the largest input is code 3, both bits.
    assert found.cell_drive == pytest.approx(2 * (4 * (1 + 0.2) + 15 * 4 * (0.2 + 0.2)), rel=1e-5)


def test_current_of_a_column(tmp_path: Path) -> None:
    """Codes are whole levels: the highest of 15 bits is 32,767 / 127 cells of 8 uS each at 0.2 V."""
    cell = {
        "tile__crossbar__cell__g_min": "2 uS",
        "tile__crossbar__cell__g_max": "10 uS",
        "tile__crossbar__cell__read_voltage": "0.2 V",
    }
    case = Case.linear(tmp_path, round_chip(**FINE_ADC, **cell), random_weights(16, 4), np.full((1, 16), 1))
    found = case.operands().layers["fc"]
    assert found.column_range_a == pytest.approx((2**15 - 1) / TOP * 8e-6 * 0.2)


class TestFirings:
    """Which reads a firing waits for."""

    FIRINGS = Firings(Grid(2, 4), Group(1, 3))

    def test_groups(self) -> None:
        assert [g.tolist() for g in groups(self.FIRINGS)] == [[0, 1, 2], [3], [4, 5, 6], [7]]

    def test_the_slowest_replica_decides(self) -> None:
        reads = np.array([[1, 3, 2, 1, 1, 1, 1, 4], [1, 1, 1, 2, 5, 1, 1, 1]]).ravel()
        assert reads_by_firing(reads, self.FIRINGS, 1) == ((3 + 1) / 2, (1 + 2) / 2, (1 + 5) / 2, (4 + 1) / 2)

    def test_applications_add_up(self) -> None:
        reads = np.array([1, 2, 3, 1])  # two tokens, each applied twice
        assert reads_by_firing(reads, Firings(Grid(1, 2)), 2) == (3.0, 4.0)
        assert reads_by_firing(reads, Firings(Grid(1, 2), Group(1, 2)), 2) == (3 + 2,)

    def test_expectation_of_independent_tokens(self) -> None:
        # Each token takes 1 or 3 reads alike often: of two, the larger is 3 in three cases of four.
        reads = np.array([1, 3])
        assert expected_reads(reads, Firings(Grid(1, 4)), 1) == 2.0
        assert expected_reads(reads, Firings(Grid(1, 4), Group(1, 2)), 1) == 0.25 * 1 + 0.75 * 3


def close(statistical: LayerOperands, exact: LayerOperands, sums: float, codes: float) -> None:
    for of in ("drive", "cell_drive", "reads", "rows", "columns"):
        assert getattr(statistical, of) == pytest.approx(getattr(exact, of), rel=sums), of
    assert statistical.zero_share == pytest.approx(exact.zero_share, abs=sums)
    assert statistical.mean_code == pytest.approx(exact.mean_code, rel=codes)
    assert statistical.column_std == pytest.approx(exact.column_std, rel=max(sums, 0.05))


class TestStatisticalAndExact:
    """They agree within what the documentation says (docs/howto/data.md)."""

    def test_random_layer(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(5)
        x = np.maximum(rng.normal(size=(20000, 96)) + rng.normal(size=(20000, 1)), 0)
        w = rng.normal(size=(96, 12))
        changes = {
            "tile__crossbar__rows": "64",
            "tile__crossbar__cols": "16",
            "tile__dac__bits": "4",
            "tile__dac__count": "64",
        }
        case = Case.linear(tmp_path, round_chip(**changes), w, x)
        exact, fast = (case.operands(way).layers["fc"] for way in (True, False))
        assert exact.n_vectors == 20000
        assert fast.n_vectors < 16384
        close(fast, exact, sums=0.02, codes=0.03)

    @pytest.mark.parametrize("chip", ["raella", "hermes-64"])
    def test_lenet(self, chip: str) -> None:
        hardware = arch.load(chip)
        network = workloads.load(LENET, input_shapes={"input": (1, 1, 28, 28)})
        mapping = map_network(network, hardware, MappingOptions(replicate=False))
        fast, exact = (
            DataSource(ModelSource(str(LENET)), IMAGES, way, 60)
            .operands(mapping, hardware, lambda *_: None)
            .layers
            for way in (False, True)
        )
        assert fast.keys() == exact.keys() == {"conv1", "conv2", "fc1", "fc2", "fc3"}
        for name, of_all in exact.items():
            close(fast[name], of_all, sums=0.01, codes=0.03)


def test_without_a_correlation_dark_images_would_be_missed(tmp_path: Path) -> None:
    """Half of the vectors are zero, the other half ones: sums are 0 or all, never their mean."""
    x = np.repeat([[0], [3]], 8, axis=0) * np.ones((1, 16))
    w = np.full((16, 4), TOP)
    fast = Case.linear(tmp_path, round_chip(), w, x).operands(exact=False).layers["fc"]
    assert fast.zero_share == 0.5
    assert fast.code_shares[0] == pytest.approx(0.5)
    assert fast.code_shares[-1] == pytest.approx(0.5)
