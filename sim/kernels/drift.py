"""Conductance drift g(t) = g (1 + t / t0)^-nu, nu different from device to device.

t counts from the first read, t0 after programming. Fits of nu against g / g_max: IBM/aihwkit
inference/noise/pcm.py (Nandakumar et al., ICECS 2019) and hermes.py (Le Gallo et al., Nat. Electron. 6,
2023). HERMES with two devices a weight assumes that both hold the same conductance, which drifts more than
the chip's own mapping does (aihwkit's remark).
"""

import numpy as np
import numpy.typing as npt

from . import rng
from .checks import Floats, fail, floats, scalar
from .laws import Branches, known, log_then_polynomial

_ALWAYS = np.inf  # a knee that is never reached: logarithm everywhere
_HERMES_MEAN: Branches = (-0.0387, -0.0182, 0.0720, 0.13, 0.0945, (0.0736, -0.0126, -0.0436))

# name: (mean of nu, standard deviation of nu, t0 in seconds)
DRIFT: dict[str, tuple[Branches, Branches, float]] = {
    "pcm_nandakumar_2019": (
        (-0.0155, 0.0244, 0.049, 0.1, _ALWAYS, ()),
        (-0.0125, -0.0059, 0.008, 0.045, _ALWAYS, ()),
        20.0,
    ),
    "pcm_hermes_1_device": (
        _HERMES_MEAN,
        (-0.0120, -0.0023, 0.0124, 0.04, 0.3039, (0.0104, 0.0116, -0.0165)),
        200.0,
    ),
    "pcm_hermes_2_devices": (
        _HERMES_MEAN,
        (-0.0117, -0.0057, 0.0091, 0.04, 0.3055, (0.0073, 0.0093, -0.0118)),
        300.0,
    ),
}


def drift_statistics(g_relative: npt.ArrayLike, device: str) -> tuple[Floats, Floats]:
    """Mean and standard deviation of nu at target conductances g / g_max."""
    known("device", device, DRIFT)
    mean, spread, _ = DRIFT[device]
    g = np.abs(floats("g_relative", g_relative))
    return log_then_polynomial(g, mean), log_then_polynomial(g, spread)


def drift_coefficients(mean: npt.ArrayLike, spread: npt.ArrayLike, seed: int) -> Floats:
    """nu of every device: the magnitude of a Gaussian draw (aihwkit's choice, so that no device grows)."""
    mu = floats("mean", mean)
    sigma = floats("spread", spread, dtype=mu.dtype)
    if sigma.shape not in ((), mu.shape) or (sigma.size and sigma.min() < 0):
        raise fail("spread", f"shape {sigma.shape}", f"shape {mu.shape}, no negative numbers")
    return np.abs(mu + sigma * rng.normal(mu.shape, seed, dtype=mu.dtype))


def drift(g: npt.ArrayLike, nu: npt.ArrayLike, time_s: float, t0_s: float) -> Floats:
    """Conductance `time_s` seconds after the first read.

    Parameters
    ----------
    g : conductance at the first read, any unit
    nu : drift coefficient of each device, broadcast against g
    time_s : >= 0
    t0_s : time from programming to the first read, > 0
    """
    start = floats("g", g)
    age = 1.0 + scalar("time_s", time_s, 0.0) / scalar("t0_s", t0_s, above=0.0)
    exponent = floats("nu", nu, dtype=start.dtype)
    return start * np.exp(exponent * start.dtype.type(-np.log(age)))
