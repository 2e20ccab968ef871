"""Cells that are not what they should be: stuck cells, yield, wear, and spread from device to device."""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from . import rng
from .checks import Floats, fail, floats, scalar, shape

Faults = npt.NDArray[np.int8]


def stuck_cells(
    cells: tuple[int, ...], yield_fraction: float, seed: int, *, stuck_on_fraction: float = 0.5
) -> Faults:
    """Fault map: 0 works, -1 stuck at g_min, +1 stuck at g_max; each cell independent.

    Parameters
    ----------
    cells : shape of the array
    yield_fraction : probability that a cell works, 0 to 1 (99 % of cells on 63 of 64 HERMES cores, Le Gallo
        et al., 2023)
    stuck_on_fraction : share of the failed cells stuck at g_max (assumption: half)
    """
    working = scalar("yield_fraction", yield_fraction, 0.0, 1.0)
    on = scalar("stuck_on_fraction", stuck_on_fraction, 0.0, 1.0)
    u = rng.uniform(cells, seed)
    off_limit = working + (1 - working) * (1 - on)
    return np.where(u < working, 0, np.where(u < off_limit, -1, 1)).astype(np.int8)


def apply_faults(g: npt.ArrayLike, faults: Faults, g_min: float, g_max: float) -> Floats:
    """Conductances with the stuck cells at their ends of the window."""
    good = floats("g", g)
    shape("faults", faults, good.shape)
    if faults.size and not bool(np.isin(faults, (-1, 0, 1)).all()):
        raise fail("faults", f"values {np.unique(faults)[:5].tolist()}", "-1, 0 and 1")
    ends = np.where(faults < 0, scalar("g_min", g_min, 0.0), scalar("g_max", g_max, 0.0))
    return np.where(faults == 0, good, ends).astype(good.dtype)


def worn_fraction(n_writes: float, median_writes: float, log_sigma: float) -> float:
    """Probability that a cell has failed after `n_writes`: log-normal endurance (assumed form).

    `median_writes` is the endurance at which half the cells are gone; `log_sigma` the spread of its
    logarithm.
    """
    n = scalar("n_writes", n_writes, 0.0)
    median = scalar("median_writes", median_writes, above=0.0)
    spread = scalar("log_sigma", log_sigma, above=0.0)
    return NormalDist().cdf(np.log(n / median) / spread) if n > 0 else 0.0


def worn_window(
    g_min: float, g_max: float, n_writes: float, *, loss_per_decade: float
) -> tuple[float, float]:
    """Conductance window after `n_writes`: each decade closes it by `loss_per_decade` of its width (assumed
    form).

    Half of the loss is taken from either end; the window never closes beyond its middle.
    """
    decades = np.log10(max(scalar("n_writes", n_writes, 0.0), 1.0))
    width = scalar("g_max", g_max, above=scalar("g_min", g_min, 0.0)) - g_min
    loss = min(scalar("loss_per_decade", loss_per_decade, 0.0) * float(decades), 1.0) * width / 2
    return g_min + loss, g_max - loss
