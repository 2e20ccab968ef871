"""Read noise: white noise from one MVM to the next, and 1/f noise that grows with the time since programming.

1/f model: sigma = g Q sqrt(ln((t + t_read) / (2 t_read))), Nandakumar et al., ICECS 2019, in IBM/aihwkit
inference/noise/pcm.py and hermes.py; t counts from programming, t_read is the duration of a read.
"""

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from . import rng
from .checks import Floats, fail, floats, integer, scalar
from .laws import Branches, known, log_then_polynomial

# name: (Q against g / g_max, read time in seconds)
FLICKER: dict[str, tuple[Branches, float]] = {
    "pcm_hermes_1_device": (
        (-0.0078, 0.0038, 0.0179, 0.04, 0.1591, (0.0088, 0.0768, -0.1352, 0.0664)),
        512e-9,
    ),
    "pcm_hermes_2_devices": (
        (-0.0117, -0.0069, 0.0150, 0.04, 0.1600, (0.0123, 0.0211, -0.0280, 0.0069)),
        512e-9,
    ),
}
_NANDAKUMAR = "pcm_nandakumar_2019"  # a power law: min(0.0088 / max(g^0.65, 1e-3), 0.2), read time 250 ns
_NANDAKUMAR_READ_S = 250e-9


def flicker_amplitude(g_relative: npt.ArrayLike, device: str) -> Floats:
    """Q at the programmed conductance g / g_max (before drift)."""
    g = np.abs(floats("g_relative", g_relative))
    if device == _NANDAKUMAR:
        power_law: Floats = np.minimum(0.0088 / np.maximum(g ** g.dtype.type(0.65), 1e-3), 0.2)
        return power_law.astype(g.dtype)
    known("device", device, {*FLICKER, _NANDAKUMAR})
    return log_then_polynomial(g, FLICKER[device][0])


def read_time_s(device: str) -> float:
    """Duration of the reads that `device` was fitted with."""
    if device == _NANDAKUMAR:
        return _NANDAKUMAR_READ_S
    known("device", device, {*FLICKER, _NANDAKUMAR})
    return FLICKER[device][1]


def flicker_sigma(
    g: npt.ArrayLike, amplitude: npt.ArrayLike, since_programming_s: float, t_read_s: float
) -> Floats:
    """Standard deviation of a read `since_programming_s` after programming (first-read time t0 included)."""
    now = floats("g", g)
    t = scalar("since_programming_s", since_programming_s, 0.0)
    t_read = scalar("t_read_s", t_read_s, above=0.0)
    growth = np.sqrt(max(np.log((t + t_read) / (2 * t_read)), 0.0))  # no noise has built up before t_read
    return np.abs(now) * floats("amplitude", amplitude, dtype=now.dtype) * now.dtype.type(growth)


def white_sigma(g: npt.ArrayLike, *, relative: float = 0.0, absolute: float = 0.0) -> Floats:
    """Standard deviation of noise from read to read: a part proportional to g and a constant part,
    uncorrelated.

    About 1 % of g_max is common for RRAM (Wan et al., Nature 608, 2022, as used in aihwkit).
    """
    now = floats("g", g)
    part = scalar("relative", relative, 0.0) * now
    total: Floats = np.hypot(part, scalar("absolute", absolute, 0.0))
    return total.astype(now.dtype)


@njit(cache=True, parallel=True, error_model="numpy")
def _filter(z, decay, kick, out):  # type: ignore[no-untyped-def]
    n_series, n_reads = out.shape
    for k in prange(n_series):
        for i in range(n_reads):
            out[k, i] = 0.0
        for m in range(decay.size):
            state = z[k, m * (n_reads + 1)]
            for i in range(n_reads):
                state = decay[m] * state + kick[m] * z[k, m * (n_reads + 1) + 1 + i]
                out[k, i] += state


def flicker_series(n_series: int, n_reads: int, seed: int, *, poles_per_decade: float = 2.0) -> Floats:
    """Noise of power density 1/f from read to read, unit variance: (n_series, n_reads) float64.

    A sum of first-order processes of equal variance whose time constants are evenly spaced on a logarithmic
    scale, from 1 to n_reads reads (McWhorter's picture of 1/f noise as a superposition of traps, 1957).
    """
    integer("n_series", n_series, 1, 2**31)
    integer("n_reads", n_reads, 1, 2**31)
    n_poles = max(
        1, int(np.ceil(scalar("poles_per_decade", poles_per_decade, above=0.0) * np.log10(n_reads))) + 1
    )
    constants = np.geomspace(1.0, max(n_reads, 1), n_poles)
    decay = np.exp(-1.0 / constants)
    kick = np.sqrt(1.0 - decay**2)
    z = rng.normal((n_series, n_poles * (n_reads + 1)), seed, dtype=np.float64)
    out = np.empty((n_series, n_reads))
    _filter(z, decay, kick, out)
    out /= np.sqrt(n_poles)
    return out


def pair_variance(sigmas: npt.ArrayLike) -> Floats:
    """Variance of a weight made of several devices: their deviations (n_devices, ...) add in squares."""
    s = floats("sigmas", sigmas)
    if s.ndim < 1:
        raise fail("sigmas", "a scalar", "an array with the devices first")
    total: Floats = np.sum(s * s, axis=0, dtype=s.dtype)
    return total


def read(g: npt.ArrayLike, sigma: npt.ArrayLike, seed: int) -> Floats:
    """Conductances as one read sees them: Gaussian noise, never below 0."""
    now = floats("g", g)
    deviation = floats("sigma", sigma, dtype=now.dtype)
    return np.maximum(now + deviation * rng.normal(now.shape, seed, dtype=now.dtype), 0)
