"""Integers as digits: bit-serial and multi-bit slices of inputs and of weights, with their digital weights.

Every scheme is "a set of unsigned slices, and the integer that the digital side multiplies each result by":
a pair of polarities is two slices with weights +1 and -1, two's complement has a negative most significant
weight, four-phase reading is two polarities of the input times two of the weight.
"""

import numpy as np
import numpy.typing as npt

from .checks import Integers, fail, integer

Codes = npt.NDArray[np.int32]
Weights = npt.NDArray[np.int64]
MOST_BITS = 24
"""Of a code: whole numbers in float32."""


def code_range(n_bits: int, signed: bool) -> tuple[int, int]:
    """Lowest and highest code: sign and magnitude (symmetric) if signed, else 0 to 2**n_bits - 1."""
    integer("n_bits", n_bits, 2 if signed else 1, MOST_BITS)
    top: int = 2 ** (n_bits - 1) - 1 if signed else 2**n_bits - 1
    return (-top if signed else 0), top


def as_codes(name: str, codes: npt.ArrayLike, low: int, high: int) -> Codes:
    """`codes` as int32; whole numbers in [low, high] or a ValueError."""
    array = np.asarray(codes)
    if array.dtype.kind not in "iufb":
        raise fail(name, f"dtype {array.dtype}", "whole numbers")
    if array.dtype.kind == "f" and not bool((array == np.rint(array)).all()):  # NaN is unequal to itself
        raise fail(name, "fractions, NaN or infinity", "whole numbers")
    if array.size and (array.min() < low or array.max() > high):
        raise fail(name, f"values from {array.min()} to {array.max()}", f"{low} to {high}")
    return array.astype(np.int32)


def digits(codes: npt.ArrayLike, n_bits: int, bits_per_slice: int = 1) -> tuple[Codes, Weights]:
    """Digits of unsigned codes, least significant first.

    Returns
    -------
    slices : (n_slices, ...) int32, each from 0 to 2**bits_per_slice - 1
    weights : (n_slices,) int64 with ``sum(weights[s] * slices[s]) == codes``
    """
    integer("bits_per_slice", bits_per_slice, 1, n_bits)
    array = as_codes("codes", codes, *code_range(n_bits, signed=False))
    n_slices = -(-n_bits // bits_per_slice)
    shifts = bits_per_slice * np.arange(n_slices)
    column = shifts.reshape(-1, *[1] * array.ndim).astype(np.int32)
    slices = ((array[None] >> column) & np.int32(2**bits_per_slice - 1)).astype(np.int32)
    return slices, np.left_shift(np.int64(1), shifts)


def twos_complement_bits(codes: npt.ArrayLike, n_bits: int) -> tuple[Codes, Weights]:
    """Bits of signed codes from -2**(n_bits-1) to 2**(n_bits-1) - 1; the last weight is negative."""
    integer("n_bits", n_bits, 2, 24)
    array = as_codes("codes", codes, -(2 ** (n_bits - 1)), 2 ** (n_bits - 1) - 1)
    slices, weights = digits(array & np.int32(2**n_bits - 1), n_bits)
    weights[-1] = -weights[-1]
    return slices, weights


def polarities(codes: npt.ArrayLike) -> tuple[Codes, Weights]:
    """Positive and negative magnitudes: ``codes == parts[0] - parts[1]``, one of them 0 everywhere.

    For inputs these are two phases, for weights the two devices of a differential pair.
    """
    array = as_codes("codes", codes, -(2**24), 2**24)
    return np.stack([np.maximum(array, 0), np.maximum(-array, 0)]), np.array([1, -1], np.int64)


def offset_codes(codes: npt.ArrayLike, n_bits: int) -> tuple[Codes, int]:
    """Unsigned ``codes + offset`` with ``offset = 2**(n_bits-1)``.

    The MVM of offset operands is too large by ``offset`` times the sum over the other operand (ISAAC,
    Shafiee et al., ISCA 2016, section V): subtract it digitally, or by a bias column
    (`conductance.bias_column`).
    """
    integer("n_bits", n_bits, 2, 24)
    offset: int = 2 ** (n_bits - 1)
    return as_codes("codes", codes, -offset, offset - 1) + np.int32(offset), offset


def outer_slices(first: tuple[Codes, Weights], n_bits: int, bits_per_slice: int) -> tuple[Codes, Weights]:
    """Digits of every polarity: (n_polarities * n_slices, ...) and the products of their weights."""
    parts, signs = first
    slices, weights = zip(*[digits(part, n_bits, bits_per_slice) for part in parts], strict=True)
    return np.concatenate(slices), np.concatenate([s * w for s, w in zip(signs, weights, strict=True)])


def recombine(slices: Integers, weights: Weights) -> npt.NDArray[np.int64]:
    """The codes that slices stand for (inverse of every function above)."""
    return np.tensordot(weights, slices.astype(np.int64), axes=1)
