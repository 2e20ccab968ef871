"""Programming noise: what conductance a device has right after it was written.

Sources of the fits, standard deviation in microsiemens (nanoamperes for SONOS):
pcm_nandakumar_2019, pcm_hermes_*: IBM/aihwkit inference/noise/pcm.py (Nandakumar et al., ICECS 2019) and
hermes.py (Le Gallo et al., Nat. Electron. 6, 2023; Khaddam-Aljameh et al., JSSC 57(4), 2022), in powers of
g / g_max. rram_wan_2022_*: aihwkit reram.py, from Wan et al., Nature 608 (2022), 1 s, 1 day and 2 days
after programming. rram_cmo_hfox_*: aihwkit reram.py (CMO/HfOx, acceptance range 2 % and 0.2 % of the
target), in powers of g. pcm_joshi_2020, rram_milo_2021, rram_wan_2022_xs: sandialabs/cross-sim device
models, in powers of g.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from . import rng
from .checks import Floats, fail, floats, integer, scalar
from .laws import known, polynomial

# name: (coefficients, conductance they are relative to, lowest and highest of the fit), microsiemens
POLYNOMIALS: dict[str, tuple[tuple[float, ...], float, float, float]] = {
    "pcm_nandakumar_2019": ((0.26348, 1.9650, -1.1731), 25.0, 0.0, 25.0),
    "pcm_hermes_1_device": ((0.15781817, 2.32443916, -2.16310839, 0.68841818), 10.35, 0.0, 10.35),
    "pcm_hermes_2_devices": ((0.16603222, 4.71806468, -8.48101252, 4.68961419), 20.7, 0.0, 20.7),
    "pcm_joshi_2020": ((0.28638599, 0.07585724, -0.00178767), 1.0, 0.0, 25.0),
    "rram_wan_2022_1s": ((0.348, 16.030, -43.853, 45.393, -16.815), 40.0, 0.0, 40.0),
    "rram_wan_2022_1d": ((0.701, 22.086, -50.773, 47.095, -16.458), 40.0, 0.0, 40.0),
    "rram_wan_2022_2d": ((0.782, 20.274, -43.507, 37.062, -11.934), 40.0, 0.0, 40.0),
    "rram_wan_2022_xs": ((1.053, 0.2374, -1.167e-2, 1.536e-4), 1.0, 0.0, 40.0),
    "rram_milo_2021": ((4.782321, -0.009107), 1.0, 50.0, 225.0),
    "rram_cmo_hfox_2pct": ((0.01121854, 0.01129027), 1.0, 0.0, np.inf),
    "rram_cmo_hfox_0.2pct": ((0.00081107, 0.00106879), 1.0, 0.0, np.inf),
}
# name: A and B of A (1 - exp(-I / B)), nanoamperes, 40 nm SONOS up to 3,200 nA (cross-sim)
SATURATING = {"sonos_40nm_day0": (19.887, 176.31), "sonos_40nm_day1": (25.591, 186.86)}


def polynomial_sigma(g: npt.ArrayLike, coefficients: Sequence[float], g_reference: float = 1.0) -> Floats:
    """Standard deviation ``sum_k coefficients[k] (g / g_reference)^k``, never negative."""
    target = _targets(g)
    relative = target / target.dtype.type(scalar("g_reference", g_reference, above=0.0))
    sigma: Floats = np.maximum(polynomial(relative, coefficients), 0)
    return sigma


def saturating_sigma(current: npt.ArrayLike, amplitude: float, scale: float) -> Floats:
    """Standard deviation ``amplitude (1 - exp(-current / scale))`` (SONOS)."""
    target = _targets(current)
    scalar("scale", scale, above=0.0)
    sigma: Floats = scalar("amplitude", amplitude, 0.0) * -np.expm1(-target / scale)
    return sigma.astype(target.dtype)


def programming_sigma(g: npt.ArrayLike, device: str, *, g_max: float | None = None) -> Floats:
    """Standard deviation for a device of `POLYNOMIALS` or `SATURATING`, in the unit of its fit.

    With `g_max`, a fit in relative conductance is stretched to that window (target and deviation alike, as
    aihwkit does); without, g is in the unit of the fit.
    """
    if device in SATURATING:
        return saturating_sigma(g, *SATURATING[device])
    known("device", device, {*POLYNOMIALS, *SATURATING})
    coefficients, reference, _, _ = POLYNOMIALS[device]
    if g_max is None or reference == 1.0:
        return polynomial_sigma(g, coefficients, reference)
    stretch = scalar("g_max", g_max, above=0.0) / reference
    target = _targets(g)
    return polynomial_sigma(target, coefficients, g_max) * target.dtype.type(stretch)


def program(g_target: npt.ArrayLike, sigma: npt.ArrayLike, seed: int) -> Floats:
    """One-shot programming: target plus Gaussian noise, never below 0."""
    target = _targets(g_target)
    deviation = floats("sigma", sigma, dtype=target.dtype)
    noise = rng.normal(target.shape, seed, dtype=target.dtype)
    return np.maximum(target + deviation * noise, 0)


def program_and_verify(
    g_target: npt.ArrayLike,
    write_sigma: npt.ArrayLike,
    read_sigma: npt.ArrayLike,
    margin: float,
    seed: int,
    *,
    max_iterations: int = 30,
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Program, read, and program again until the reading is within `margin` of the target.

    Each pulse lands anew at target + write_sigma noise; a device is left alone once its (noisy) reading is
    accepted. The HERMES chip needs at most 30 iterations at a margin of 5 ADC counts (Le Gallo et al.,
    2023).

    Returns
    -------
    g : programmed conductances, unit of g_target
    iterations : pulses given to each device; ``max_iterations + 1`` where no reading was accepted
    """
    target = _targets(g_target)
    scalar("margin", margin, 0.0)
    write = np.broadcast_to(floats("write_sigma", write_sigma, dtype=target.dtype), target.shape)
    read = np.broadcast_to(floats("read_sigma", read_sigma, dtype=target.dtype), target.shape)
    g = np.zeros_like(target)
    iterations = np.full(target.shape, integer("max_iterations", max_iterations, 1, 10_000) + 1, np.int64)
    open_ = np.ones(target.shape, bool)
    for k in range(1, max_iterations + 1):
        pulse = rng.normal(target.shape, rng.derive_seed(seed, k, 0), dtype=target.dtype)
        g = np.where(open_, np.maximum(target + write * pulse, 0), g)
        look = rng.normal(target.shape, rng.derive_seed(seed, k, 1), dtype=target.dtype)
        accepted = open_ & (np.abs(g + read * look - target) <= margin)
        iterations[accepted] = k
        open_ &= ~accepted
        if not open_.any():
            break
    return g, iterations


def _targets(g: npt.ArrayLike) -> Floats:
    target = floats("g", g)
    if target.size and target.min() < 0:
        raise fail("g", f"smallest is {target.min()}", "no negative conductance")
    return target
