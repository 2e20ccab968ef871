"""Row drivers with pulses: the charge of one row wire, and the counter that times the pulse."""

from __future__ import annotations

from ..units import LENGTH, VOLTAGE
from .adder import energy_j as adder_j
from .model import Model, Parameter

WIRE_F_PER_MM = 200e-15
"""Capacitance of a wire (W. Dally: 200 fF/mm at 16 nm; nearly the same at all nodes)."""


def energy_j(bits: float, cols: float, pitch_um: float, voltage: float, node: float) -> float:
    """Energy of one pulse on one row: C V^2 of the row, and one comparison with the shared counter.

    The pulse rises and falls once whatever its length.
    """
    row_f = WIRE_F_PER_MM * cols * pitch_um * 1e-3
    return row_f * voltage**2 + adder_j(bits, node, "integer")


MODEL = Model(
    name="pwm-driver",
    about="One pulse of one row; the current through the cells is the crossbar's.",
    source="charge of the wire; W. Dally, CACM 63 (2020); comparison as an addition (Horowitz, ISSCC 2014)",
    costs={"energy": energy_j},
    parameters=(
        Parameter("bits", "bits of the input", low=1, high=10, field="bits"),
        Parameter("cols", "columns of the crossbar", low=16, high=4096),
        Parameter("pitch_um", "width of a cell, micrometres", low=0.05, high=5, default=1.0),
        Parameter("voltage", "height of the pulse", VOLTAGE, low=0.05, high=3),
        Parameter("node", "technology node", LENGTH, low=7, high=180, field="chip.node"),
    ),
)
