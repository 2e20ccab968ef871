"""Signal and noise of a layer on crossbars in closed form, and whether its converters suffice.

Errors of inputs, weights, cells and converters are taken as independent (Gonugondla et al., IEEE TCAD 2021),
in units of codes. K rows in n groups that are read at once:

    1/SNR = 1 / 12 E[x^2] + 1 / 12 E[w^2] + s^2 S_w / E[w^2] + n e^2 S_x S_w / K E[x^2] E[w^2]

with s the spread of a cell (programming, and reading averaged over the slices of the input), e the error of a
conversion (its step D^2 / 12 and the tail that it clips; none where D is one level; two where a pair, or a
column and the bias column, are converted), S_x and S_w the squares of the digital factors of slices added up.

What the data are like is assumed: inputs Gaussian with full scale at 4 deviations, rectified where an
activation makes them so; weights Gaussian, the largest of a column at full scale. A converter's range is the
best one for its bits, as `ohmsum accuracy` finds it; rounding is taken as even (sums that are multiples of a
level can resonate with a coarse step: ISAAC with 6 bits is 6 dB worse). No drift, no wire: `ohmsum accuracy`
computes those.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, erfc, inf, log, log2, log10, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ...workloads.functions import get
from ...workloads.graph import Network, Operator
from ..mapping.assignment import OnCrossbars
from ..program import F64

if TYPE_CHECKING:
    from ...arch.chip import Chip, Tile
    from ..mapping.mapping import Mapping

FULL_SCALE = 4.0
"""Standard deviations of an input at its full scale (assumed)."""
HALF_OCTAVES = 13
"""Ranges of a converter that are tried, each the square root of 2 below the one before."""


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
    """Every layer with static weights on crossbars, by name."""
    if chip.tile is None:
        return {}
    found = {}
    for operator in mapping.network.operators:
        m = operator.matrix
        if m is not None and isinstance(mapping.of(operator.name), OnCrossbars):
            signed = not _never_negative(mapping.network, operator.inputs[0].tensor)
            found[operator.name] = layer_signal(chip.tile, m.k, signed)
    return found


def network_snr_db(layers: dict[str, LayerSignal]) -> float | None:
    """Of all layers one after the other: their noise adds up, functions between them let it through."""
    noise = sum(sum(layer.terms.values()) for layer in layers.values())
    return _decibels(noise) if layers else None


def layer_signal(tile: Tile, k: int, signed: bool) -> LayerSignal:
    """A layer of k rows on crossbars of a tile; `signed` where its inputs may be negative."""
    x, w = _inputs(tile, signed), _weights(tile, k)
    rows = min(k, tile.crossbar.active_rows or tile.crossbar.rows)
    groups, phases = ceil(k / rows), 2 if x.apart else 1
    error = groups * phases * _conversion_error(tile, rows, x, w)
    terms = {
        "inputs": 1 / (12 * x.power),
        "weights": 0.0 if w.continuous else 1 / (12 * w.power),
        "cells": _cells(tile, x, w) * w.squares / w.power,
        "converters": error / (k * x.power * w.power),
    }
    most = rows * (2**x.bits - 1) * (2**w.bits - 1)
    return LayerSignal(_decibels(sum(terms.values())), _bits(tile, most), tile.adc.bits, terms)


@dataclass(frozen=True)
class _Slices:
    """Codes of inputs or weights, and the slices that they are cut into.

    Parameters
    ----------
    bits : int
        Of one slice.
    power : float
        Mean square of a whole code.
    mean, square : F64, shape (slices,)
        Of one slice.
    signed : bool
        Whether a slice has a sign.
    apart : bool
        Whether the two signs are read one after the other.
    continuous : bool
        Whether a cell takes any value, so that nothing is rounded.
    """

    bits: int
    power: float
    mean: F64
    square: F64
    signed: bool
    apart: bool = False
    continuous: bool = False

    @property
    def factors(self) -> F64:
        """Digital factors of the slices."""
        found: F64 = 2.0 ** (self.bits * np.arange(len(self.mean), dtype=np.float64))
        return found

    @property
    def squares(self) -> float:
        """Their squares added up."""
        return float((self.factors**2).sum())


def _inputs(tile: Tile, signed: bool) -> _Slices:
    bits, of_slice = tile.dac.bits, min(tile.dac.slice_bits, tile.dac.bits)
    top = 2 ** (bits - 1) - 1 if signed and bits > 1 else 2**bits - 1
    n = ceil(bits / of_slice)
    if n == 1:
        apart = signed and tile.crossbar.phases >= 2
        mean, square = _digits(top, FULL_SCALE, bits, 1, 0)
        return _Slices(bits, (top / FULL_SCALE) ** 2, mean, square, signed and not apart, apart)
    below = top + 1 if signed else 0  # two's complement
    return _Slices(of_slice, (top / FULL_SCALE) ** 2, *_digits(top, FULL_SCALE, of_slice, n, below), False)


def _weights(tile: Tile, k: int) -> _Slices:
    weights, n = tile.weights, tile.slices
    pair = weights.encoding == "differential"
    top, largest = 2 ** (weights.bits - 1) - 1, sqrt(2 * log(2 * max(k, 2)))
    bits = ceil((weights.bits - 1 if pair else weights.bits) / n)
    power = (top / largest) ** 2
    continuous = pair and n == 1 and tile.crossbar.cell.model is not None
    digits = _digits(top, largest, bits, n, 0 if pair else top + 1)
    return _Slices(bits, power, *digits, pair, continuous=continuous)


@cache
def _digits(top: int, deviations: float, bits: int, n: int, offset: int) -> tuple[F64, F64]:
    """Mean, and mean square, of each slice of a Gaussian whose `top` is so many deviations from zero.

    Without an offset of its magnitude; with one of code + offset (two's complement has the same digits but
    for the sign's, which counts the other way round).
    """
    at = np.linspace(-deviations, deviations, 8191)
    share = np.exp(-(at**2) / 2)
    codes = np.rint((at if offset else np.abs(at)) * top / deviations).astype(np.int64) + offset
    digits = np.array([(codes >> (bits * i)) & (2**bits - 1) for i in range(n)], np.float64)
    total = float(share.sum())
    mean: F64 = digits @ share / total
    square: F64 = digits**2 @ share / total
    return mean, square


def _conversion_error(tile: Tile, rows: int, x: _Slices, w: _Slices) -> float:
    """Mean square error of an output by the conversions of one group of rows, at the best step.

    The step is one for all slices and columns: that of the least error of all columns, the bias column among
    them, as `sim/accuracy/ranges.py` looks for it.
    """
    cell, pair = tile.crossbar.cell, tile.weights.encoding == "differential"
    apart = pair and (not cell.signed or tile.crossbar.phases >= 4)
    part = 0.5 if apart or x.apart else 1.0  # of the rows have this sign
    both = x.signed or (pair and not apart)
    means = np.zeros((len(x.mean), len(w.mean))) if both else rows * np.outer(x.mean, w.mean) * part
    variances = rows * np.outer(x.square, w.square) * part - means**2 / rows
    factors = np.outer(x.factors, w.factors)
    most = rows * (2**x.bits - 1) * (2**w.bits - 1)
    codes = 2 ** (tile.adc.bits - 1) - 1 if both else 2**tile.adc.bits - 1
    spreads = np.sqrt(np.maximum(variances, 1e-12))
    reach = float((means + FULL_SCALE * spreads).max())
    bias = tile.weights.encoding == "bias_column"
    half = 2 ** (w.bits - 1)  # the offset: half of full scale, in the first slice alone
    bias_mean, bias_spread = rows * x.mean * half, np.sqrt(rows * (x.square - x.mean**2)) * half
    bias_factors = x.factors * w.factors[-1]
    if bias:
        reach = max(reach, float((bias_mean + FULL_SCALE * bias_spread).max()))

    def errors(step: float) -> tuple[float, float]:
        """Of an output, and the one by which ranges are chosen."""
        rounding = step**2 / 12 if step > 1 or w.continuous else 0.0
        lost, tail = _clipped(step * codes, means, spreads)
        own = float((factors**2 * (rounding + (2 if both else 1) * tail)).sum())
        mean = 0.0 if both else float((factors * lost).sum())
        turns = 2 if apart else 1
        if not bias:
            return turns * (own + (0.0 if apart else mean**2)), own + mean**2
        lost_there, tail = _clipped(step * codes, bias_mean, bias_spread)
        there = float((bias_factors**2 * (rounding + tail)).sum())
        mean_there = float((bias_factors * lost_there).sum())
        chosen = own + mean**2 + (there + mean_there**2) / tile.weights_per_row
        return own + there + (mean - mean_there) ** 2, chosen

    widest = min(most, reach) / codes
    steps = {max(widest / 2 ** (i / 2), 0.0 if w.continuous else 1.0) for i in range(HALF_OCTAVES)}
    return errors(min(steps, key=lambda step: errors(step)[1]))[0]


def _clipped(limit: float, mean: F64, spread: F64) -> tuple[F64, F64]:
    """Mean, and variance, of what Gaussians have beyond a limit on one side."""
    k = (limit - mean) / spread
    beyond = 0.5 * np.array([erfc(v / sqrt(2)) for v in k.reshape(-1)]).reshape(k.shape)
    density = np.exp(-np.minimum(k**2, 1e3) / 2) / sqrt(2 * pi)
    lost = spread * np.maximum(0.0, density - k * beyond)
    square = spread**2 * np.maximum(0.0, (1 + k**2) * beyond - k * density)
    return lost, np.maximum(0.0, square - lost**2)


def _cells(tile: Tile, x: _Slices, w: _Slices) -> float:
    """Mean square error of a cell (or pair), in its levels."""
    cell = tile.crossbar.cell
    if cell.model is None:
        return 0.0
    from ..accuracy.devices import find_device, spreads

    device = find_device(cell)
    low = (cell.g_min_siemens or 0.0) / cell.g_max_siemens if cell.g_max_siemens else 0.0
    top = 2**w.bits - 1
    if len(w.mean) == 1 and w.signed:  # half a Gaussian in one cell, none in the other
        at = np.linspace(0.0, FULL_SCALE, 401)
        share = np.exp(-(at**2) / 2)
        levels = np.minimum(at * sqrt(w.power), top)
    else:
        levels = np.arange(top + 1.0)
        share = np.ones(top + 1)
    window = device.g_max_us * (1 - low)
    targets = (device.g_max_us * low + levels * window / top).astype(np.float32)
    written, read = spreads(device, targets, 0.0)
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
