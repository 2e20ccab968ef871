"""Products with stored tensors of any number of axes: MatMul with a stack of matrices, Einsum."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from .operators import ComputedOperator, Mapped, MatMul, Product, attributes, text, unsupported, weights_of


class Einsum(ComputedOperator):
    """Two operands, one of them stored; each index once in an operand.

    Indices of both and of the result are groups, those of the stored one alone are columns, those that are
    summed over are rows, all others count vectors.
    """

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        terms, _, out = text(attributes(node)["equation"]).replace(" ", "").partition("->")
        self._set(node, name, stored, terms.split(","), out)

    def _set(
        self,
        node: onnx.NodeProto,
        name: str,
        stored: Mapping[str, npt.NDArray[Any]],
        parts: list[str],
        out: str,
    ) -> None:
        index = 1 if node.input[1] in stored else 0
        weight = weights_of(node, index, stored)
        self.name, self.inputs, self.outputs = name, [node.input[1 - index]], [node.output[0]]
        self.x, w, self.out = parts[1 - index], parts[index], out
        size = dict(zip(w, weight.shape, strict=True))
        wide = [c for c in w if size[c] > 1]  # an index of size one is repeated along the other's
        self.groups = [c for c in self.x if c in wide and c in out]
        self.rows = [c for c in self.x if c in w and c not in out]
        self.columns = [c for c in w if c not in self.x and c in out]
        self.kept = [c for c in self.x if c in out and c not in self.groups]
        self.size = size
        lone = [c for c in w if c not in self.groups + self.rows + self.columns]
        order = [w.index(c) for c in [*lone, *self.groups, *self.rows, *self.columns]]
        shape = [prod(size[c] for c in part) for part in (self.groups, self.rows, self.columns)]
        matrix = weight.transpose(order).reshape(shape)
        self.matrices = {name: np.ascontiguousarray(matrix)}

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.inputs[0]]
        sizes = dict(zip(self.x, x.shape, strict=True))
        ordered = [*self.kept, *self.groups, *self.rows]
        vectors = x.transpose([self.x.index(c) for c in ordered])
        groups, rows, _ = self.matrices[self.name].shape
        y = product(self.name, np.ascontiguousarray(vectors.reshape(-1, groups * rows)))
        made = [*self.kept, *self.groups, *self.columns]
        y = y.reshape([sizes[c] if c in self.kept else self.size[c] for c in made])
        return {self.outputs[0]: np.ascontiguousarray(y.transpose([made.index(c) for c in self.out]))}


class MatMulStack(Einsum):
    """MatMul whose stored operand is a stack of matrices, one for each matrix of the other operand."""

    def __init__(
        self, node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
    ) -> None:
        index = 1 if node.input[1] in stored else 0
        weight = weights_of(node, index, stored)
        stack = weight.shape[:-2]
        if mapped.matrix.groups != prod(stack):
            raise unsupported(
                name, f"MatMul of one operand with a stack of {prod(stack)} matrices, repeated for each"
            )
        batch = "ABCDEFGH"[: len(stack)]
        self._set(node, name, stored, [f"{batch}mk", f"{batch}kn"], f"{batch}mn")
        self.leading = len(stack)

    def run(self, values: Mapping[str, npt.NDArray[Any]], product: Product) -> dict[str, npt.NDArray[Any]]:
        x = values[self.inputs[0]]
        more = x.shape[: x.ndim - self.leading - 2]
        if not more:
            return super().run(values, product)
        each = [
            super(MatMulStack, self).run({self.inputs[0]: part}, product)[self.outputs[0]]
            for part in x.reshape(-1, *x.shape[len(more) :])
        ]
        return {self.outputs[0]: np.stack(each).reshape(*more, *each[0].shape)}


def matmul(
    node: onnx.NodeProto, name: str, stored: Mapping[str, npt.NDArray[Any]], mapped: Mapped
) -> ComputedOperator:
    """Vectors times one stored matrix, or times a stack of them."""
    index = 1 if node.input[1] in stored else 0
    if node.input[index] in stored and stored[node.input[index]].ndim > 2:
        return MatMulStack(node, name, stored, mapped)
    return MatMul(node, name, stored, mapped)
