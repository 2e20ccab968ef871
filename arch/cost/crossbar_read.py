"""Energy of one read of an array: current times voltage times time in every cell."""

from __future__ import annotations

from ..units import CONDUCTANCE, TIME, VOLTAGE
from .model import Model, Parameter


def energy_j(
    rows: float,
    cols: float,
    voltage: float,
    g_min: float,
    g_max: float,
    time: float,
    weight: float,
    input: float,
) -> float:
    """V^2 G t over all cells.

    Conductances are taken evenly spread: `weight` is where the mean lies between g_min and g_max; `input`
    is the mean input over full scale (length of the pulse, or share of the rows that are driven).
    """
    mean = g_min + weight * (g_max - g_min)
    return rows * cols * voltage**2 * mean * time * input


MODEL = Model(
    name="crossbar-read",
    about="Ohmic losses in the cells during one read; wires, drivers and converters are not in it.",
    source="Ohm's law: V^2 G t",
    costs={"energy": energy_j},
    parameters=(
        Parameter("rows", "rows", low=1, high=8192, field="rows"),
        Parameter("cols", "columns", low=1, high=8192, field="cols"),
        Parameter("voltage", "voltage over a cell", VOLTAGE, low=0.01, high=2, field="cell.read_voltage"),
        Parameter("g_min", "lowest conductance", CONDUCTANCE, high=1e-2, field="cell.g_min"),
        Parameter("g_max", "highest conductance", CONDUCTANCE, high=1e-2, field="cell.g_max"),
        Parameter("time", "time of the read", TIME, low=1e-11, high=1e-3, field="read_time"),
        Parameter("weight", "mean conductance between g_min (0) and g_max (1)", high=1, default=0.5),
        Parameter("input", "mean input over full scale", high=1, default=0.5),
    ),
)
