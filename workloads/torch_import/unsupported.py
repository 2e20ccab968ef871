"""Which call of the user's module it was that PyTorch's exporter could not translate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..onnx_import.modules import source_line


@dataclass(frozen=True)
class Culprit:
    """An operator without a translation.

    Parameters
    ----------
    target : callable
        The ATen operator as the program calls it; it may have been decomposed since.
    name : str
        "aten.cdist.default".
    node : str
        Its name in the program.
    line : str
        FILE:LINE of the user's module, "" if the program does not say.
    n_outputs : int
        Tensors that it returns.
    """

    target: Any
    name: str
    node: str
    line: str
    n_outputs: int


def find_culprit(error: BaseException, program: Any) -> Culprit | None:
    """The node of `program` at which the exporter stopped; None if it stopped elsewhere.

    The exporter's messages name the decomposed node alone. The node itself, which knows where it comes from,
    is found in the frames that the error went through.
    """
    mine = {node.name: node for node in program.graph.nodes}
    for node in _nodes(error):
        for name in (*_ancestors(node), node.name):
            if name in mine:
                found = mine[name]
                line = source_line(found.meta.get("stack_trace") or node.meta.get("stack_trace") or "")
                value = found.meta.get("val")
                n_outputs = len(value) if isinstance(value, (list, tuple)) else 1
                return Culprit(found.target, str(found.target), name, line, n_outputs)
    return None


def _nodes(error: BaseException | None) -> Iterator[Any]:
    """Calls in a graph that the frames of an error, or of what caused it, were busy with."""
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            node = trace.tb_frame.f_locals.get("node")
            if getattr(node, "op", "") == "call_function" and hasattr(node, "meta"):
                yield node
            trace = trace.tb_next
        error = error.__cause__


def _ancestors(node: Any) -> list[str]:
    """Names of the nodes that a node was made of, the first one first."""
    sources = list(node.meta.get("from_node") or ())
    names = []
    while sources:
        source = sources.pop(0)
        names.append(str(source.name))
        sources += source.from_node
    return names[::-1]
