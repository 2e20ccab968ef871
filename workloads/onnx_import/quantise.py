"""QuantizeLinear and DequantizeLinear: no work of their own, but they say how a tensor is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from ..errors import NetworkError
from ..formats import Format, Granularity
from .nodes import Graph, Node, Shape
from .order import label

if TYPE_CHECKING:
    from .simplify import Simplifier

BITS = {
    TensorProto.INT8: 8, TensorProto.UINT8: 8, TensorProto.INT16: 16, TensorProto.UINT16: 16,
    TensorProto.INT32: 32, TensorProto.INT4: 4, TensorProto.UINT4: 4, TensorProto.FLOAT8E4M3FN: 8,
    TensorProto.FLOAT8E4M3FNUZ: 8, TensorProto.FLOAT8E5M2: 8, TensorProto.FLOAT8E5M2FNUZ: 8,
    **{getattr(TensorProto, name): bits
       for name, bits in (("INT2", 2), ("UINT2", 2), ("FLOAT4E2M1", 4), ("FLOAT8E8M0", 8))
       if hasattr(TensorProto, name)},
}  # fmt: skip
QUANTISERS = frozenset({"QuantizeLinear", "DequantizeLinear"})
CODE = "ohmsum.code"
"""Key of what is written beside a quantiser whose codes are fewer than its integers can hold: "int4"."""
DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})


def is_quantiser(node: onnx.NodeProto) -> bool:
    """Whether a node turns numbers into codes, or codes into numbers."""
    return node.op_type in QUANTISERS and node.domain in DOMAINS


def code_type(node: onnx.NodeProto, graph: Graph) -> int:
    """Element type of the codes that a quantiser makes or reads."""
    if node.op_type == "DequantizeLinear":
        return graph.dtypes[node.input[0]]
    if len(node.input) > 2 and node.input[2]:
        return graph.dtypes[node.input[2]]
    asked = next((a.i for a in node.attribute if a.name == "output_dtype"), 0)
    return asked or int(TensorProto.UINT8)


def number_type(node: onnx.NodeProto, graph: Graph) -> int:
    """Element type of the numbers that a quantiser reads or makes."""
    if node.op_type == "QuantizeLinear":
        return graph.dtypes[node.input[0]]
    asked = next((a.i for a in node.attribute if a.name == "output_dtype"), 0)
    return asked or graph.dtypes[node.input[1]]


def format_of(node: onnx.NodeProto, graph: Graph) -> Format:
    """The format that a quantiser speaks of.

    Raises
    ------
    NetworkError
        Its codes are no known format, or its scales do not fit its input.
    """
    code = code_type(node, graph)
    if code not in BITS:
        raise _error(node, graph, f"codes of type {_name(code)}, expected integers or floats of few bits")
    scale = graph.shapes[node.input[1]]
    _check_scales(node, graph)
    block = next((a.i for a in node.attribute if a.name == "block_size"), 0)
    per: Granularity = "block" if block else "channel" if np.prod(scale, dtype=np.int64) > 1 else "tensor"
    if block:
        _check_blocks(node, graph, block, scale)
    return _narrower(node, Format(_name(code), BITS[code], per, block))


def _narrower(node: onnx.NodeProto, found: Format) -> Format:
    """The format with the codes that are written beside the node, if they are of fewer bits."""
    code = next((p.value for p in node.metadata_props if p.key == CODE), "")
    digits = code.lstrip("uint")
    bits = int(digits) if digits.isdecimal() else found.bits
    return replace(found, code=code, bits=bits) if 0 < bits < found.bits else found


def _check_scales(node: onnx.NodeProto, graph: Graph) -> None:
    scales = graph.value(node.input[1])
    if scales is not None:
        numbers = scales.astype(np.float64)
        wrong = np.isnan(numbers) | (numbers <= 0)
        if wrong.any():
            worst = numbers[wrong].reshape(-1)[0]
            raise _error(
                node, graph, f"its scale {node.input[1]!r} has {worst:g} in it, expected numbers above 0"
            )
        if np.isinf(numbers).any():
            graph.notes.append(
                f"node {label(node)}: its scale {node.input[1]!r} is infinite: whatever it quantises is lost"
            )
    if len(node.input) > 2 and node.input[2]:
        code, point = code_type(node, graph), graph.dtypes[node.input[2]]
        graph.value(node.input[2])  # looked at: what is outside its type is refused there
        if point != code:
            raise _error(
                node, graph, f"its zero point is {_name(point)}, expected {_name(code)} as the codes are"
            )


def _check_blocks(node: onnx.NodeProto, graph: Graph, block: int, scale: Shape) -> None:
    shape = graph.shapes[node.input[0]]
    axis = next((a.i for a in node.attribute if a.name == "axis"), 1) % max(len(shape), 1)
    fits = len(scale) == len(shape) and block > 0 and scale[axis] == -(-shape[axis] // block)
    if not fits:
        raise _error(
            node, graph, f"blocks of {block} of {shape} do not fit scales of {scale},"
            f" expected {-(-shape[axis] // max(block, 1))} along axis {axis}",
        )  # fmt: skip


PACKED = frozenset({"MatMulNBits", "MatMulBnb4", "GatherBlockQuantized"})


def unpacked(node: onnx.NodeProto, graph: Graph, elements: int) -> tuple[str, Format]:
    """The stored tensor and the format of weights that lie packed in bytes, `elements` of them.

    Raises
    ------
    NetworkError
        The bytes hold another number of weights.
    """
    numbers = {a.name: a.i for a in node.attribute}
    bits, block = numbers.get("bits", 4), numbers.get("block_size", 128)
    name = node.input[0] if node.op_type == "GatherBlockQuantized" else node.input[1]
    stored = graph.statics[name]
    held = stored.size * BITS.get(stored.dtype, 8) // bits if bits else 0
    wanted = elements
    if node.op_type == "MatMulNBits":
        wanted = numbers["N"] * -(-numbers["K"] // max(block, 1)) * block
    if bits < 1 or block < 1 or held != wanted:
        raise _error(
            node, graph, f"{name!r} of shape {stored.shape} holds {held} weights of {bits} bits,"
            f" expected {wanted} (blocks of {block})",
        )  # fmt: skip
    return name, Format(f"{'float' if node.op_type == 'MatMulBnb4' else 'uint'}{bits}", bits, "block", block)


def _name(dtype: int) -> str:
    return str(helper.tensor_dtype_to_string(dtype)).removeprefix("TensorProto.").lower()


def _error(node: onnx.NodeProto, graph: Graph, message: str) -> NetworkError:
    return NetworkError(f"{graph.file}: node {label(node)}: {message}")


def dynamic(code: int) -> Format:
    """The format of DynamicQuantizeLinear and its kin."""
    return Format(_name(code), BITS[code], dynamic=True)


def summary(operators: Any) -> str:
    """What a quantised network should be known for, "" for any other."""
    matrices = [o for o in operators if o.matrix is not None]
    weights = [o.weight_format for o in matrices if o.weight_format is not None]
    inputs = [o.input_format for o in matrices if o.input_format is not None]
    if not weights and not inputs:
        return ""
    parts = []
    for what, found in (("weights", weights), ("inputs", inputs)):
        if found:
            kinds = ", ".join(dict.fromkeys(str(f) for f in found))
            parts.append(f"{what} of {len(found)} of {len(matrices)} layers as {kinds}")
    return f"quantised: {'; '.join(parts)}"


def quantised(walker: Simplifier, node: onnx.NodeProto) -> None:
    """A live tensor as codes, or read from codes: the same tensor, of which the format is known."""
    graph, name = walker.graph, node.output[0]
    found = format_of(node, graph)
    before = walker.formats.get(node.input[0], found)
    walker.formats[name] = before if node.op_type == "DequantizeLinear" else found
    dtype = code_type(node, graph) if node.op_type == "QuantizeLinear" else number_type(node, graph)
    walker.same(name, node.input[0])
    graph.dtypes[name] = dtype


def dynamically(walker: Simplifier, node: onnx.NodeProto) -> None:
    """Codes of a live tensor, and the scale and zero point found from all its elements."""
    graph, (codes, *found) = walker.graph, node.output
    walker.formats[codes] = dynamic(TensorProto.UINT8)
    walker.same(codes, node.input[0])
    graph.dtypes[codes] = int(TensorProto.UINT8)
    for name, dtype in zip(found, (TensorProto.FLOAT, TensorProto.UINT8), strict=False):
        graph.shapes[name], graph.dtypes[name] = (), int(dtype)
    source = walker.alias.get(node.input[0], node.input[0])
    graph.nodes.append(
        Node(f"{node.name or codes}/range", "DynamicRange", [source], [name for name in found if name])
    )
