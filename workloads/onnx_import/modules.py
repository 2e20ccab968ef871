"""Names and lines of source that PyTorch's exporter writes beside every node.

A node of ``self.fc1`` is called ``fc1``, whether the network came as an ONNX file or as a torch program, and
a message about it names the line of the user's own module.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import onnx

PREFIX = "pkg.torch.onnx."
WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN", "Gather"})
FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
LIBRARY = re.compile(r"[\\/](torch|functorch)[\\/]")
TARGET = re.compile(r"torch\.ops\.([\w.]+)")


def name_by_module(model: onnx.ModelProto) -> None:
    """Rename the nodes of a model that PyTorch exported; in any other nothing happens.

    A module that is one operator gives its path: ``encoder.fc1``, its second call ``encoder.fc1#2``. Other
    nodes are the path and the function (``encoder/add``), nodes of a function that became several have their
    type behind that.
    """
    nodes = [(node, scopes) for node in model.graph.node if (scopes := _scopes(node))]
    functions: dict[str, set[str]] = defaultdict(set)  # of each module
    parts: dict[str, list[onnx.NodeProto]] = defaultdict(list)  # nodes of each call of a function
    for node, scopes in nodes:
        functions[_path(node, scopes)].add(_base(scopes[-1]))
        parts[scopes[-1]].append(node)
    taken = Counter(node.name for node in model.graph.node if not _scopes(node))
    for node, scopes in nodes:
        path, function = _path(node, scopes), scopes[-1]
        if not path:
            name = function
        elif len(functions[path]) == 1:
            name = path
        else:
            name = f"{path}/{_base(function)}"
        if not _is_main(node, parts[function]):
            name = f"{name}/{node.op_type}"
        taken[name] += 1
        node.name = name if taken[name] == 1 else f"{name}#{taken[name]}"


def source_line(stack_trace: str) -> str:
    """FILE:LINE of the innermost frame that is not PyTorch's own, "" if there is none."""
    frames = [(m["file"], m["line"]) for m in FRAME.finditer(stack_trace)]
    own = [f"{file}:{line}" for file, line in frames if not LIBRARY.search(file)]
    return own[-1] if own else ""


def origin(node: onnx.NodeProto) -> str:
    """The function and line that a node was exported from ("aten.relu.default, net.py:12"), "" if unknown."""
    target = TARGET.search(_property(node, "fx_node"))
    line = source_line(_property(node, "stack_trace"))
    return ", ".join(filter(None, (target[1] if target else "", line)))


def _property(node: onnx.NodeProto, key: str) -> str:
    return next((str(p.value) for p in node.metadata_props if p.key == PREFIX + key), "")


def _scopes(node: onnx.NodeProto) -> list[str]:
    """Paths of the modules around a node, outermost ("") first, and the name of the function's call."""
    try:
        scopes = ast.literal_eval(_property(node, "name_scopes") or "[]")
    except (SyntaxError, ValueError):
        return []
    is_list = isinstance(scopes, list) and all(isinstance(s, str) for s in scopes)
    return scopes if is_list and scopes and scopes[-1] else []


def _path(node: onnx.NodeProto, scopes: Sequence[str]) -> str:
    """The innermost module, "" for the whole one; of a norm folded into a layer, that layer."""
    if node.op_type in ("Conv", "ConvTranspose", "Gemm") and "norm" in scopes[-1]:
        return str(node.input[1]).removesuffix(".weight")
    return scopes[-2] if len(scopes) > 1 and not scopes[-2].startswith("_empty_nn_module") else ""


def _base(function: str) -> str:
    """The name of a call without its number: "add" of "add_12"."""
    return re.sub(r"_\d+$", "", function)


def _is_main(node: onnx.NodeProto, parts: Sequence[onnx.NodeProto]) -> bool:
    """Whether a node may have the name of its function for itself: the one with weights, or the only one."""
    weighted = [part for part in parts if part.op_type in WEIGHTED]
    return len(parts) == 1 or (len(weighted) == 1 and weighted[0] is node)
