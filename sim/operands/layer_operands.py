"""The numbers kept of a layer's operands, and of all layers of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Basis = Literal["exact", "statistical", "stated"]
N_BINS = 20
"""Bins of every histogram."""


@dataclass(frozen=True)
class LayerOperands:
    """What one inference asks of the crossbars of one layer; means over the samples of the data.

    A *product* is one vector times the whole matrix of the layer, a *read* one input slice, phase and group
    of active rows of one crossbar. Totals are of one inference: all products, all crossbars, one replica
    doing all the work.

    Attributes
    ----------
    basis : {"exact", "statistical", "stated"}
    n_vectors : int
        Input vectors looked at; 0 if stated.
    n_products : float
        Products of one inference.
    reads_offered, reads : float
        Reads, and those of them that are made: less than all only with zero-skipping.
    rows, columns : float
        Rows of the reads that are made, driven or not, and columns that they convert.
    drive : float
        Sum over these rows of the input over full scale (of its square, for voltages).
    cell_drive : float
        The same times the level of a cell over the highest one, summed over the cells.
    codes : float
        Sum over these columns of the converter's result over the highest one, without sign.
    zero_reads : float
        Reads in which no row is driven, made or not.
    firing_reads : tuple of float
        Reads of each firing, one value if all firings are alike: of the crossbar with most of them, as all
        crossbars of a layer work in lock step.
    input_steps, cell_steps, code_steps : int
        Steps from 0 to 1 of each term of `drive`, `cell_drive` and `codes`; what is counted are steps.
    bit_density : tuple of float
        For each input slice, least significant first, the share of inputs that are not zero in it.
    inputs : tuple of float
        Shares of the inputs' codes, from the lowest to the highest in equal bins.
    levels : tuple of float
        Shares of the cells' levels, from 0 to the highest.
    column_sums : tuple of float
        Shares of the columns' sums in `N_BINS` equal bins from -1 to 1 of what the converter's range holds;
        beyond it in the first and last.
    column_mean, column_std : float
        Of the same.
    column_range_a : float or None
        Current of a column sum of 1, mean of the crossbars; None where the chip file has no conductances or
        no read voltage.
    code_shares : tuple of float
        Shares of the magnitudes of codes, from 0 to the highest in equal bins.
    clipped : float
        Share of the conversions beyond the converter's range.
    signed : bool
        Whether inputs may be negative.
    """

    basis: Basis
    n_vectors: int
    n_products: float
    reads_offered: float
    reads: float
    rows: float
    columns: float
    drive: float
    cell_drive: float
    codes: float
    zero_reads: float
    firing_reads: tuple[float, ...]
    input_steps: int = 1
    cell_steps: int = 1
    code_steps: int = 1
    bit_density: tuple[float, ...] = ()
    inputs: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    column_sums: tuple[float, ...] = ()
    column_mean: float | None = None
    column_std: float | None = None
    column_range_a: float | None = None
    code_shares: tuple[float, ...] = ()
    clipped: float | None = None
    signed: bool = False

    @property
    def mean_input(self) -> float:
        """Mean input of a row that could be driven, over full scale."""
        return self.drive / self.rows if self.rows else 0.0

    @property
    def mean_code(self) -> float:
        """Mean magnitude of a conversion's result, over the highest."""
        return self.codes / self.columns if self.columns else 0.0

    @property
    def zero_share(self) -> float:
        """Share of the reads in which no row is driven."""
        return self.zero_reads / self.reads_offered

    @property
    def skipped_share(self) -> float:
        """Share of the reads that are not made."""
        return 1 - self.reads / self.reads_offered


@dataclass(frozen=True)
class Operands:
    """The operands of a run.

    Parameters
    ----------
    basis : {"exact", "statistical", "stated"}
    layers : dict of str to LayerOperands
        By operator on crossbars.
    about : dict
        Where they come from, for the provenance (file, hash, samples); JSON values.
    """

    basis: Basis
    layers: Mapping[str, LayerOperands]
    about: Mapping[str, str | int | float] = field(default_factory=dict)
