"""Transposed convolution: a product per input position makes a patch; patches that overlap are added."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from .operators import ComputedOperator, Mapped, Product, attributes, bias_of, text, weights_of


class ConvTranspose(ComputedOperator):
    """Transposed convolution over any number of spatial axes, grouped or not."""

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        given = attributes(node)
        weight = weights_of(node, 1, stored)
        n_axes, self.groups = weight.ndim - 2, int(given.get("group", 1))
        self.name, self.inputs, self.outputs = name, [node.input[0]], [node.output[0]]
        self.bias = bias_of(node, 2, stored)
        self.n_out, self.kernel = weight.shape[1], weight.shape[2:]
        self.strides = tuple(given.get("strides") or [1] * n_axes)
        self.dilations = tuple(given.get("dilations") or [1] * n_axes)
        self.pads = tuple(given.get("pads") or [0] * 2 * n_axes)
        self.beyond = tuple(given.get("output_padding") or [0] * n_axes)
        self.sizes = tuple(given.get("output_shape") or ())[-n_axes:]
        self.auto_pad = text(given.get("auto_pad", "NOTSET"))
        matrix = weight.reshape(self.groups, weight.shape[0] // self.groups, -1)
        self.matrices = {name: np.ascontiguousarray(matrix)}

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.inputs[0]]
        n, sizes = x.shape[0], x.shape[2:]
        rows = np.ascontiguousarray(np.moveaxis(x, 1, -1).reshape(n * prod(sizes), -1))
        patches = product(self.name, rows).reshape(n, *sizes, self.groups * self.n_out, *self.kernel)
        axes = zip(sizes, self.kernel, self.strides, self.dilations, self.beyond, strict=True)
        whole = [(i - 1) * s + (k - 1) * d + 1 + o for i, k, s, d, o in axes]
        y = np.zeros((n, *whole, self.groups * self.n_out), np.float32)
        for tap in np.ndindex(*self.kernel):
            at = tuple(
                slice(t * d, t * d + (i - 1) * s + 1, s)
                for t, d, i, s in zip(tap, self.dilations, sizes, self.strides, strict=True)
            )
            y[(slice(None), *at)] += patches[(..., *tap)]
        if self.bias is not None:
            y += self.bias
        cuts = zip(whole, self._cut(whole, sizes), strict=True)
        kept = tuple(slice(first, size - last) for size, (first, last) in cuts)
        return {self.outputs[0]: np.ascontiguousarray(np.moveaxis(y[(slice(None), *kept)], -1, 1))}

    def _cut(self, whole: list[int], sizes: tuple[int, ...]) -> list[tuple[int, int]]:
        """What is cut off before and after each axis, as ONNX's ConvTranspose has it."""
        n = len(self.kernel)
        same = self.auto_pad.startswith("SAME")
        if not self.sizes and not same:
            pads = self.pads if self.auto_pad in ("NOTSET", "") else (0,) * 2 * n
            return list(zip(pads[:n], pads[n:], strict=True))
        wanted = self.sizes or tuple(i * s for i, s in zip(sizes, self.strides, strict=True))
        totals = [max(w - size, 0) for w, size in zip(whole, wanted, strict=True)]
        if self.auto_pad == "SAME_UPPER":
            return [(t // 2, t - t // 2) for t in totals]
        return [(t - t // 2, t // 2) for t in totals]
