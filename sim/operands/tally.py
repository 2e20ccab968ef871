"""Counting what the vectors of a layer drive, read and convert."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...arch.chip import Tile
from ..accuracy.crossbar import ComputedCrossbar
from .columns import Columns, ColumnTotals
from .drives import Doubles, Floats, Integers, ReadPlan, cell_shares, level_top
from .layer_operands import N_BINS, Basis, LayerOperands

CHUNK_VALUES = 4_000_000
"""Drives held at once."""


class Tally:
    """The crossbars of one layer, and sums over all vectors that they were given.

    Parameters
    ----------
    bars : sequence of Crossbar
        Of one replica.
    tile : Tile
    signed : bool
        Whether inputs may be negative.
    code_range : (int, int)
        Lowest and highest code of an input.
    columns : Columns
        How column sums are found.
    """

    def __init__(
        self,
        bars: Sequence[ComputedCrossbar],
        tile: Tile,
        signed: bool,
        code_range: tuple[int, int],
        columns: Columns,
    ) -> None:
        self.bars, self.columns, self.code_range = bars, columns, code_range
        self.plan = ReadPlan.of(tile, signed)
        self.per_weight, self.cell = tile.columns_per_weight, tile.crossbar.cell
        self.cells = [cell_shares(bar) for bar in bars]
        self.n = 0
        self.drive = self.cell_drive = self.rows = self.zero_reads = 0.0
        self.made: Integers = np.zeros(len(bars), np.int64)
        self.density: Doubles = np.zeros(self.plan.slices)
        self.input_histogram: Doubles = np.zeros(N_BINS)
        self._reads: list[Integers] = []

    def add(self, codes: Floats) -> None:
        """Vectors (n, rows of the layer) of input codes."""
        size = self.plan.slices * self.plan.input_phases * codes.shape[1]
        step = max(1, CHUNK_VALUES // size)
        for start in range(0, len(codes), step):
            self._add(codes[start : start + step])

    def _add(self, codes: Floats) -> None:
        low, high = self.code_range
        self.input_histogram += np.histogram(codes, N_BINS, (low, high))[0]
        most = np.zeros(len(codes), np.int64)
        for i, bar in enumerate(self.bars):
            drives = self.plan.drives(codes[:, bar.block.rows], bar.p)
            made = self._reads_of(drives)
            self.made[i] += made.sum()
            most = np.maximum(most, made)
            energies = self.plan.energies(drives).sum(axis=(0, 1), dtype=np.float64)
            self.drive += self.plan.weight_phases * float(energies.sum())
            self.cell_drive += self.plan.weight_phases * float(energies @ self.cells[i])
            self.columns.add(bar, self.plan, i, drives)
        self._density(codes)
        self._reads.append(most)
        self.n += len(codes)

    def _reads_of(self, drives: Floats) -> Integers:
        """Reads made for each vector; counts their rows, and the reads that drive none."""
        plan, n_vectors, n_rows = self.plan, drives.shape[1], drives.shape[2]
        groups = list(plan.groups(n_rows))
        driven = np.stack([(drives[:, :, g] != 0).any(axis=2) for g in groups], axis=1)
        needed = plan.weight_phases * driven.sum(axis=0)  # (groups, vectors)
        offered = plan.reads * len(groups)
        self.zero_reads += offered * n_vectors - int(needed.sum())
        sizes = np.array([g.stop - g.start for g in groups])
        if not plan.skips:
            self.rows += plan.reads * n_rows * n_vectors
            return np.full(n_vectors, offered, np.int64)
        made = needed.sum(axis=0)
        idle = made == 0  # one read of the first group is made all the same
        self.rows += float((needed * sizes[:, None]).sum()) + float(idle.sum() * sizes[0])
        found: Integers = np.maximum(made, 1)
        return found

    def _density(self, codes: Floats) -> None:
        drives = self.plan.drives(codes, self.bars[0].p)
        found = np.count_nonzero(drives, axis=(1, 2)) / codes.shape[1]
        n = len(found) // (2 if self.plan.signed and self.plan.input_phases == 2 else 1)
        self.density[:n] += found.reshape(-1, n).sum(axis=0)

    @property
    def reads(self) -> Integers:
        """(vectors,) reads of the crossbar with most of them, in the order in which vectors came."""
        return np.concatenate(self._reads) if self._reads else np.zeros(0, np.int64)

    def result(self, basis: Basis, n_products: float, firing_reads: tuple[float, ...]) -> LayerOperands:
        """The numbers of one inference of so many products."""
        plan, per, totals = self.plan, n_products / self.n, self.columns.total()
        outputs = [bar.block.codes.shape[1] * self.per_weight for bar in self.bars]
        groups = [len(list(plan.groups(len(cells)))) for cells in self.cells]
        mean = totals.sums / totals.n
        return LayerOperands(
            basis=basis,
            n_vectors=self.n,
            n_products=n_products,
            reads_offered=plan.reads * sum(groups) * n_products,
            reads=float(self.made.sum()) * per,
            rows=self.rows * per,
            columns=float(self.made @ np.array(outputs)) * per,
            drive=self.drive * per,
            cell_drive=self.cell_drive * per,
            codes=self._codes(totals, outputs) * per,
            zero_reads=self.zero_reads * per,
            firing_reads=firing_reads,
            input_steps=plan.steps,
            cell_steps=plan.steps * level_top(self.bars[0].p),
            code_steps=self.bars[0].converter.high,
            bit_density=tuple((self.density / self.n).tolist()),
            inputs=_shares(self.input_histogram),
            levels=_shares(_levels(self.bars)),
            column_sums=_shares(totals.sum_histogram),
            column_mean=mean,
            column_std=float(np.sqrt(max(0.0, totals.sums_squared / totals.n - mean**2))),
            column_range_a=self._range_a(),
            code_shares=_shares(totals.code_histogram),
            clipped=totals.clipped / totals.n,
            signed=plan.signed,
        )

    def _range_a(self) -> float | None:
        """Current of the highest code: levels lie evenly between the lowest and the highest conductance."""
        high, low, volts = self.cell.g_max_siemens, self.cell.g_min_siemens or 0.0, self.cell.read_voltage_v
        if high is None or volts is None:
            return None
        sums = [b.converter.steps.mean() * b.converter.high / level_top(b.p) for b in self.bars]
        return float(np.mean(sums)) / self.plan.top * (high - low) * volts

    def _codes(self, totals: ColumnTotals, outputs: list[int]) -> float:
        """Sum of codes over all vectors, of as many columns as the chip converts in a read."""
        found = 0.0
        for i, codes in totals.codes.items():
            levels = self.bars[i].ideal.levels
            found += codes * outputs[i] * self.plan.weight_phases / (len(levels) * levels.shape[2])
        return found


def _levels(bars: Sequence[ComputedCrossbar]) -> Doubles:
    top = level_top(bars[0].p)
    bins = min(N_BINS, top + 1)
    return sum((np.histogram(b.cells.digits, bins, (0, top))[0] for b in bars), np.zeros(bins))


def _shares(counts: Doubles) -> tuple[float, ...]:
    return tuple((counts / max(1.0, counts.sum())).tolist())
