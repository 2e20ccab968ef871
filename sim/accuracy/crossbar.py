"""One crossbar of a layer: calibrated, programmed, aged, read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..kernels import compensation, slices
from ..kernels.converter import column_spread
from ..kernels.mvm_sliced import mvm_sliced
from ..kernels.rng import derive_seed
from .cells import Cells, Floats, Integers, Reads, ideal_reads, to_cells, to_reads
from .conditions import Conditions
from .precision import Precision
from .ranges import Percentile, converter_step

Spread = tuple[Floats | None, Floats | None]
ACCUMULATOR_BITS = 63  # digital sums are not the limit: no chip file states their width
CALIBRATION_VECTORS = 256


@dataclass(frozen=True)
class Block:
    """Where a crossbar lies in the matrix of its layer, and its weights.

    Parameters
    ----------
    rows, columns : (n_rows,), (n_columns,) indices into the layer's inputs and outputs
    codes : (n_rows, n_columns) weights in units of their step
    """

    rows: slice
    columns: slice
    codes: Floats


class Crossbar:
    """A block of weights on a crossbar; the converter's range is set once, from a sample of input codes.

    Parameters
    ----------
    sample : (n_samples, n_rows) codes
    signed : bool
        Whether inputs may be negative.
    percentile : float or None
        Share of the sample's column results that the converter's range holds, see `ranges`.
    """

    def __init__(
        self, block: Block, p: Precision, sample: Floats, signed: bool, percentile: Percentile
    ) -> None:
        self.block, self.p, self.signed = block, p, signed
        self.cells: Cells = to_cells(block.codes, p)
        self.sample = np.ascontiguousarray(sample[:CALIBRATION_VECTORS])
        ideal = ideal_reads(self.cells, p)
        self.adc_step, self.adc_range = self._converter(ideal, sample, percentile)
        self.ideal = ideal

    def _converter(
        self, ideal: Reads, sample: Floats, percentile: Percentile
    ) -> tuple[float, tuple[int, int]]:
        """Step and code range of the converter."""
        inputs, x_factors = input_slices(sample, self.p, self.signed)
        starts = range(0, inputs.shape[2], self.p.active_rows)
        rows = [slice(i, i + self.p.active_rows) for i in starts]
        y = np.array([[x[:, r] @ part[r] for r in rows] for x in inputs for part in ideal.levels])
        low, high = slices.code_range(self.p.adc_bits, signed=bool(y.size and y.min() < 0))
        factors = np.multiply.outer(x_factors, ideal.factors).reshape(-1).astype(np.float32)
        # Whole levels give whole results: nothing is gained by steps below 1, and at 1 nothing is lost.
        finest = 0.0 if self.p.continuous else 1.0
        return converter_step(y, factors, low, high, percentile, finest), (low, high)

    def spread(self, seed: int) -> Spread:
        """Gains and offsets of the converters of each of its columns, by weight slice; None if all alike."""
        p = self.p
        if not (p.gain_spread or p.offset_spread):
            return None, None
        n_parts, _, n_columns = self.ideal.levels.shape
        adc = np.arange(n_columns * n_parts) // p.columns_per_adc
        gain, offset = column_spread(int(adc[-1]) + 1, p.gain_spread, p.offset_spread, seed)
        return gain[adc].reshape(n_columns, n_parts).T, offset[adc].reshape(n_columns, n_parts).T

    def read(
        self,
        reads: Reads,
        codes: Floats,
        seed: int,
        first_row: int = 0,
        spread: Spread = (None, None),
    ) -> npt.NDArray[np.float64]:
        """Sums in units of input codes x weight codes, one per vector and column."""
        inputs, factors = input_slices(codes, self.p, self.signed)
        sums, _, _ = mvm_sliced(
            inputs,
            factors,
            reads.levels,
            reads.factors,
            rows_per_read=self.p.active_rows,
            adc_step=self.adc_step,
            adc_range=self.adc_range,
            adc_gain=spread[0],
            adc_offset=spread[1],
            accumulator_bits=ACCUMULATOR_BITS,
            variance_slices=reads.variance,
            seed=seed,
            first_row=first_row,
        )
        y = sums * np.float64(self.adc_step)
        if self.p.encoding == "bias_column":
            return y[:, :-1] - y[:, -1:]
        if self.cells.offset:
            y -= self.cells.offset * codes.sum(axis=1, keepdims=True, dtype=np.float64)
        return y


def input_slices(codes: Floats, p: Precision, signed: bool) -> tuple[Floats, Integers]:
    """What the rows are driven with, read after read, and the digital factor of each read.

    One pulse holds its sign. Bits of signed inputs are two's complement; wider slices carry the sign of the
    input. With two or more phases, positive and negative inputs are read one after the other.
    """
    split = signed and p.phases >= 2
    parts = np.stack([np.maximum(codes, 0), np.maximum(-codes, 0)]) if split else codes[None]
    signs = np.array([1, -1] if split else [1], np.int64)
    if p.slice_bits >= p.input_bits:
        return parts, signs
    if signed and not split and p.slice_bits == 1:
        cut, factors = slices.twos_complement_bits(codes, p.input_bits)
        return cut.astype(np.float32), factors
    bits = p.input_bits - 1 if signed else p.input_bits
    digits, factors = slices.outer_slices(
        (np.abs(parts).astype(np.int32), signs), bits, min(bits, p.slice_bits)
    )
    drive = digits.astype(np.float32)
    return (drive * np.sign(codes) if signed and not split else drive), factors


class Programmed:
    """A crossbar after programming with one seed, under some conditions, with its digital correction."""

    def __init__(self, crossbar: Crossbar, conditions: Conditions, seed: int) -> None:
        self.crossbar = crossbar
        self.seed = derive_seed(seed, 1)
        p = crossbar.p
        changed = conditions.noise and bool(p.device.fit)
        wires = bool(p.wire) and conditions.irdrop != "off"
        self.spread = crossbar.spread(derive_seed(seed, 4))
        if not changed and conditions.yield_fraction == 1 and not wires:
            self.reads = crossbar.ideal
        else:
            self.reads = to_reads(crossbar.cells, p, conditions, derive_seed(seed, 0))
        n = crossbar.block.codes.shape[1]
        self.gain: npt.NDArray[np.float64] = np.ones(n)
        self.offset: npt.NDArray[np.float64] = np.zeros(n)
        if conditions.compensation == "affine" and (changed or p.imperfect):
            self._fit_columns(seed)
        elif conditions.compensation == "drift" and changed:
            self._fit_drift(conditions, seed)

    def _fit_columns(self, seed: int) -> None:
        """Gain and offset of each column, by least squares over the calibration vectors."""
        bar = self.crossbar
        if len(bar.sample) >= 2:
            now = bar.read(self.reads, bar.sample, derive_seed(seed, 2), spread=self.spread)
            ideal = bar.sample.astype(np.float64) @ bar.block.codes
            self.gain, self.offset = compensation.affine_calibration(now, ideal)

    def _fit_drift(self, conditions: Conditions, seed: int) -> None:
        """One factor that brings the calibration outputs back to their size when fresh."""
        bar = self.crossbar
        fresh = Conditions(yield_fraction=conditions.yield_fraction, irdrop=conditions.irdrop)
        then = to_reads(bar.cells, bar.p, fresh, derive_seed(seed, 0))
        now = bar.read(self.reads, bar.sample, derive_seed(seed, 2), spread=self.spread)
        before = bar.read(then, bar.sample, derive_seed(seed, 3), spread=self.spread)
        if np.any(now):
            self.gain *= compensation.reference_ratio(before, now)

    def __call__(self, codes: Floats, first_row: int) -> npt.NDArray[np.float64]:
        """Corrected sums for a batch of input codes."""
        y = self.crossbar.read(self.reads, codes, self.seed, first_row, self.spread)
        return y * self.gain + self.offset
