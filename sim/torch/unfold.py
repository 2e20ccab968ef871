"""A layer as what a crossbar sees of it: rows of inputs, a matrix by groups, and the way back."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

SUPPORTED = (nn.Linear, nn.Conv1d, nn.Conv2d)


class Unfolded:
    """Geometry of a Linear, Conv1d or Conv2d layer.

    Attributes
    ----------
    groups, k, n : int
        Matrices, and rows and columns of each.
    """

    def __init__(self, layer: nn.Module) -> None:
        self.axes, self.taps = 0, 1
        if isinstance(layer, nn.Linear):
            self.groups, self.k, self.n = 1, layer.in_features, layer.out_features
            return
        assert isinstance(layer, (nn.Conv1d, nn.Conv2d))
        self.axes = len(layer.kernel_size)
        self.groups, self.n = layer.groups, layer.out_channels // layer.groups
        self.taps = prod(layer.kernel_size)
        self.k = layer.in_channels // layer.groups * self.taps
        ones = (1,) * (2 - self.axes)  # a sequence is an image of one row
        self.kernel, self.stride, self.dilation = (
            (*ones, *values) for values in (layer.kernel_size, layer.stride, layer.dilation)
        )
        self.padding, self.padding_mode = _padding(layer), layer.padding_mode

    def matrix(self, weight: Tensor) -> Tensor:
        """(groups, k, n) of a layer's weight."""
        return weight.reshape(self.groups, self.n, self.k).transpose(1, 2)

    def rows(self, x: Tensor) -> Tensor:
        """(n_vectors, groups * k): one row for each vector, position or sample in turn."""
        if not self.axes:
            return x.reshape(-1, self.k)
        image = self.image(x)
        patches = functional.unfold(image, self.kernel, dilation=self.dilation, stride=self.stride)
        return patches.transpose(1, 2).reshape(-1, self.groups * self.k)

    def back(self, y: Tensor, x: Tensor) -> Tensor:
        """The layer's output for its input `x`, from (n_vectors, groups * n)."""
        if not self.axes:
            return y.reshape(*x.shape[:-1], self.n)
        image = self.image(x)
        sizes = [
            (size - d * (k - 1) - 1) // s + 1
            for size, k, s, d in zip(image.shape[2:], self.kernel, self.stride, self.dilation, strict=True)
        ]
        return self.output(y.reshape(image.shape[0], *sizes, -1).permute(0, 3, 1, 2))

    def product(self, image: Tensor, matrix: Tensor, rows: slice) -> Tensor:
        """The inputs `rows` of every vector times a matrix, without writing the vectors out.

        Parameters
        ----------
        image : from `image`
        matrix : (n_rows, n_columns)

        Returns
        -------
        y : like `image`, with a channel (or last axis) per column
        """
        if not self.axes:
            return image[..., rows] @ matrix
        first, last = rows.start // self.taps, -(-rows.stop // self.taps)
        beside = (rows.start - first * self.taps, last * self.taps - rows.stop)
        kernel = functional.pad(matrix.T, beside).reshape(-1, last - first, *self.kernel)
        return functional.conv2d(image[:, first:last], kernel, stride=self.stride, dilation=self.dilation)

    def by_column(self, values: Tensor) -> Tensor:
        """One value per column, to be multiplied with results of `product`."""
        return values.reshape(-1, 1, 1) if self.axes else values

    def joined(self, parts: list[Tensor]) -> Tensor:
        """Columns beside each other."""
        return torch.cat(parts, dim=1 if self.axes else -1)

    def output(self, y: Tensor) -> Tensor:
        """The layer's output from that of an image."""
        return y.squeeze(2) if self.axes == 1 else y

    def image(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width), padding included; of a linear layer the input itself."""
        if not self.axes:
            return x
        if any(self.padding):
            mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
            x = functional.pad(x, self.padding, mode=mode)
        return x if self.axes == 2 else x.unsqueeze(2)


def _padding(layer: nn.Conv1d | nn.Conv2d) -> tuple[int, ...]:
    """Before and after each axis, the last axis first, as torch.nn.functional.pad has it."""
    axes = range(len(layer.kernel_size))[::-1]
    if layer.padding == "valid":
        return (0, 0) * len(axes)
    if isinstance(layer.padding, str):
        totals = [layer.dilation[i] * (layer.kernel_size[i] - 1) for i in axes]
        return tuple(part for total in totals for part in (total // 2, total - total // 2))
    return tuple(part for i in axes for part in (layer.padding[i], layer.padding[i]))
