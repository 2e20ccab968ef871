"""What a chip is exposed to when its accuracy is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import SimulationError

Compensation = Literal["off", "drift", "affine"]
IrDrop = Literal["off", "fast", "exact"]
Bias = Literal["fitted", "plain"]


@dataclass(frozen=True)
class Conditions:
    """One row of an accuracy study.

    Parameters
    ----------
    noise : bool
        False: ideal devices (of limited precision); converters and stuck cells remain.
    time_s : float
        Since the first read after programming.
    temperature_c : float
        While the network runs; programming and calibration are at 25 C.
    activation_ev : float
        Thermal activation energy of a fully reset device; it falls linearly to 0 at the highest conductance
        (see `kernels.temperature`). An assumption: no figures are published.
    yield_fraction : float
        Probability that a cell works; the others are stuck, half of them at either end.
    compensation : {"off", "drift", "affine"}
        drift: one digital factor per crossbar that brings its calibration outputs back to their size (Joshi
        et al., Nat. Commun. 11, 2020). affine: gain and offset per column by least squares.
    bias : {"fitted", "plain"}
        fitted: the digital bias of each column makes up for what rounding and clipping take from its mean on
        the calibration data, with ideal devices. Errors of a mean are alike at all pixels, so that no pooling
        averages them out.
    irdrop : {"off", "fast", "exact"}
        How the drop along wires is computed, where the chip gives their resistance.

    Raises
    ------
    SimulationError
        A value outside its range.
    """

    noise: bool = True
    time_s: float = 0.0
    temperature_c: float = 25.0
    activation_ev: float = 0.2
    yield_fraction: float = 1.0
    compensation: Compensation = "drift"
    irdrop: IrDrop = "fast"
    bias: Bias = "fitted"

    def __post_init__(self) -> None:
        _within("time", self.time_s, 0.0, math.inf, "seconds, 0 or more")
        _within("temperature", self.temperature_c, -273.0, 1000.0, "degrees Celsius from -273 to 1000")
        _within("activation", self.activation_ev, 0.0, 5.0, "electron volts from 0 to 5")
        _within("yield", self.yield_fraction, 0.0, 1.0, "a fraction from 0 to 1")
        for name, value, kind in (
            ("compensation", self.compensation, Compensation),
            ("irdrop", self.irdrop, IrDrop),
            ("bias", self.bias, Bias),
        ):
            if value not in get_args(kind):
                choices = ", ".join(get_args(kind))
                raise SimulationError(f"{name}: found {value!r}, expected one of {choices}")


def _within(name: str, value: float, low: float, high: float, wish: str) -> None:
    if not (low <= value <= high and math.isfinite(value)):
        raise SimulationError(f"{name}: found {value:g}, expected {wish}")
