"""How RRAM conductances spread after programming (there is no power-law drift).

Wan et al., Nature 608 (2022): fits at 1 s, 1 day, 2 days. CMO/HfOx: mean falls and spread grows with ln t,
whatever the conductance. Both as in IBM/aihwkit inference/noise/reram.py; microsiemens and seconds.
"""

import warnings

import numpy as np
import numpy.typing as npt

from .checks import Floats, floats, scalar
from .programming import programming_sigma

_DAY_S = 86400.0
_WAN_TIMES_S = (1.0, _DAY_S, 2 * _DAY_S)
_WAN_FITS = ("rram_wan_2022_1s", "rram_wan_2022_1d", "rram_wan_2022_2d")
_CMO_MEAN = -0.08900206
_CMO_SPREAD = (0.41183342, 0.04201137)
_CMO_READ = (0.0277316483, 1e-6)


def wan_sigma(g_us: npt.ArrayLike, time_s: float) -> Floats:
    """Total deviation from target `time_s` after programming, interpolated linearly in ln t (an assumption).

    Beyond 2 days the last fit is used, with a warning; before 1 s the first.
    """
    scalar("time_s", time_s, 0.0)
    if time_s > _WAN_TIMES_S[-1]:
        warnings.warn(f"time_s: {time_s:g} s is beyond the 2 days that were measured", stacklevel=2)
    position = np.interp(np.log(max(time_s, 1.0)), np.log(_WAN_TIMES_S), range(3))
    k = min(int(position), 1)
    early, late = (programming_sigma(g_us, name) for name in _WAN_FITS[k : k + 2])
    share = early.dtype.type(position - k)
    return early * (1 - share) + late * share


def cmo_relaxation(time_s: float) -> tuple[float, float]:
    """Mean shift and standard deviation of CMO/HfOx after `time_s`, microsiemens; (0, 0) at 0 s."""
    if scalar("time_s", time_s, 0.0) == 0:
        return 0.0, 0.0
    log_t = float(np.log(time_s))
    return _CMO_MEAN * log_t, max(_CMO_SPREAD[0] + _CMO_SPREAD[1] * log_t, 0.0)


def cmo_read_sigma(g_us: npt.ArrayLike, time_s: float) -> Floats:
    """Read noise of CMO/HfOx, ``K log10(g) sqrt(ln((t + t_read) / (2 t_read)))``; 0 for g below 1 uS."""
    g = floats("g_us", g_us)
    k, t_read = _CMO_READ
    growth = np.sqrt(max(np.log((scalar("time_s", time_s, 0.0) + t_read) / (2 * t_read)), 0.0))
    sigma: Floats = k * growth * np.log10(np.maximum(g, 1.0))
    return sigma.astype(g.dtype)
