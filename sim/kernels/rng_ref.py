"""NumPy twin of `rng`: the same words, the same float32 operations in the same order, hence the same bits."""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)


def philox(counter: list[Words], k0: int, k1: int) -> list[Words]:
    """Philox4x32-10 on arrays of counter words."""
    c0, c1, c2, c3 = counter
    for _ in range(10):
        p0, p1 = c0.astype(np.uint64) * _M0, c2.astype(np.uint64) * _M1
        high0, low0 = (p0 >> np.uint64(32)).astype(np.uint32), p0.astype(np.uint32)
        high1, low1 = (p1 >> np.uint64(32)).astype(np.uint32), p1.astype(np.uint32)
        c0, c1, c2, c3 = high1 ^ c1 ^ np.uint32(k0), low1, high0 ^ c3 ^ np.uint32(k1), low0
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


def row_words(n_rows: int, n_columns: int, seed: int, first_row: int = 0) -> list[Words]:
    """The four lanes, each (rows, ceil(columns / 4))."""
    n_blocks = -(-n_columns // 4)
    row = np.arange(first_row, first_row + n_rows, dtype=np.uint64)[:, None]
    block = np.arange(n_blocks, dtype=np.uint64)[None, :]
    c0, c1, c2 = np.broadcast_arrays(block, row & np.uint64(0xFFFFFFFF), row >> np.uint64(32))
    counter = [c.astype(np.uint32) for c in (c0, c1, c2)]
    return philox([*counter, np.zeros_like(counter[0])], seed & 0xFFFFFFFF, seed >> 32)


def normal32(n_rows: int, n_columns: int, seed: int, first_row: int = 0) -> npt.NDArray[np.float32]:
    """Box-Muller with the Cephes polynomials, in float32."""
    w = row_words(n_rows, n_columns, seed, first_row)
    lanes = []
    for word_r, word_a in ((w[0], w[1]), (w[2], w[3])):
        radius = _radius(word_r)
        sine, cosine = _sine_cosine(word_a)
        lanes += [radius * sine, radius * cosine]
    return np.concatenate(lanes, axis=1)[:, :n_columns]


def normal64(n_rows: int, n_columns: int, seed: int, first_row: int = 0) -> npt.NDArray[np.float64]:
    """Box-Muller in double precision from the same words."""
    w = row_words(n_rows, n_columns, seed, first_row)
    lanes = []
    for word_r, word_a in ((w[0], w[1]), (w[2], w[3])):
        radius = np.sqrt(-2.0 * np.log((word_r + 0.5) * 2.0**-32))
        angle = 2.0 * np.pi * 2.0**-32 * word_a
        lanes += [radius * np.sin(angle), radius * np.cos(angle)]
    return np.concatenate(lanes, axis=1)[:, :n_columns]


def _radius(word: Words) -> npt.NDArray[np.float32]:
    f = np.float32
    u = (word.astype(f) + f(0.5)) * f(2.0**-32)
    bits = u.view(np.int32)
    exponent = (bits - np.int32(0x3F3504F3)) >> np.int32(23)
    m = (bits - (exponent << np.int32(23))).view(f) - f(1)
    p = np.full_like(m, 7.0376836292e-2)
    for c in (
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    ):
        p = p * m + f(c)
    log_u = m + m * m * (p * m - f(0.5)) + exponent.astype(f) * f(0.69314718)
    result: npt.NDArray[np.float32] = np.sqrt(np.maximum(f(0), f(-2) * log_u))
    return result


def _sine_cosine(word: Words) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    f = np.float32
    quadrant = (word + np.uint32(1 << 29)) >> np.uint32(30)
    x = (word - (quadrant << np.uint32(30))).view(np.int32).astype(f) * f(np.pi / 2**31)
    z = x * x
    s = (f(-1.9515295891e-4) * z + f(8.3321608736e-3)) * z - f(1.6666654611e-1)
    s = s * z * x + x
    c = (f(2.443315711809948e-5) * z - f(1.388731625493765e-3)) * z + f(4.166664568298827e-2)
    c = c * z * z - f(0.5) * z + f(1)
    swap = (quadrant & 1).astype(bool)
    sine, cosine = np.where(swap, c, s), np.where(swap, s, c)
    sine = np.where((quadrant & 2).astype(bool), -sine, sine)
    cosine = np.where(((quadrant + np.uint32(1)) & 2).astype(bool), -cosine, cosine)
    return sine, cosine
