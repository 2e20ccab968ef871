"""What runtimes write in place of ONNX's own operators, by the graph of ONNX operators that it stands for.

ONNX Runtime's optimiser and quantiser join nodes to operators of the domain com.microsoft and to integer
operators. Each function here writes, for one such node, the plain nodes that give the same result; tests run
both in ONNX Runtime. Quantised ones become DequantizeLinear, the plain operator, QuantizeLinear.
"""

from . import attention, dynamic, einsum, embedding, fused, layout, norms, packed, qlinear, recurrent
from .body import Body
from .registry import STAND_INS, in_file, is_common, stand_in

__all__ = [
    "STAND_INS",
    "Body",
    "attention",
    "dynamic",
    "einsum",
    "embedding",
    "fused",
    "in_file",
    "is_common",
    "layout",
    "norms",
    "packed",
    "qlinear",
    "recurrent",
    "stand_in",
]
