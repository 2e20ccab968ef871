"""What ONNX's checker and inference let pass and no runtime would: attributes that contradict the shapes."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import checker, helper

from ..errors import NetworkError
from .nodes import Graph
from .order import label

AFTER_THE_LAST = frozenset({"Flatten"})  # axis may be the number of dimensions itself
FREE = frozenset({"OneHot", "ConcatFromSequence", "QuantizeLinear", "DequantizeLinear"})
"""Operators whose axis counts dimensions of the output, or is not looked at for a scale of one number."""


class Checker:
    """Checks nodes one by one.

    Parameters
    ----------
    model : onnx.ModelProto
        Gives the version of the format.
    opsets : dict of str to int
        By domain.
    """

    def __init__(self, model: onnx.ModelProto, graph: Graph, opsets: dict[str, int]) -> None:
        self.graph = graph
        self.context = checker.C.CheckerContext()
        self.context.ir_version = model.ir_version
        self.context.opset_imports = opsets

    def valid(self, node: onnx.NodeProto) -> None:
        """Attributes and numbers of inputs and outputs are what the operator's definition says.

        Raises
        ------
        NetworkError
            They are not.
        """
        try:
            checker.check_node(node, self.context)
        except checker.ValidationError as error:
            raise self._error(node, f"is not valid ONNX: {str(error).strip().splitlines()[0]}") from None
        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        shape = self.graph.shapes.get(node.input[0]) if node.input else None
        if shape is not None:
            self._axis(node, values, len(shape))
            self._batch_dims(node, values)
            self._permutation(node, values, len(shape))
        parts = values.get("num_outputs")
        if node.op_type == "Split" and parts is not None and parts != len(node.output):
            raise self._error(node, f"num_outputs {parts}, expected its {len(node.output)} outputs")
        groups = values.get("num_groups")
        if groups is not None and shape is not None and (groups < 1 or len(shape) < 2 or shape[1] % groups):
            raise self._error(node, f"num_groups {groups} does not divide the channels of its input {shape}")

    def _axis(self, node: onnx.NodeProto, values: dict[str, Any], rank: int) -> None:
        axis = values.get("axis")
        if not isinstance(axis, int) or node.op_type in FREE or not rank:
            return
        most = rank if node.op_type in AFTER_THE_LAST else rank - 1
        if not -rank <= axis <= most:
            raise self._error(
                node, f"axis {axis}, expected {-rank} to {most}: its input has {rank} dimensions"
            )

    def _batch_dims(self, node: onnx.NodeProto, values: dict[str, Any]) -> None:
        """Dimensions that all inputs begin with: ONNX's inference reads as many without a look back."""
        if "batch_dims" not in values:
            return
        found, least = values["batch_dims"], min(len(self.graph.shapes.get(name, ())) for name in node.input)
        if not 0 <= found < max(least, 1):
            raise self._error(node, f"batch_dims {found}, expected 0 to {max(least - 1, 0)}")

    def _permutation(self, node: onnx.NodeProto, values: dict[str, Any], rank: int) -> None:
        perm = values.get("perm")
        if node.op_type == "Transpose" and perm and sorted(perm) != list(range(rank)):
            raise self._error(
                node, f"perm {list(perm)}, expected an order of the {rank} dimensions of its input"
            )

    def _error(self, node: onnx.NodeProto, message: str) -> NetworkError:
        return NetworkError(f"{self.graph.file}: node {label(node)}: {message}")
