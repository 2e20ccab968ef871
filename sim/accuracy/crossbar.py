"""One crossbar of a layer: calibrated, programmed, aged, read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2

import numpy as np
import numpy.typing as npt

from ..kernels import compensation, slices
from ..kernels.converter import column_spread
from ..kernels.histogram import Histogram
from ..kernels.mvm_sliced import mvm_sliced
from ..kernels.rng import derive_seed
from .cells import DrawnCells, Floats, Integers, Reads, ideal_reads, to_cells, to_reads
from .conditions import Conditions
from .precision import Precision
from .ranges import limits

Spread = tuple[Floats | None, Floats | None]
Doubles = npt.NDArray[np.float64]
ACCUMULATOR_BITS = 63  # digital sums are not the limit: no chip file states their width
FLOAT_ROUNDING = 2.0**-22
"""Of the magnitudes of all products in a sum: two factors, each rounded to float32, and a little."""
COLUMN_OCTAVES, COLUMN_BITS = 20, 4
"""Of histograms of column sums: from the largest that inputs and cells allow, 16 bins an octave."""


@dataclass(frozen=True)
class CrossbarBlock:
    """Where a crossbar lies in the matrix of its layer, and its weights.

    Parameters
    ----------
    rows, columns : (n_rows,), (n_columns,) indices into the layer's inputs and outputs
    codes : (n_rows, n_columns) weights in units of their step
    """

    rows: slice
    columns: slice
    codes: Floats


class CellArray:
    """A block of weights as cells of a crossbar, without a converter yet.

    Parameters
    ----------
    signed : bool
        Whether inputs may be negative.

    Attributes
    ----------
    cells : Cells
    ideal : Reads
        As they should be.
    """

    def __init__(self, block: CrossbarBlock, p: Precision, signed: bool) -> None:
        self.block, self.p, self.signed = block, p, signed
        self.cells: DrawnCells = to_cells(block.codes, p)
        self.ideal = ideal_reads(self.cells, p)


class ColumnSums:
    """What the converters of a crossbar will see, in running histograms: all reads of all vectors."""

    def __init__(self, array: CellArray) -> None:
        self.array, p = array, array.p
        levels = array.ideal.levels
        _, factors = input_slices(np.zeros((1, levels.shape[1]), np.float32), p, array.signed)
        weights = np.square(np.multiply.outer(factors, array.ideal.factors).astype(np.float64))
        self._weights = weights / weights.max()
        self._biased = int(p.encoding == "bias_column")
        largest = float(np.abs(levels).sum(axis=1).max(initial=0.0)) * 2.0**p.input_bits
        exponent = ceil(log2(max(largest, 1.0))) - COLUMN_OCTAVES
        n_columns = levels.shape[2] if p.column_ranges else 1
        weighs = bool((self._weights != 1.0).any() or self._biased)
        self.seen = Histogram(n_columns, exponent, COLUMN_OCTAVES, COLUMN_BITS, weighs)

    def add(self, codes: Floats) -> None:
        """Read (n_vectors, n_rows) input codes."""
        inputs, _ = input_slices(codes, self.array.p, self.array.signed)
        n_rows, levels = self.array.p.active_rows, self.array.ideal.levels
        for start in range(0, inputs.shape[2], n_rows):
            rows = slice(start, start + n_rows)
            for x, of_input in zip(inputs, self._weights, strict=True):
                driven = np.ascontiguousarray(x[:, rows])
                for part, weight in zip(levels, of_input, strict=True):
                    y = driven @ part[rows]
                    if self.array.p.column_ranges:
                        self.seen.add(y, float(weight))
                        continue
                    n_outputs = y.shape[1] - self._biased
                    self.seen.add(y[:, :n_outputs].reshape(-1, 1), float(weight))
                    if self._biased:  # its error is one of every output
                        self.seen.add(np.ascontiguousarray(y[:, -1:]), float(weight) * n_outputs)

    def converter(self, p: Precision) -> ColumnConverter:
        """Steps and codes of converters of this precision, by its rule."""
        n_columns = self.array.ideal.levels.shape[2]
        low, high = slices.code_range(p.adc_bits, signed=self.seen.negative)
        whole = not p.continuous  # whole levels give whole sums: at a step of 1 nothing is lost
        held = limits(self.seen, p.adc_rule, high, whole, joint=p.column_ranges)
        if p.range_bits is not None and p.column_ranges:
            parts = 2**p.range_bits
            held = np.ceil(held / held.max() * parts) * (held.max() / parts)
        steps = np.maximum(held / high, 1.0) if whole else held / high
        return ColumnConverter(np.array(np.broadcast_to(steps, n_columns)), low, high)


@dataclass(frozen=True)
class ColumnConverter:
    """The converters of a crossbar.

    Parameters
    ----------
    steps : (n_columns,) one code of each column's converter, in units of its reads
    low, high : lowest and highest code
    """

    steps: Doubles
    low: int
    high: int

    @property
    def widest(self) -> float:
        """The largest step."""
        return float(self.steps.max())


class ComputedCrossbar(CellArray):
    """A block of weights on a crossbar whose converters have their ranges.

    Parameters
    ----------
    p : Precision
        With the converters of `sums`; else that of its array.
    sample : (n_samples, n_rows) input codes that digital corrections are fitted with
    wanted : (n_samples, n_columns) what they should give, in units of input codes x weight codes; the product
        of the codes if not given
    """

    def __init__(self, sums: ColumnSums, p: Precision, sample: Floats, wanted: Doubles | None = None) -> None:
        array = sums.array
        self.block, self.p, self.signed = array.block, p, array.signed
        self.cells, self.ideal, self.converter = array.cells, array.ideal, sums.converter(p)
        self.sample = sample
        self.wanted = sample.astype(np.float64) @ array.block.codes if wanted is None else wanted

    @cached_property
    def bias(self) -> Doubles:
        """What rounding and clipping take from the mean of each column, on the sample, for ideal devices.

        Nothing where float32 numbers as inputs and weights can have made the difference.
        """
        found = compensation.mean_deficit(self.read(self.ideal, self.sample, 0), self.wanted)
        sums = np.abs(self.sample).astype(np.float64) @ np.abs(self.block.codes)
        return np.where(np.abs(found) > FLOAT_ROUNDING * sums.mean(axis=0), found, 0.0)

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
        adc, own = self.converter, None
        if (adc.steps != adc.widest).any():  # a column's gain is what its range is smaller than the widest
            own = np.broadcast_to(adc.widest / adc.steps, (len(reads.levels), len(adc.steps)))
        gain = spread[0] if own is None else own if spread[0] is None else own * spread[0]
        sums, _, _ = mvm_sliced(
            inputs,
            factors,
            reads.levels,
            reads.factors,
            rows_per_read=self.p.active_rows,
            adc_step=adc.widest,
            adc_range=(adc.low, adc.high),
            adc_gain=gain,
            adc_offset=spread[1],
            accumulator_bits=ACCUMULATOR_BITS,
            variance_slices=reads.variance,
            seed=seed,
            first_row=first_row,
        )
        y = sums * adc.steps
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

    def __init__(self, crossbar: ComputedCrossbar, conditions: Conditions, seed: int) -> None:
        self.crossbar = crossbar
        self.seed = derive_seed(seed, 1)
        p = crossbar.p
        changed = conditions.noise and p.device.noisy
        wires = bool(p.wire) and conditions.irdrop != "off"
        self.spread = crossbar.spread(derive_seed(seed, 4))
        if not changed and conditions.yield_fraction == 1 and not wires:
            self.reads = crossbar.ideal
        else:
            self.reads = to_reads(crossbar.cells, p, conditions, derive_seed(seed, 0))
        n = crossbar.block.codes.shape[1]
        self.gain: Doubles = np.ones(n)
        self.offset: Doubles = crossbar.bias if conditions.bias == "fitted" else np.zeros(n)
        if conditions.compensation == "affine" and (changed or p.imperfect):
            self._fit_columns(seed)
        elif conditions.compensation == "drift" and changed:
            self._fit_drift(conditions, seed)

    def _fit_columns(self, seed: int) -> None:
        """Gain and offset of each column, by least squares over the calibration vectors."""
        bar = self.crossbar
        if len(bar.sample) >= 2:
            now = bar.read(self.reads, bar.sample, derive_seed(seed, 2), spread=self.spread)
            self.gain, self.offset = compensation.affine_calibration(now, bar.wanted)

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
