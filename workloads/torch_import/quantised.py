"""Quantised exports of PyTorch (PT2E): operators `quantized_decomposed`, with the range that codes may have.

PyTorch's exporter makes QuantizeLinear and DequantizeLinear of them, in which a code is as wide as the
integer that holds it: the range, which says that a code of 4 bits lies in 8, is written beside them here.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

import onnx

from ..onnx_import.quantise import CODE, QUANTISERS

LIBRARIES = ("torch.ao.quantization.fx._decomposed", "torchao.quantization.pt2e.quantize_pt2e")
"""What makes their operators known to torch, where it is there."""
FROM = "pkg.torch.onnx.fx_node"
NAMESPACE = "quantized_decomposed"


def know_quantisers() -> None:
    """Make the operators known, without which a program that has them cannot be read."""
    for library in LIBRARIES:
        with suppress(ImportError):
            import_module(library)


def write_ranges(model: onnx.ModelProto, program: Any) -> None:
    """Say at every quantiser of the model which codes the program lets it use, where they are fewer."""
    codes = {
        node.name: code
        for node in program.graph.nodes
        if getattr(node.target, "namespace", "") == NAMESPACE and (code := _code(node))
    }
    for node in model.graph.node if codes else ():
        origin = next((p.value for p in node.metadata_props if p.key == FROM), "")
        code = codes.get(origin.partition(" ")[0].removeprefix("%"), "")
        if code and node.op_type in QUANTISERS:
            node.metadata_props.add(key=CODE, value=code)


def _code(node: Any) -> str:
    """The code of a quantiser's range ("int4" of -8 to 7), "" if it has none."""
    given = {a.name: v for a, v in zip(node.target._schema.arguments, node.args, strict=False)}
    given |= node.kwargs
    low, high = given.get("quant_min"), given.get("quant_max")
    if not isinstance(low, int) or not isinstance(high, int) or high <= low:
        return ""
    return f"{'int' if low < 0 else 'uint'}{(high - low).bit_length()}"
