"""Streams: what flows between operators, and how much of an input one output token needs.

A tensor is a *stream of tokens*: a row-major grid of token positions (the pixels of an image, the tokens of
a sequence, one single position for a plain vector), each with a fixed number of elements (channels,
features). A `Window` says which part of an input stream one output token needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Grid:
    """Token positions of a stream, row-major.

    Parameters
    ----------
    rows, cols : int
        At least 1. An image is (height, width), a sequence (1, length), a vector (1, 1).
    """

    rows: int = 1
    cols: int = 1

    @property
    def n_tokens(self) -> int:
        return self.rows * self.cols


@dataclass(frozen=True)
class Window:
    """The input tokens that one output token needs.

    ``kind``:
    - ``"same"``: the token at the same row-major position (element-wise, a linear layer per token); both
      streams have the same number of tokens, if not always the same rows and columns.
    - ``"window"``: a kernel that slides over the input grid; output (r, c) needs the input rows
      ``r * stride[0] - pad[0] + i * dilation[0]`` for i in 0..kernel[0]-1, and columns likewise.
      A fractional stride (transposed convolution, upsampling by u) is `up`: input row
      ``floor((r * stride + ... ) / up)``.
    - ``"all"``: the whole input (a flatten, a global pooling, the keys of an attention).
    - ``"prefix"``: every token up to and including the same position (causal scans).
    - ``"routed"``: output token k needs all input tokens before number ``ends[k]`` to have come, and is done
      with them (tokens that a router picks out of a stream, or puts back into one).
    """

    kind: Literal["same", "window", "all", "prefix", "routed"] = "same"
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    up: tuple[int, int] = (1, 1)
    ends: tuple[int, ...] = ()

    def span(self, axis: int, position: int, size: int) -> tuple[int, int]:
        """First and last input index along `axis` (0 rows, 1 cols), in 0..size-1, for output `position`."""
        start = position * self.stride[axis] - self.pad[axis]
        end = start + (self.kernel[axis] - 1) * self.dilation[axis]
        first, last = start // self.up[axis], end // self.up[axis]
        return min(max(first, 0), size - 1), min(max(last, 0), size - 1)

    def spans(self, axis: int, positions: npt.ArrayLike, size: int) -> npt.NDArray[np.int64]:
        """`span` of many positions at once, shape (2, positions): first and last indices."""
        start = np.asarray(positions, np.int64) * self.stride[axis] - self.pad[axis]
        end = start + (self.kernel[axis] - 1) * self.dilation[axis]
        spans: npt.NDArray[np.int64] = np.clip(np.array([start, end]) // self.up[axis], 0, size - 1)
        return spans


@dataclass(frozen=True)
class Tensor:
    """One activation tensor and the stream it is seen as.

    Parameters
    ----------
    shape : tuple of int
        The static shape.
    grid : Grid
        Token positions.
    elements : int
        Elements of one token; ``grid.n_tokens * elements`` is the size of the tensor.
    """

    name: str
    shape: tuple[int, ...]
    grid: Grid
    elements: int

    @property
    def size(self) -> int:
        return self.grid.n_tokens * self.elements


@dataclass(frozen=True)
class Port:
    """An activation input of an operator: the tensor, and how much of it one output token needs."""

    tensor: str
    window: Window = Window()
