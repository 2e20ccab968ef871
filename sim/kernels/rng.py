"""Counter-based random numbers: the same seed gives the same bits whatever the number of threads.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns
(seed, row, column block) into four 32-bit words with no state in between, and Box and Muller (1958) turn
these into four Gaussians. Logarithm, sine and cosine are the single-precision polynomials of the Cephes
library (Moshier), written out here because a call into the C library keeps LLVM from using the vector unit.

Column c of a row of n comes from block ``c % q``, lane ``c // q``, ``q = ceil(n / 4)``: four contiguous runs.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from .checks import Floats, fail, integer

_WORD = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint32(0x9E3779B9)
_WEYL_1 = np.uint32(0xBB67AE85)
_TO_UNIT = 2.0**-32
_MAX_SEED = 2**64 - 1


@njit(inline="always")
def _philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    # numba widens 32-bit arithmetic to 64 bits: the casts keep the words, and the vector lanes, 32 bits wide
    for _ in range(10):
        p0 = _MULTIPLIER_0 * np.uint64(c0)
        p1 = _MULTIPLIER_1 * np.uint64(c2)
        c0 = np.uint32(np.uint32(p1 >> _WORD) ^ c1 ^ k0)
        c1 = np.uint32(p1)
        c2 = np.uint32(np.uint32(p0 >> _WORD) ^ c3 ^ k1)
        c3 = np.uint32(p0)
        k0 = np.uint32(k0 + _WEYL_0)
        k1 = np.uint32(k1 + _WEYL_1)
    return c0, c1, c2, c3


@njit(inline="always")
def _radius(word):  # type: ignore[no-untyped-def]
    """sqrt(-2 ln u) for u = (word + 1/2) / 2^32, in float32."""
    u = (np.float32(word) + np.float32(0.5)) * np.float32(_TO_UNIT)
    bits = np.float32(u).view(np.int32)
    # the power of two that leaves a mantissa in [sqrt(1/2), sqrt(2))
    exponent = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32) - np.float32(1)
    p = np.float32(7.0376836292e-2)
    p = p * m - np.float32(1.1514610310e-1)
    p = p * m + np.float32(1.1676998740e-1)
    p = p * m - np.float32(1.2420140846e-1)
    p = p * m + np.float32(1.4249322787e-1)
    p = p * m - np.float32(1.6668057665e-1)
    p = p * m + np.float32(2.0000714765e-1)
    p = p * m - np.float32(2.4999993993e-1)
    p = p * m + np.float32(3.3333331174e-1)
    log_u = m + m * m * (p * m - np.float32(0.5)) + np.float32(exponent) * np.float32(0.69314718)
    return np.sqrt(max(np.float32(0), np.float32(-2) * log_u))


@njit(inline="always")
def _sine_cosine(word):  # type: ignore[no-untyped-def]
    """sin and cos of 2 pi word / 2^32, in float32: polynomial in the nearest quadrant, then swap and sign."""
    quadrant = np.uint32(np.uint32(word + np.uint32(1 << 29)) >> np.uint32(30))
    rest = np.int32(np.uint32(word - np.uint32(quadrant << np.uint32(30))))
    x = np.float32(rest) * np.float32(np.pi / 2**31)
    z = x * x
    s = np.float32(-1.9515295891e-4)
    s = s * z + np.float32(8.3321608736e-3)
    s = s * z - np.float32(1.6666654611e-1)
    s = s * z * x + x
    c = np.float32(2.443315711809948e-5)
    c = c * z - np.float32(1.388731625493765e-3)
    c = c * z + np.float32(4.166664568298827e-2)
    c = c * z * z - np.float32(0.5) * z + np.float32(1)
    swap = (quadrant & np.uint32(1)) != np.uint32(0)
    sine = c if swap else s
    cosine = s if swap else c
    sine = -sine if (quadrant & np.uint32(2)) != np.uint32(0) else sine
    cosine = -cosine if ((quadrant + np.uint32(1)) & np.uint32(2)) != np.uint32(0) else cosine
    return sine, cosine


@njit(cache=True, parallel=True, error_model="numpy")
def _fill_normal32(out, first_row, k0, k1):  # type: ignore[no-untyped-def]
    n = out.shape[1]
    q = (n + 3) // 4
    for b in prange(out.shape[0]):
        row = np.uint64(first_row + b)
        low = np.uint32(row)
        high = np.uint32(row >> _WORD)
        z = np.empty(4 * q, np.float32)
        for i in range(q):
            w0, w1, w2, w3 = _philox(np.uint32(i), low, high, np.uint32(0), k0, k1)
            r = _radius(w0)
            s, c = _sine_cosine(w1)
            z[i] = r * s
            z[q + i] = r * c
            r = _radius(w2)
            s, c = _sine_cosine(w3)
            z[2 * q + i] = r * s
            z[3 * q + i] = r * c
        for j in range(n):  # a loop compiles much faster than a slice
            out[b, j] = z[j]


@njit(cache=True, parallel=True, error_model="numpy")
def _fill_normal64(out, first_row, k0, k1):  # type: ignore[no-untyped-def]
    n = out.shape[1]
    q = (n + 3) // 4
    for b in prange(out.shape[0]):
        row = np.uint64(first_row + b)
        z = np.empty(4 * q, np.float64)
        for i in range(q):
            w = _philox(np.uint32(i), np.uint32(row), np.uint32(row >> _WORD), np.uint32(0), k0, k1)
            for half in range(2):
                r = math.sqrt(-2.0 * math.log((np.float64(w[2 * half]) + 0.5) * _TO_UNIT))
                angle = 2.0 * math.pi * _TO_UNIT * np.float64(w[2 * half + 1])
                z[2 * half * q + i] = r * math.sin(angle)
                z[(2 * half + 1) * q + i] = r * math.cos(angle)
        for j in range(n):  # a loop compiles much faster than a slice
            out[b, j] = z[j]


@njit(cache=True, parallel=True, error_model="numpy")
def _fill_words(out, first_row, k0, k1):  # type: ignore[no-untyped-def]
    n = out.shape[1]
    q = (n + 3) // 4
    for b in prange(out.shape[0]):
        row = np.uint64(first_row + b)
        z = np.empty(4 * q, np.uint32)
        for i in range(q):
            w = _philox(np.uint32(i), np.uint32(row), np.uint32(row >> _WORD), np.uint32(0), k0, k1)
            for lane in range(4):
                z[lane * q + i] = w[lane]
        for j in range(n):  # a loop compiles much faster than a slice
            out[b, j] = z[j]


@njit(cache=True)
def _philox_block(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    return _philox(c0, c1, c2, c3, k0, k1)


def philox4x32(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four random 32-bit words for one 128-bit counter and one 64-bit key (Philox4x32-10)."""
    words = [np.uint32(integer("counter and key", word, 0, 2**32 - 1)) for word in (*counter, *key)]
    w0, w1, w2, w3 = _philox_block(*words)
    return int(w0), int(w1), int(w2), int(w3)


def derive_seed(seed: int, *path: int) -> int:
    """A new 64-bit seed for each path below `seed`, e.g. ``derive_seed(seed, layer, tile, PROGRAMMING)``."""
    key = _key(seed)
    for depth, step in enumerate(path):
        number = integer("path", step, 0, _MAX_SEED)
        # the last counter word is never 0 here and always 0 in the fills: the two sequences cannot meet
        words = philox4x32((number & 0xFFFFFFFF, number >> 32, depth, 0xFFFFFFFF), (int(key[0]), int(key[1])))
        key = np.uint32(words[0]), np.uint32(words[1])
    return int(key[1]) << 32 | int(key[0])


def normal(
    shape: tuple[int, ...], seed: int, *, first_row: int = 0, dtype: npt.DTypeLike = np.float32
) -> Floats:
    """Standard Gaussians that depend only on (seed, row, last axis), not on threads or batching.

    Parameters
    ----------
    shape : the last axis is the column; all axes before it are counted together as rows.
    seed : 0 to 2**64 - 1; use `derive_seed` for independent sequences.
    first_row : number of the first row, so that a batch may be drawn in parts.
    dtype : float32 (vectorised, tails to 6.7 sigma) or float64 (same draws, computed in double precision).
    """
    out = np.empty(shape, dtype)
    fill_normal(out.reshape(-1, shape[-1] if shape else 1), seed, first_row=first_row)
    return out


def fill_normal(out: Floats, seed: int, *, first_row: int = 0) -> None:
    """Fill the (rows, columns) array `out` with the same numbers as `normal`."""
    row = np.uint64(integer("first_row", first_row, 0, 2**63))
    if out.ndim != 2 or not out.flags.c_contiguous:
        raise fail("out", f"{out.ndim} dimensions, strides {out.strides}", "a C-contiguous matrix")
    if out.dtype == np.float32:
        _fill_normal32(out, row, *_key(seed))
    elif out.dtype == np.float64:
        _fill_normal64(out, row, *_key(seed))
    else:
        raise fail("dtype", str(out.dtype), "float32 or float64")


def words(shape: tuple[int, ...], seed: int, *, first_row: int = 0) -> npt.NDArray[np.uint32]:
    """Uniform 32-bit words, laid out like `normal`."""
    out = np.empty(shape, np.uint32)
    row = np.uint64(integer("first_row", first_row, 0, 2**63))
    _fill_words(out.reshape(-1, shape[-1] if shape else 1), row, *_key(seed))
    return out


def uniform(shape: tuple[int, ...], seed: int, *, first_row: int = 0) -> npt.NDArray[np.float64]:
    """Uniform numbers strictly between 0 and 1, spaced 2**-32."""
    return (words(shape, seed, first_row=first_row).astype(np.float64) + 0.5) * _TO_UNIT


def _key(seed: int) -> tuple[Any, Any]:
    number = integer("seed", seed, 0, _MAX_SEED)
    return np.uint32(number & 0xFFFFFFFF), np.uint32(number >> 32)
