"""What the operands of crossbars are like, and what energy and time follow from them.

Reading order: `layer_operands` (the numbers kept of a layer), `drives` (input slices), `columns` (their sums
and codes, exact or from means and variances), `tally` and `firings` (sums over vectors), `collect` (layers on
real data), `stated` (without data), `source` (what a run is given).
"""

from .layer_operands import LayerOperands, Operands
from .source import DataSource, OperandSource, StatedSource

__all__ = [
    "DataSource",
    "LayerOperands",
    "OperandSource",
    "Operands",
    "StatedSource",
]
