"""Argument checks shared by the kernels: a clear `ValueError` that names the argument."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer[Any]]


def fail(name: str, found: str, expected: str) -> ValueError:
    """The error that says which argument is wrong, what it was and what would be right."""
    return ValueError(f"{name}: {found}; expected {expected}")


def floats(
    name: str, value: npt.ArrayLike, ndim: int | None = None, dtype: npt.DTypeLike | None = None
) -> Floats:
    """`value` as a C-contiguous finite float array (float32 unless it is float64 or `dtype` says so)."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise fail(name, f"dtype {array.dtype}", "real numbers")
    if ndim is not None and array.ndim != ndim:
        raise fail(name, f"{array.ndim} dimensions {array.shape}", f"{ndim} dimensions")
    if dtype is None:
        dtype = np.float64 if array.dtype == np.float64 else np.float32
    array = np.asarray(array, dtype=dtype, order="C")
    n_bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if n_bad:
        raise fail(name, f"{n_bad} of {array.size} values are NaN or infinite", "finite numbers")
    return array


def shape(name: str, array: npt.NDArray[Any], expected: tuple[int, ...]) -> None:
    """Raise unless `array` has exactly the shape `expected`."""
    if array.shape != expected:
        raise fail(name, f"shape {array.shape}", f"shape {expected}")


def scalar(
    name: str,
    value: float,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float = -math.inf,
) -> float:
    """`value` as a finite float in [low, high] and strictly greater than `above`."""
    number = float(value)
    if not math.isfinite(number) or not low <= number <= high or not number > above:
        bound = f"> {above:g}" if above > -math.inf else f">= {low:g}"
        limit = "" if high == math.inf else f" and <= {high:g}"
        wish = "a finite number" if bound == ">= -inf" and not limit else f"a finite number {bound}{limit}"
        raise fail(name, f"{value!r}", wish)
    return number


def integer(name: str, value: int, low: int, high: int) -> int:
    """`value` as an int in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise fail(name, f"{value!r}", f"an integer from {low} to {high}")
    return int(value)


def per_column(
    name: str, value: npt.ArrayLike | None, n_columns: int, default: float, dtype: npt.DTypeLike
) -> Floats:
    """One number per column: `default` everywhere for None, a scalar spread out, or an (n_columns,) array."""
    if value is None:
        return np.full(n_columns, default, dtype)
    array = floats(name, value, dtype=dtype)
    if array.ndim == 0 or array.shape == (1,) != (n_columns,):
        return np.full(n_columns, array.item(), dtype)
    shape(name, array, (n_columns,))
    return array
