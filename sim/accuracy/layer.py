"""A weight matrix on the crossbars that the mapping gives it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from ..kernels import conductance, encode, slices
from ..kernels.rng import derive_seed
from ..mapping import Tiling
from .conditions import Conditions
from .crossbar import Block, Crossbar, Programmed
from .precision import Precision
from .ranges import Percentile, input_scales

Floats = npt.NDArray[np.float32]
CHUNK_ROWS = 8192  # vectors computed at once: bounds the memory for their slices


class Layer:
    """One operator's matrix, calibrated on a sample of its inputs.

    Parameters
    ----------
    matrix : (groups, k, n) float32
    tiling : Tiling
        Of the mapping; the blocks made here are checked against it.
    sample : (n_vectors, groups * k) inputs, as the float network makes them
    percentile : float or None
        Share of the sample that input and converter ranges hold, the rest is clipped; None looks for the
        ranges of least error (see `ranges`).
    input_parts : tuple of int
        Rows with a range of their own, one part after the other. Codes of all parts then count alike, and
        the weights of a part are multiplied by its range: one DAC setting drives the whole crossbar.

    Raises
    ------
    SimulationError
        Precisions that the sample's signs do not fit; naming the layer.
    """

    def __init__(
        self,
        name: str,
        matrix: Floats,
        tiling: Tiling,
        p: Precision,
        sample: Floats,
        percentile: Percentile,
        input_parts: tuple[int, ...] = (),
    ) -> None:
        self.name, self.p = name, p
        self.groups, self.k, self.n = matrix.shape
        self.signed = bool(sample.size and sample.min() < 0)
        try:
            self.range = slices.code_range(p.input_bits, self.signed)
            self.step, self.row_scales = input_scales(sample, input_parts, *self.range, percentile)
            exact, matrix = matrix, matrix * self.row_scales.reshape(self.groups, self.k, 1)
            columns = matrix.transpose(1, 0, 2).reshape(self.k, self.groups * self.n)
            self.column_steps = conductance.weight_steps(columns, p.weight_bits)
            codes = (matrix / self.column_steps.reshape(self.groups, 1, self.n)).astype(np.float32)
            if not p.continuous:  # the division may round the largest weight of a column one code too far
                codes = np.clip(np.rint(codes), -p.weight_top, p.weight_top)
            self.blocks = list(blocks(codes, p))
            self._check(tiling)
            inputs = self.codes(sample)
            self.crossbars = [Crossbar(b, p, inputs[:, b.rows], self.signed, percentile) for b in self.blocks]
        except ValueError as error:
            raise SimulationError(f"layer {name!r}: {error}") from None
        self.exact_blocks = list(blocks(exact, p))

    def _check(self, tiling: Tiling) -> None:
        if len(self.blocks) != tiling.crossbars:
            raise SimulationError(
                f"layer {self.name!r}: {len(self.blocks)} crossbars here, {tiling.crossbars} in the mapping"
            )

    def codes(self, x: Floats) -> Floats:
        """Input codes of (n_vectors, groups * k) inputs."""
        drive = np.ascontiguousarray(x if (self.row_scales == 1).all() else x / self.row_scales, np.float32)
        return encode.quantize(drive, self.step, *self.range)[0]

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
        scale = self.column_steps.astype(np.float64) * self.step
        for start in range(0, len(x), CHUNK_ROWS):
            codes = self.codes(x[start : start + CHUNK_ROWS])
            total = np.zeros((len(codes), y.shape[1]))
            for bar in programmed:
                block = bar.crossbar.block
                part = np.ascontiguousarray(codes[:, block.rows])
                total[:, block.columns] += bar(part, first_row + start)
            y[start : start + len(codes)] = total * scale
        return y


def tiled_product(x: Floats, parts: list[Block], n_columns: int) -> Floats:
    """Float32 product of the blocks, partial sums added up."""
    y = np.zeros((len(x), n_columns), np.float32)
    for b in parts:
        y[:, b.columns] += x[:, b.rows] @ b.codes
    return y


def blocks(matrix: Floats, p: Precision) -> Iterator[Block]:
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
                yield Block(
                    slice(top, top + part.shape[0]),
                    slice(left, left + part.shape[1]),
                    np.ascontiguousarray(part, np.float32),
                )


def _diagonal(together: Floats, first: int) -> Block:
    """Several groups in one crossbar."""
    count, k, n = together.shape
    codes = np.zeros((count * k, count * n), np.float32)
    for i, part in enumerate(together):
        codes[i * k : (i + 1) * k, i * n : (i + 1) * n] = part
    top, left = first * k, first * n
    return Block(slice(top, top + count * k), slice(left, left + count * n), codes)
