"""Convolution as a matrix product: patches of the input as rows (im2col)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sliding:
    """A kernel that slides over the spatial axes of (batch, channels, *sizes), as ONNX's Conv has it.

    Parameters
    ----------
    kernel, strides, dilations : one number per spatial axis
    pads : begin of every axis, then end of every axis; None with `auto_pad`
    auto_pad : "NOTSET", "VALID", "SAME_UPPER" or "SAME_LOWER"
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    auto_pad: str = "NOTSET"

    def padding(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """Zeros before and after each spatial axis."""
        n = len(self.kernel)
        if self.auto_pad in ("NOTSET", ""):
            return list(zip(self.pads[:n], self.pads[n:], strict=True))
        if self.auto_pad == "VALID":
            return [(0, 0)] * n
        found = []
        for size, k, s, d in zip(sizes, self.kernel, self.strides, self.dilations, strict=True):
            total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
            first = (total + (self.auto_pad == "SAME_LOWER")) // 2
            found.append((first, total - first))
        return found

    def patches(self, x: Floats) -> tuple[Floats, tuple[int, ...]]:
        """Patches (batch * positions, channels * taps), and the output sizes."""
        sizes = x.shape[2:]
        padded = np.pad(x, [(0, 0), (0, 0), *self.padding(sizes)])
        n = len(self.kernel)
        spans = tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))
        windows = np.lib.stride_tricks.sliding_window_view(padded, spans, tuple(range(2, 2 + n)))
        step = tuple(slice(None, None, s) for s in self.strides)
        tap = tuple(slice(None, None, d) for d in self.dilations)
        windows = windows[(slice(None), slice(None), *step, *tap)]
        out = windows.shape[2 : 2 + n]
        order = (0, *range(2, 2 + n), 1, *range(2 + n, 2 + 2 * n))
        rows = windows.transpose(order).reshape(x.shape[0] * prod(out), x.shape[1] * prod(self.kernel))
        return np.ascontiguousarray(rows), out
