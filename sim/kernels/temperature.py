"""Temperature. Published numbers are only qualitative: every parameter here is an assumption of the user.

PCM depends on temperature strongly and differently from state to state; tracked by a reference the MAC
decrease of an ST 90 nm ePCM array is about 3 times smaller (64 h at 85 C).
"""

import warnings

import numpy as np
import numpy.typing as npt

from .checks import Doubles, Floats, floats, scalar

_BOLTZMANN_EV_PER_K = 8.617333262e-5  # CODATA 2018
_ZERO_CELSIUS_K = 273.15


def check_temperature(temperature_c: float, low_c: float, high_c: float) -> float:
    """`temperature_c` if it is physical; a warning if it lies outside the device's stated range."""
    t = scalar("temperature_c", temperature_c, above=-_ZERO_CELSIUS_K)
    if not low_c <= t <= high_c:
        warnings.warn(
            f"temperature_c: {t:g} C is outside the device's stated range of {low_c:g} to {high_c:g} C",
            stacklevel=2,
        )
    return t


def arrhenius(temperature_c: float, reference_c: float, activation_ev: npt.ArrayLike) -> Doubles:
    """exp(-E (1/T - 1/T_ref) / k): 1 at the reference, larger when warmer (E > 0)."""
    energy = floats("activation_ev", activation_ev, dtype=np.float64)
    t = scalar("temperature_c", temperature_c, above=-_ZERO_CELSIUS_K) + _ZERO_CELSIUS_K
    t_ref = scalar("reference_c", reference_c, above=-_ZERO_CELSIUS_K) + _ZERO_CELSIUS_K
    factor: Doubles = np.exp(-energy / _BOLTZMANN_EV_PER_K * (1 / t - 1 / t_ref))
    return factor


def conductance_at(
    g: npt.ArrayLike,
    g_max: float,
    temperature_c: float,
    *,
    reference_c: float = 25.0,
    activation_off_ev: float,
    activation_on_ev: float = 0.0,
) -> Floats:
    """Thermally activated conductance; the energy falls linearly from the off to the on state (assumed)."""
    cold = floats("g", g)
    share = np.clip(cold / scalar("g_max", g_max, above=0.0), 0, 1)
    energy = scalar("activation_off_ev", activation_off_ev) * (1 - share)
    energy = energy + scalar("activation_on_ev", activation_on_ev) * share
    return (cold * arrhenius(temperature_c, reference_c, energy)).astype(cold.dtype)


def equivalent_time_s(
    time_s: float, temperature_c: float, *, reference_c: float = 25.0, activation_ev: float
) -> float:
    """Time at the reference temperature that ages a device as much as `time_s` at `temperature_c`."""
    factor = arrhenius(temperature_c, reference_c, scalar("activation_ev", activation_ev, 0.0))
    return scalar("time_s", time_s, 0.0) * float(factor)
