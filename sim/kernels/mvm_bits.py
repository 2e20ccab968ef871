"""Bit-serial MVM on packed bits: AND and popcount, a converter for every (input bit, weight slice, row
block).

32 rows share one word and columns lie side by side, so that one instruction counts 16 columns where the
machine has AVX-512 VPOPCNTDQ. Partial sums are exact integers; each goes through its column's converter,
and the codes are added, times the digital weights of their slices, in the accumulator's width.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange, types
from numba.extending import intrinsic

from .accumulator import accumulator_limits
from .checks import fail, integer, per_column, shape
from .converter import Counts, check_range
from .slices import as_codes

Words = npt.NDArray[np.uint32]
_WORD_ROWS = 32
_GROUP_WORDS = 4  # words counted per pass over the columns: 128 rows
_LOW_BITS = np.uint64(0x0101010101010101)
_GATHER = np.uint64(0x0102040810204080)
_CHUNK = (
    16  # batch rows that share one thread's scratch; fixed, so that the number of threads changes nothing
)


@intrinsic
def _count_ones(typing_context, word):  # type: ignore[no-untyped-def]
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint32(types.uint32), codegen


_popcount: Any = _count_ones  # type checkers see the two arguments above, numba the one


@njit(error_model="numpy")
def _count(x0, x1, x2, x3, w, g, j):  # type: ignore[no-untyped-def]
    """Rows of one 128-row group in which input bit and cell bit are both set."""
    low = np.uint32(_popcount(x0 & w[g, j]) + _popcount(x1 & w[g + 1, j]))
    return np.uint32(low + np.uint32(_popcount(x2 & w[g + 2, j]) + _popcount(x3 & w[g + 3, j])))


@njit(error_model="numpy")
def _count_row(x0, x1, x2, x3, plane, counts):  # type: ignore[no-untyped-def]
    for j in range(counts.size):
        counts[j] = _count(x0, x1, x2, x3, plane, 0, j)


@njit(error_model="numpy")
def _count_pairs(x0, x1, x2, x3, ones, twos, counts):  # type: ignore[no-untyped-def]
    """Cells of two bits: both planes in one pass over the columns."""
    for j in range(counts.size):
        high = _count(x0, x1, x2, x3, twos, 0, j)
        counts[j] = np.uint32(_count(x0, x1, x2, x3, ones, 0, j) + np.uint32(high << np.uint32(1)))


@njit(error_model="numpy")
def _read(x, w, counts):  # type: ignore[no-untyped-def]
    """Column sums of one read: x (words,), w (planes, words, columns), counts (columns,) uint32."""
    counts.fill(0)
    for p in range(w.shape[0]):
        for g in range(0, x.size, 4):
            x0, x1, x2, x3 = x[g], x[g + 1], x[g + 2], x[g + 3]
            for j in range(counts.size):
                counts[j] += np.uint32(_count(x0, x1, x2, x3, w[p], g, j) << np.uint32(p))


@njit(cache=True, parallel=True, error_model="numpy")
def _mvm(x, w, factor, slope, offset, low, high, lowest, highest, saturates, sums, clipped, saturated):  # type: ignore[no-untyped-def]
    batch, n_blocks, n_inputs, n_words = x.shape
    n_slices, n_planes = w.shape[1], w.shape[2]
    n = w.shape[4]
    fused = n_planes <= 2 and n_words == 4 and not saturates
    pairs = n_planes == 2
    for chunk in prange(clipped.shape[0]):
        counts = np.empty(n, np.uint32)
        below = np.zeros(n, np.int32)
        above = np.zeros(n, np.int32)
        total = np.empty(n, np.int32)
        n_saturated = 0
        for b in range(chunk * _CHUNK, min(batch, chunk * _CHUNK + _CHUNK)):
            total.fill(0)
            for r in range(n_blocks):
                for s in range(n_inputs):
                    word = x[b, r, s]
                    x0, x1, x2, x3 = word[0], word[1], word[2], word[3]
                    for t in range(n_slices):
                        f = np.int32(factor[s, t])
                        if not fused:
                            _read(word, w[r, t], counts)
                        if saturates:
                            for j in range(n):
                                v = np.rint(np.float32(np.int32(counts[j])) * slope[j] + offset[j])
                                below[j] += np.int32(v < low)
                                above[j] += np.int32(v > high)
                                sum64 = np.int64(total[j]) + factor[s, t] * np.int64(min(max(v, low), high))
                                n_saturated += int((sum64 < lowest) | (sum64 > highest))
                                total[j] = np.int32(min(max(sum64, lowest), highest))
                        else:
                            if fused and pairs:
                                _count_pairs(x0, x1, x2, x3, w[r, t, 0], w[r, t, 1], counts)
                            elif fused:
                                _count_row(x0, x1, x2, x3, w[r, t, 0], counts)
                            for j in range(n):
                                v = np.rint(np.float32(np.int32(counts[j])) * slope[j] + offset[j])
                                below[j] += np.int32(v < low)
                                above[j] += np.int32(v > high)
                                total[j] += np.int32(min(max(v, low), high)) * f
            for j in range(n):
                sums[b, j] = total[j]
        for j in range(n):
            clipped[chunk, 0, j] = below[j]
            clipped[chunk, 1, j] = above[j]
        saturated[chunk] = n_saturated


@njit(cache=True, parallel=True)
def _pack_inputs(codes, rows_per_read, words):  # type: ignore[no-untyped-def]
    batch, n_blocks, n_bits, n_words = words.shape
    for b in prange(batch):
        eights = np.zeros(4, np.uint64)
        for r in range(n_blocks):
            for w in range(n_words):
                first = r * rows_per_read + w * 32
                n_rows = min(32, (r + 1) * rows_per_read - first, codes.shape[1] - first)
                for base in range(0, n_bits, 8):
                    eights.fill(0)
                    for k in range(n_rows):  # eight bytes side by side
                        byte = np.uint64((codes[b, first + k] >> base) & 255)
                        eights[k >> 3] |= byte << np.uint64(8 * (k & 7))
                    for s in range(base, min(base + 8, n_bits)):
                        word = np.uint64(0)
                        for e in range(4):  # the product moves bit 8 i to bit 56 + i, without a carry
                            bits = (eights[e] >> np.uint64(s - base)) & _LOW_BITS
                            word |= ((bits * _GATHER) >> np.uint64(56)) << np.uint64(8 * e)
                        words[b, r, s, w] = np.uint32(word)


def pack_inputs(codes: npt.ArrayLike, n_bits: int, rows_per_read: int) -> Words:
    """Bits of codes (batch, n_rows) as words (batch, n_blocks, n_bits, n_words), 32 rows a word.

    Codes are unsigned, 0 to 2**n_bits - 1, or two's complement, from -2**(n_bits-1); the digital weights of
    the bits (`slices.digits`, `slices.twos_complement_bits`) tell which.
    """
    integer("n_bits", n_bits, 1, 24)
    array = as_codes("codes", codes, -(2 ** (n_bits - 1)), 2**n_bits - 1)
    if array.ndim != 2:
        raise fail("codes", f"shape {array.shape}", "(batch, n_rows)")
    n_blocks, n_words = _layout(array.shape[1], rows_per_read)
    words = np.empty((array.shape[0], n_blocks, n_bits, n_words), np.uint32)
    _pack_inputs(np.ascontiguousarray(array), rows_per_read, words)
    return words


def pack_cells(cells: npt.ArrayLike, cell_bits: int, rows_per_read: int) -> Words:
    """Bit planes of cell codes (n_slices, n_rows, n_columns).

    The result is (n_blocks, n_slices, cell_bits, n_words, n_columns).
    """
    integer("cell_bits", cell_bits, 1, 8)
    array = as_codes("cells", cells, 0, 2**cell_bits - 1)
    if array.ndim != 3:
        raise fail("cells", f"shape {array.shape}", "(n_slices, n_rows, n_columns)")
    n_slices, n_rows, n = array.shape
    n_blocks, n_words = _layout(n_rows, rows_per_read)
    padded = np.zeros((n_slices, n_blocks, n_words * _WORD_ROWS, n), np.int32)
    for r in range(n_blocks):
        block = array[:, r * rows_per_read : (r + 1) * rows_per_read]
        padded[:, r, : block.shape[1]] = block
    bits = padded.reshape(n_slices, n_blocks, n_words, _WORD_ROWS, n).astype(np.uint32)
    place = np.arange(_WORD_ROWS, dtype=np.uint32)[:, None]
    planes = [
        np.bitwise_or.reduce(((bits >> np.uint32(p)) & np.uint32(1)) << place, axis=3)
        for p in range(cell_bits)
    ]
    return np.ascontiguousarray(np.stack(planes, axis=2).swapaxes(0, 1))


def mvm_bits(
    x_words: Words,
    x_weights: npt.ArrayLike,
    w_words: Words,
    w_weights: npt.ArrayLike,
    *,
    adc_step: float,
    adc_range: tuple[int, int],
    adc_gain: npt.ArrayLike | None = None,
    adc_offset: npt.ArrayLike | None = None,
    accumulator_bits: int = 32,
) -> tuple[npt.NDArray[np.int32], Counts, int]:
    """Integer sums ``sum x_weights[s] w_weights[t] ADC(count)`` over row blocks, input bits and weight
    slices.

    Parameters
    ----------
    x_words : from `pack_inputs`; x_weights : (n_bits,) integers
    w_words : from `pack_cells`, same rows_per_read; w_weights : (n_slices,) integers
    adc_step : one code in cell levels (1 for a converter that tells every sum apart)
    adc_range, adc_gain, adc_offset : see `converter.convert`
    accumulator_bits : 2 to 32, saturating

    Returns
    -------
    sums (batch, n_columns) int32, clipped (2, n_columns) conversions below and above the range, and
    how many additions met the end of the accumulator.
    """
    low, high = adc_range
    check_range(adc_step, low, high)
    if x_words.ndim != 4 or w_words.ndim != 5 or x_words.dtype != np.uint32 or w_words.dtype != np.uint32:
        raise fail(
            "x_words",
            f"{x_words.shape} with w_words {w_words.shape}",
            "results of pack_inputs and pack_cells",
        )
    batch, n_blocks, n_bits, n_words = x_words.shape
    if w_words.shape[0] != n_blocks or w_words.shape[3] != n_words:
        raise fail(
            "w_words", f"shape {w_words.shape}", f"{n_blocks} row blocks of {n_words} words, as in x_words"
        )
    factor = np.outer(
        _integers("x_weights", x_weights, n_bits), _integers("w_weights", w_weights, w_words.shape[1])
    )
    lowest, highest = accumulator_limits(integer("accumulator_bits", accumulator_bits, 2, 32))
    bound = n_blocks * int(np.abs(factor).sum()) * max(abs(low), abs(high))
    n = w_words.shape[4]
    sums = np.empty((batch, n), np.int32)
    n_chunks = -(-batch // _CHUNK)
    clipped = np.zeros((n_chunks, 2, n), np.int32)
    saturated = np.zeros(n_chunks, np.int64)
    slope = (per_column("adc_gain", adc_gain, n, 1.0, np.float64) / adc_step).astype(np.float32)
    _mvm(
        x_words,
        w_words,
        factor,
        slope,
        per_column("adc_offset", adc_offset, n, 0.0, np.float32),
        np.float32(low),
        np.float32(high),
        lowest,
        highest,
        bound > highest,
        sums,
        clipped,
        saturated,
    )
    return sums, clipped.sum(axis=0, dtype=np.int64), int(saturated.sum())


def _layout(n_rows: int, rows_per_read: int) -> tuple[int, int]:
    """Row blocks, and words of a block, padded to whole groups."""
    integer("rows_per_read", rows_per_read, 1, 2**20)
    n_groups = -(-rows_per_read // (_WORD_ROWS * _GROUP_WORDS))
    return max(1, -(-n_rows // rows_per_read)), n_groups * _GROUP_WORDS


def _integers(name: str, weights: npt.ArrayLike, n: int) -> npt.NDArray[np.int64]:
    array = np.asarray(weights)
    if array.dtype.kind not in "iu":
        raise fail(name, f"dtype {array.dtype}", "integers")
    shape(name, array, (n,))
    return array.astype(np.int64)
