"""Signal and noise of a layer on crossbars in closed form, and whether its converters suffice.

Errors of inputs, weights, cells and converters are taken as independent (Gonugondla et al., IEEE TCAD 2021),
in units of codes. K rows in n groups that are read at once:

    1/SNR = 1 / 12 E[x^2] + 1 / 12 E[w^2] + s^2 S_w / E[w^2] + n e^2 S_x S_w / K E[x^2] E[w^2]

with s the spread of a cell (programming, and reading averaged over the slices of the input), e the error of a
conversion (rounding to its step, and the tail that it clips; two where a pair, or a column and the bias
column, are converted), S_x and S_w the squares of the digital factors of slices added up.

What the data are like is assumed: inputs Gaussian with full scale at 4 deviations (less where few bits make
clipping pay), rectified where an activation makes them so; weights Gaussian, the largest of a column at full
scale; rows independent. A converter's step is the best one for its bits, as `ohmsum accuracy` finds it, and
its error is that of the sums that there are (`conversion.py`). Layers of such data have within 2 dB the ratio
that the kernels give; real ones differ as their data do (outputs of LeNet-5's layers have 3 to 12 dB more
power than independent inputs make, some inputs are mostly zero). Means are as rounding leaves them: the bias
that `ohmsum accuracy` fits gains up to 4 dB where weights are the limit and inputs never negative. No drift,
no wire: `ohmsum accuracy` computes those.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, erfc, exp, inf, log2, log10, pi, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ...workloads.functions import get
from ...workloads.graph import Network, Operator
from ..kernels.slices import MOST_BITS
from ..mapping.assignment import OnCrossbars
from ..program import F64
from .conversion import FULL_SCALE, MOST_LEVELS, Slices, conversion_error

if TYPE_CHECKING:
    from ...arch.chip import Chip, Tile
    from ..mapping.mapping import Mapping


@dataclass(frozen=True)
class LayerSignal:
    """One layer on crossbars.

    Parameters
    ----------
    snr_db : float
        Signal over noise of its sums.
    column_bits : int
        Bits that the largest sum of a column needs.
    adc_bits : int
    terms : dict of str to float
        Noise over signal by cause: inputs, weights, cells, converters.
    """

    snr_db: float
    column_bits: int
    adc_bits: int
    terms: dict[str, float]

    @property
    def missing_bits(self) -> int:
        """Bits that its converters lack to hold every sum of a column."""
        return max(0, self.column_bits - self.adc_bits)


def layer_signals(chip: Chip, mapping: Mapping) -> dict[str, LayerSignal]:
    """Every layer with static weights on crossbars, by name; none where codes have more bits than the kernels
    of `ohmsum accuracy` take.
    """
    if chip.tile is None or max(chip.tile.weights.bits, chip.tile.dac.bits) > MOST_BITS:
        return {}
    of_kind: dict[tuple[int, bool, int], LayerSignal] = {}
    found = {}
    for operator in mapping.network.operators:
        m = operator.matrix
        if m is not None and isinstance(mapping.of(operator.name), OnCrossbars):
            tile = chip.tile_of(operator.name, operator.op)
            kind = m.k, not _never_negative(mapping.network, operator.inputs[0].tensor), id(tile)
            if kind not in of_kind:
                of_kind[kind] = layer_signal(tile, *kind[:2])
            found[operator.name] = of_kind[kind]
    return found


def network_snr_db(layers: dict[str, LayerSignal]) -> float | None:
    """Of all layers one after the other: their noise adds up, functions between them let it through."""
    noise = sum(sum(layer.terms.values()) for layer in layers.values())
    return _decibels(noise) if layers else None


def layer_signal(tile: Tile, k: int, signed: bool) -> LayerSignal:
    """A layer of k rows on crossbars of a tile; `signed` where its inputs may be negative."""
    x, w = _inputs(tile, signed), _weights(tile, k)
    rows = min(k, tile.rows_at_once)
    error = conversion_error(tile, rows, ceil(k / rows), x, w)
    terms = {
        "inputs": x.error,
        "weights": w.error,
        "cells": _cells(tile, x, w) * w.squares / w.power,
        "converters": error / (k * x.power * w.power),
    }
    most = rows * (2**x.bits - 1) * (2**w.bits - 1)
    return LayerSignal(_decibels(sum(terms.values())), _bits(tile, most), tile.adc.bits, terms)


def _inputs(tile: Tile, signed: bool) -> Slices:
    """As `sim/accuracy/crossbar.py` drives them: signed ones one sign after the other where there are phases
    for it, bit by bit in two's complement, else with their sign.
    """
    bits, of_slice, apart = tile.dac.bits, tile.dac.slice_bits, signed and tile.crossbar.phases >= 2
    signed = signed and bits > 1
    top = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    scale, error = _full_scale(top)
    twos = signed and of_slice == 1 < bits and not apart
    if of_slice < bits and not twos:
        bits -= signed
    of_slice = min(of_slice, bits)
    digits = _digits(top, scale, of_slice, ceil(bits / of_slice), top + 1 if twos else 0)
    return Slices(
        of_slice, (top / scale) ** 2, *digits, signed and not apart and not twos, error, apart, twos=twos
    )


@cache
def _full_scale(top: int) -> tuple[float, float]:
    """Deviations of an input at its highest code, and the mean square error of its codes over its power: the
    range of least error for a Gaussian whose largest sample is at `FULL_SCALE`.
    """

    def error(scale: float) -> float:
        return (scale / top) ** 2 / 12 + 2 * (_tail(scale) - _tail(FULL_SCALE))

    best = min((FULL_SCALE / 2 ** (i / 16) for i in range(64)), key=error)
    return best, error(best)


def _tail(k: float) -> float:
    """Mean square of what a Gaussian has beyond k deviations on one side."""
    return (1 + k**2) * erfc(k / sqrt(2)) / 2 - k * exp(-(k**2) / 2) / sqrt(2 * pi)


def _weights(tile: Tile, k: int) -> Slices:
    weights, n = tile.weights, tile.slices
    pair = weights.encoding == "differential"
    rank = (max(k, 2) - 0.375) / (max(k, 2) + 0.25)  # of the largest of k (Blom, 1958)
    if weights.bits == 1:
        return _signs(pair)
    top, largest = 2 ** (weights.bits - 1) - 1, NormalDist().inv_cdf((1 + rank) / 2)
    bits = ceil((weights.bits - 1 if pair else weights.bits) / n)
    power = (top / largest) ** 2
    continuous = pair and n == 1 and tile.crossbar.cell.model is not None
    digits = _digits(top, largest, bits, n, 0 if pair else top + 1)
    return Slices(bits, power, *digits, pair, 0.0 if continuous else 1 / (12 * power), continuous=continuous)


def _signs(pair: bool) -> Slices:
    """Weights of one bit: signs times the mean magnitude, the two levels of least error for a Gaussian (Max,
    1960). One cell of a pair holds it; without pairs the two levels are one step of a cell apart.
    """
    if pair:
        return Slices(1, pi / 2, np.ones(1), np.ones((1, 1)), np.array([[0.0, 1.0]]), True, 1 - 2 / pi)
    half = np.full(1, 0.5)
    return Slices(1, pi / 8, half, half[None], np.array([[0.5, 0.5]]), False, 1 - 2 / pi)


@cache
def _digits(top: int, deviations: float, bits: int, n: int, offset: int) -> tuple[F64, F64, F64]:
    """Means, mean products and shares of values of the slices of a Gaussian, `top` at so many deviations.

    Slices of more values than `MOST_LEVELS` have no shares: their sums are taken as Gaussian.
    Without an offset of its magnitude; with one of code + offset (two's complement has the same digits but
    for the sign's, which counts the other way round).
    """
    at = np.linspace(-FULL_SCALE, FULL_SCALE, 8191)
    share = np.exp(-(at**2) / 2)
    given = np.rint((at if offset else np.abs(at)) * top / deviations)
    codes = given.clip(-top, top).astype(np.int64) + offset
    digits = np.array([(codes >> (bits * i)) & (2**bits - 1) for i in range(n)])
    share /= share.sum()
    counted = 2**bits <= MOST_LEVELS
    shares = np.array([np.bincount(d, share, 2**bits) for d in digits]) if counted else np.empty((n, 0))
    mean: F64 = digits @ share
    square: F64 = (digits * share) @ digits.T
    return mean, square, shares


def _cells(tile: Tile, x: Slices, w: Slices) -> float:
    """Mean square error of a cell (or pair), in its levels."""
    cell = tile.crossbar.cell
    if cell.model is None:
        return 0.0
    from ..accuracy.devices import find_device

    device = find_device(cell)
    low = (cell.g_min_siemens or 0.0) / cell.g_max_siemens if cell.g_max_siemens else 0.0
    top = 2**w.bits - 1
    if len(w.mean) == 1 and w.signed:  # half a Gaussian in one cell, none in the other
        at = np.linspace(0.0, FULL_SCALE, 401)
        share = np.exp(-(at**2) / 2)
        levels = np.minimum(at * sqrt(w.power), top)
    else:
        levels = np.linspace(0.0, top, min(top + 1, MOST_LEVELS))
        share = np.ones(len(levels))
    window = device.g_max_us * (1 - low)
    targets = (device.g_max_us * low + levels * window / top).astype(np.float32)
    written, read = device.spreads(targets, 0.0)
    each = (written.astype(float) ** 2 + read.astype(float) ** 2 / len(x.mean)) * (top / window) ** 2
    mean = float((each * share).sum() / share.sum())
    return mean + float(each[0]) if w.signed else mean


def _bits(tile: Tile, most: int) -> int:
    """Bits for every sum from 0 to `most`; with flipped columns (Shafiee et al., ISCA 2016) one less."""
    encoding = tile.weights.encoding
    pair = encoding == "differential" and tile.crossbar.cell.signed and tile.crossbar.phases < 4
    bits = ceil(log2((2 if pair else 1) * most + 1))
    return bits - 1 if encoding == "bias_column" else bits


def _decibels(noise: float) -> float:
    return -10 * log10(noise) if noise > 0 else inf


def _never_negative(network: Network, tensor: str) -> bool:
    """Whether an activation, or what keeps signs behind one, makes a stream."""
    maker: Operator = network.producer(tensor)
    last = maker.fused[-1] if maker.fused else maker.function
    if maker.kind == "move":
        return bool(maker.inputs) and all(_never_negative(network, p.tensor) for p in maker.inputs)
    if not last or maker.state_work:
        return False
    sign = get(last).sign
    if sign == "kept" and not maker.fused:
        return all(_never_negative(network, p.tensor) for p in maker.inputs)
    return sign == "nonnegative"
