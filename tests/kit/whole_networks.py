"""Whole networks for the laws, simulated in a moment: products, convolutions, chains of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ohmsum.workloads import Network

from .onnx_graphs import imported, node

Layer = tuple[int, int, int]
"""Output channels, kernel, stride of a convolution."""


def product(folder: Path, k: int, n: int, rows: int, *, halves: bool = False) -> Network:
    """A `rows` x `k` input times a `k` x `n` matrix; in halves, as two products beside each other."""
    if not halves:
        return imported(folder, [node("MatMul", "x w", "y")], {"x": [rows, k]}, {"w": (k, n)})
    nodes = [node("MatMul", "x w1", "a"), node("MatMul", "x w2", "b"), node("Concat", "a b", "y", axis=-1)]
    return imported(folder, nodes, {"x": [rows, k]}, {"w1": (k, n // 2), "w2": (k, n - n // 2)})


def convolution(folder: Path, channels: int, size: int, kernel: int, groups: int = 1) -> Network:
    """One convolution that keeps channels and size."""
    made = node("Conv", "x w", "y", kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4, group=groups)
    weights = {"w": (channels, channels // groups, kernel, kernel)}
    return imported(folder, [made], {"x": [1, channels, size, size]}, weights)


def chains(folder: Path, layers: Sequence[Layer], size: int, channels: int, copies: int = 1) -> Network:
    """Convolutions one after the other, `copies` of the chain side by side."""
    nodes, weights, inputs, ends = [], {}, {}, []
    for c in range(copies):
        stream, depth = f"x{c}", channels
        inputs[stream] = [1, channels, size, size]
        for i, (out, kernel, stride) in enumerate(layers):
            name = f"{c}_{i}"
            weights[f"w{name}"] = (out, depth, kernel, kernel)
            nodes.append(
                node(
                    "Conv",
                    f"{stream} w{name}",
                    f"conv{name}",
                    kernel_shape=[kernel] * 2,
                    strides=[stride] * 2,
                    pads=[kernel // 2] * 4,
                )
            )
            nodes.append(node("Relu", f"conv{name}", f"relu{name}"))
            stream, depth = f"relu{name}", out
        ends.append(stream)
    return imported(folder, nodes, inputs, weights, outputs=ends)
