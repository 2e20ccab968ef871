"""IR drop: conductances as a crossbar with resistive wires shows them to its converters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..kernels.irdrop_exact import effective_conductance
from ..kernels.irdrop_fast import fast_effective_conductance
from .conditions import IrDrop
from .precision import Precision

Floats = npt.NDArray[np.float32]


def with_wires(g_us: Floats, p: Precision, irdrop: IrDrop) -> Floats:
    """Effective conductances: column currents are those of the inputs times these.

    The columns of one weight (slices, polarities) lie side by side, one wire segment apart; the two
    polarities of a signed cell share its segment of the word line. The block of weights lies in the corner
    between drivers and converters; rows that are not driven are grounded. The cells beyond the block and the
    resistance of drivers and converters are left out (assumptions).

    Parameters
    ----------
    g_us : (n_parts, n_rows, n_columns), in the device's window
    """
    if irdrop == "off" or not p.wire:
        return g_us
    n_parts, n_rows, n_columns = g_us.shape
    cells = g_us.transpose(1, 2, 0).reshape(n_rows, n_columns * n_parts) / np.float64(p.device.g_max_us)
    solve = effective_conductance if irdrop == "exact" else fast_effective_conductance
    seen = solve(cells, p.wire / p.columns_per_cell, p.wire)
    back = seen.reshape(n_rows, n_columns, n_parts).transpose(2, 0, 1) * p.device.g_max_us
    return np.ascontiguousarray(back, np.float32)
