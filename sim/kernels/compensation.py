"""Digital corrections of a drifted, warmed or mistrimmed tile, from outputs the chip can measure."""

import numpy as np
import numpy.typing as npt

from .checks import Doubles, fail, floats, shape


def reference_ratio(at_calibration: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """Factor that brings outputs back to their size at calibration: ``sum |then| / sum |now|``.

    Global drift compensation (Joshi et al., Nat. Commun. 11, 2020): `at_calibration` and `now` are outputs
    of one tile for the same calibration inputs. A temperature-tracking reference is the same with the
    outputs of reference columns, read beside the MVM.
    """
    then, today = floats("at_calibration", at_calibration), floats("now", now)
    shape("now", today, then.shape)
    total = float(np.abs(today).sum(dtype=np.float64))
    if total == 0:
        raise fail("now", "all outputs are 0", "calibration outputs that are not all 0")
    return float(np.abs(then).sum(dtype=np.float64)) / total


def affine_calibration(measured: npt.ArrayLike, ideal: npt.ArrayLike) -> tuple[Doubles, Doubles]:
    """Gain and offset of each column with ``gain * measured + offset ~ ideal`` by least squares.

    Parameters
    ----------
    measured, ideal : (n_samples, n_columns), at least 2 samples. A column that always reads the same
        gets gain 1 and the mean difference as its offset.
    """
    got = floats("measured", measured, ndim=2, dtype=np.float64)
    wish = floats("ideal", ideal, ndim=2, dtype=np.float64)
    shape("ideal", wish, got.shape)
    if got.shape[0] < 2:
        raise fail("measured", f"{got.shape[0]} samples", "at least 2")
    centred = got - got.mean(axis=0)
    power = (centred**2).sum(axis=0)
    covariance = (centred * (wish - wish.mean(axis=0))).sum(axis=0)
    gain = np.divide(covariance, power, out=np.ones_like(power), where=power > 0)
    return gain, wish.mean(axis=0) - gain * got.mean(axis=0)


def mean_deficit(measured: npt.ArrayLike, wanted: npt.ArrayLike) -> Doubles:
    """What each column lacks on the mean, to be added to its bias (Nagel et al., ICCV 2019, bias correction).

    What a mean of few samples shows by chance is taken off: the part of its square that the variance of the
    mean explains (positive-part shrinkage, James and Stein 1961).

    Parameters
    ----------
    measured, wanted : (n_samples, n_columns)

    Returns
    -------
    (n_columns,); zeros for less than two samples
    """
    got = floats("measured", measured, ndim=2, dtype=np.float64)
    wish = floats("wanted", wanted, ndim=2, dtype=np.float64)
    shape("wanted", wish, got.shape)
    if len(got) < 2:
        return np.zeros(got.shape[1])
    lack = wish - got
    mean = lack.mean(axis=0)
    chance = lack.var(axis=0, ddof=1) / len(lack)
    share = 1 - np.divide(chance, mean**2, out=np.ones_like(mean), where=mean != 0)
    found: Doubles = mean * np.maximum(share, 0.0)
    return found
