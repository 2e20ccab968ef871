"""A weight matrix on the crossbars that the mapping gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from ..kernels import conductance, encode, slices
from ..kernels.histogram import Histogram
from ..kernels.rng import derive_seed
from ..mapping import Tiling
from .conditions import Conditions
from .crossbar import CellArray, ColumnSums, ComputedCrossbar, CrossbarBlock, Programmed
from .own_codes import NO_CODES, InputSteps, OwnCodes
from .precision import DEFAULT_RULE, Precision
from .ranges import limits

Floats = npt.NDArray[np.float32]
CHUNK_ROWS = 8192  # vectors computed at once: bounds the memory for their slices
CORRECTION_VECTORS = 256
"""Of a layer, evenly spread, that digital corrections are fitted with."""
INPUT_EXPONENT, INPUT_OCTAVES, INPUT_BITS = -60, 120, 6


@dataclass(frozen=True)
class InputCodes:
    """How inputs of a layer become codes.

    Parameters
    ----------
    signed : bool
        Whether any was negative.
    low, high : int
        Range of codes.
    step : float
        One code of the first part of the inputs.
    row_scales : (groups * k,) range of each input relative to that of the first part
    n_vectors : int
        How many were seen.
    """

    signed: bool
    low: int
    high: int
    step: float
    row_scales: Floats
    n_vectors: int

    def __call__(self, x: Floats) -> Floats:
        """Codes of (n_vectors, groups * k) inputs."""
        drive = np.ascontiguousarray(x if (self.row_scales == 1).all() else x / self.row_scales, np.float32)
        return encode.quantize(drive, self.step, self.low, self.high)[0]


class Inputs:
    """What the inputs of a layer are like, in running histograms.

    Parameters
    ----------
    parts : tuple of int
        Rows with a range of their own, one part after the other. Codes of all parts then count alike, and
        the weights of a part are multiplied by its range: one DAC setting drives the whole crossbar.
    """

    def __init__(self, n_rows: int, parts: tuple[int, ...] = ()) -> None:
        self.parts = parts or (n_rows,)
        self.seen = [Histogram(1, INPUT_EXPONENT, INPUT_OCTAVES, INPUT_BITS) for _ in self.parts]
        self.n_vectors = 0

    def add(self, x: Floats) -> None:
        """Take in (n_vectors, n_rows) inputs; ValueError if they are not finite."""
        ends = np.cumsum(self.parts)
        for seen, n, end in zip(self.seen, self.parts, ends, strict=True):
            part = x if n == x.shape[1] else x[:, end - n : end]
            if len(self.parts) > 1:  # the parts of a GRU are read one after the other
                part = part[part.any(axis=1)]
            seen.add(np.ascontiguousarray(part, np.float32).reshape(-1, 1))
        self.n_vectors += len(x)

    def codes(self, p: Precision, own: InputSteps | None = None) -> InputCodes:
        """Whole multiples of the network's own codes where the bits hold them; else ranges by the rule of
        the chip.
        """
        if own is not None and len(self.parts) == 1 and p.input_rule == DEFAULT_RULE:
            low, high = slices.code_range(p.input_bits, own.low < 0)
            times = high // max(own.high, -own.low)
            if times:
                alike = np.ones(self.parts[0], np.float32)
                return InputCodes(own.low < 0, low, high, own.step / times, alike, self.n_vectors)
        signed = any(seen.negative for seen in self.seen)
        low, high = slices.code_range(p.input_bits, signed)
        steps = np.array([limits(seen, p.input_rule, high)[0] / high for seen in self.seen])
        scales = np.repeat(steps / steps[0], self.parts).astype(np.float32)
        return InputCodes(signed, low, high, float(steps[0]), scales, self.n_vectors)


class Draft:
    """A layer whose inputs have their codes, and whose converters still have to see what comes.

    Parameters
    ----------
    matrix : (groups, k, n) float32
    tiling : Tiling
        Of the mapping; the blocks made here are checked against it.
    own : OwnCodes
        Of a quantised network.

    Raises
    ------
    SimulationError
        Precisions that the inputs' signs do not fit; naming the layer.
    """

    def __init__(
        self,
        name: str,
        matrix: Floats,
        tiling: Tiling,
        p: Precision,
        inputs: Inputs,
        own: OwnCodes = NO_CODES,
    ) -> None:
        self.name, self.p = name, p
        self.groups, self.k, self.n = matrix.shape
        try:
            self.codes = inputs.codes(p, own.inputs)
            self.exact_blocks = list(blocks(matrix, p))
            scaled = matrix * self.codes.row_scales.reshape(self.groups, self.k, 1)
            columns = scaled.transpose(1, 0, 2).reshape(self.k, self.groups * self.n)
            self.column_steps = _weight_steps(columns, p, own)
            levels = (scaled / self.column_steps.reshape(self.groups, 1, self.n)).astype(np.float32)
            if not p.continuous:  # the division may round the largest weight of a column one code too far
                levels = np.clip(np.rint(levels), -p.weight_top, p.weight_top)
            self.blocks = list(blocks(levels, p))
        except ValueError as error:
            raise SimulationError(f"layer {name!r}: {error}") from None
        if len(self.blocks) != tiling.crossbars:
            raise SimulationError(
                f"layer {name!r}: {len(self.blocks)} crossbars here, {tiling.crossbars} in the mapping"
            )
        self._sums = [ColumnSums(CellArray(b, p, self.codes.signed)) for b in self.blocks]
        self._kept: list[tuple[Floats, Floats]] = []
        self._n_seen = 0

    def add(self, x: Floats) -> None:
        """Take in (n_vectors, groups * k) inputs."""
        share = CORRECTION_VECTORS / self.codes.n_vectors
        for start in range(0, len(x), CHUNK_ROWS):
            part = x[start : start + CHUNK_ROWS]
            codes = self.codes(part)
            # steps of the golden ratio spread evenly, and never fall in step with the pixels of an image
            place = np.arange(self._n_seen, self._n_seen + len(codes), dtype=np.uint64) * np.uint64(
                2654435769
            )
            keep = (place % np.uint64(2**32)) < share * 2**32
            self._kept.append((part[keep], codes[keep]))
            self._n_seen += len(codes)
            for sums in self._sums:
                sums.add(np.ascontiguousarray(codes[:, sums.array.block.rows]))

    def layer(self, p: Precision) -> ComputedLayer:
        """With the ranges of what was seen, for converters and devices of `p`."""
        inputs, sample = (np.concatenate(part) for part in zip(*self._kept, strict=True))
        units = self.column_steps.astype(np.float64) * self.codes.step
        try:
            bars = []
            for sums, exact in zip(self._sums, self.exact_blocks, strict=True):
                block = sums.array.block
                wanted = inputs[:, block.rows].astype(np.float64) @ exact.codes / units[block.columns]
                codes = np.ascontiguousarray(sample[:, block.rows])
                bars.append(ComputedCrossbar(sums, p, codes, wanted))
        except ValueError as error:
            raise SimulationError(f"layer {self.name!r}: {error}") from None
        return ComputedLayer(self, p, bars)


class ComputedLayer:
    """One operator's matrix on calibrated crossbars."""

    def __init__(self, draft: Draft, p: Precision, crossbars: list[ComputedCrossbar]) -> None:
        self.name, self.p = draft.name, p
        self.groups, self.k, self.n = draft.groups, draft.k, draft.n
        self.codes, self.column_steps = draft.codes, draft.column_steps
        self.exact_blocks, self.crossbars = draft.exact_blocks, crossbars

    @staticmethod
    def of(
        name: str,
        matrix: Floats,
        tiling: Tiling,
        p: Precision,
        sample: Floats,
        parts: tuple[int, ...] = (),
    ) -> ComputedLayer:
        """Calibrated with one array of (n_vectors, groups * k) inputs."""
        inputs = Inputs(sample.shape[1], parts)
        inputs.add(sample)
        draft = Draft(name, matrix, tiling, p, inputs)
        draft.add(sample)
        return draft.layer(p)

    def exact(self, x: Floats) -> Floats:
        """The product in float32, block by block."""
        return tiled_product(x, self.exact_blocks, self.groups * self.n)

    def program(self, conditions: Conditions, seed: int) -> list[Programmed]:
        """Every crossbar of the layer with devices drawn from `seed`."""
        return [Programmed(bar, conditions, derive_seed(seed, i)) for i, bar in enumerate(self.crossbars)]

    def compute(self, programmed: list[Programmed], x: Floats, first_row: int) -> Floats:
        """The product as the chip computes it.

        Parameters
        ----------
        x : (n_vectors, groups * k)
        first_row : number of vectors computed before, from which the read noise goes on
        """
        y = np.empty((len(x), self.groups * self.n), np.float32)
        scale = self.column_steps.astype(np.float64) * self.codes.step
        for start in range(0, len(x), CHUNK_ROWS):
            codes = self.codes(x[start : start + CHUNK_ROWS])
            total = np.zeros((len(codes), y.shape[1]))
            for bar in programmed:
                block = bar.crossbar.block
                part = np.ascontiguousarray(codes[:, block.rows])
                total[:, block.columns] += bar(part, first_row + start)
            y[start : start + len(codes)] = total * scale
        return y


def _weight_steps(columns: Floats, p: Precision, own: OwnCodes) -> npt.NDArray[np.float64]:
    """One weight code of each column: of the network's own codes a whole part, where the bits hold them."""
    largest = conductance.weight_steps(columns, p.weight_bits).astype(np.float64)
    if own.weights is None or p.continuous:
        return largest
    given = np.where(own.weights > 0, own.weights, np.inf)
    top = np.maximum(np.rint(np.abs(columns).max(axis=0) / given), 1)
    times = np.floor(p.weight_top / top)
    found: npt.NDArray[np.float64] = np.where((own.weights > 0) & (times > 0), given / times, largest)
    return found


def tiled_product(x: Floats, parts: list[CrossbarBlock], n_columns: int) -> Floats:
    """Float32 product of the blocks, partial sums added up."""
    y = np.zeros((len(x), n_columns), np.float32)
    for b in parts:
        y[:, b.columns] += x[:, b.rows] @ b.codes
    return y


def blocks(matrix: Floats, p: Precision) -> Iterator[CrossbarBlock]:
    """Cut (groups, k, n) weights into crossbars, as `mapping.tiling.tile_matrix` counts them.

    Small groups lie along the diagonal of a crossbar; the cells beside them hold zeros.
    """
    groups, k, n = matrix.shape
    fits = k <= p.rows and n <= p.weights_per_row
    beside = min(p.rows // k, p.weights_per_row // n, groups) if groups > 1 and fits else 1
    for first in range(0, groups, beside):
        together = matrix[first : first + beside]
        if beside > 1:
            yield _diagonal(together, first)
            continue
        for c in range(0, n, p.weights_per_row):
            for r in range(0, k, p.rows):
                part = together[0, r : r + p.rows, c : c + p.weights_per_row]
                top, left = first * k + r, first * n + c
                yield CrossbarBlock(
                    slice(top, top + part.shape[0]),
                    slice(left, left + part.shape[1]),
                    np.ascontiguousarray(part, np.float32),
                )


def _diagonal(together: Floats, first: int) -> CrossbarBlock:
    """Several groups in one crossbar."""
    count, k, n = together.shape
    codes = np.zeros((count * k, count * n), np.float32)
    for i, part in enumerate(together):
        codes[i * k : (i + 1) * k, i * n : (i + 1) * n] = part
    top, left = first * k, first * n
    return CrossbarBlock(slice(top, top + count * k), slice(left, left + count * n), codes)
