"""Values of nodes with constant inputs only, made when somebody asks; what cannot be made is unknown."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from subprocess import run

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from .nodes import Array, Graph
from .order import label
from .statics import LARGEST_VALUE

LONGEST_S = 20.0
WORKER = """
import sys, onnx, onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.stdin.buffer.read(), options, providers=["CPUExecutionProvider"])
found = onnx.GraphProto()
for output, value in zip(session.get_outputs(), session.run(None, {}), strict=True):
    found.initializer.append(onnx.numpy_helper.from_array(value, output.name))
sys.stdout.buffer.write(found.SerializeToString())
"""


class Evaluator:
    """Evaluates one node, once, when first asked: by ONNX's reference implementation, else by ONNX Runtime.

    Both are asked in this order so that results do not hang on whether ONNX Runtime is installed, but where
    the reference has no implementation of the operator, or one that fails.

    Parameters
    ----------
    elements : int
        Of all outputs together, as far as their shapes are known: too many are never made.
    """

    def __init__(self, node: onnx.NodeProto, graph: Graph, opsets: dict[str, int], elements: int) -> None:
        self.node = node
        self.graph = graph
        self.opsets = opsets
        self.elements = elements
        self._results: list[Array] | None = None
        self._done = False

    def __call__(self) -> list[Array] | None:
        """The values of all outputs; None if they cannot be made (`Graph.unknown_values` says why)."""
        if not self._done:
            self._results = self._run()
            self._done = True
        return self._results

    def _run(self) -> list[Array] | None:
        if self.elements > LARGEST_VALUE:
            self._tell(f"node {label(self.node)} would make {self.elements} numbers")
            return None
        feeds: dict[str, Array] = {}
        for name in filter(None, self.node.input):
            value = self.graph.value(name)
            if value is None:
                self._tell(self.graph.unknown_values.get(name, f"{name!r} is not in the file, or too large"))
                return None
            feeds[name] = value
        reason = ""
        for evaluate in (_by_reference, _by_runtime):
            try:
                results = evaluate(self.node, feeds, self.opsets)
            except Exception as error:  # of any kind: what cannot be computed is unknown
                reason = reason or _first_line(error)
                continue
            if results is not None:
                return [np.asarray(results.get(name, ())) for name in self.node.output]
        self._tell(f"node {label(self.node)} cannot be computed: {reason}")
        return None

    def _tell(self, why: str) -> None:
        for name in filter(None, self.node.output):
            self.graph.unknown_values[name] = why


def _by_reference(
    node: onnx.NodeProto, feeds: dict[str, Array], opsets: dict[str, int]
) -> dict[str, Array] | None:
    # A graph of one node, since the evaluator reads a bare node by the newest opset.
    outputs = [name for name in node.output if name]
    body = onnx.GraphProto(node=[node])
    for name in feeds:
        body.input.add(name=name)
    for name in outputs:
        body.output.add(name=name)
    with np.errstate(all="ignore"):
        return dict(zip(outputs, ReferenceEvaluator(body, opsets=opsets).run(None, feeds), strict=True))


def _by_runtime(
    node: onnx.NodeProto, feeds: dict[str, Array], opsets: dict[str, int]
) -> dict[str, Array] | None:
    """None where ONNX Runtime is not installed.

    It runs in a process of its own, since kernels of ONNX Runtime crash on values that no network has.
    """
    if find_spec("onnxruntime") is None:
        return None
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    stored = [numpy_helper.from_array(value, name) for name, value in feeds.items()]
    graph = helper.make_graph([node], "fold", [], outputs, stored)
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    model = helper.make_model(graph, opset_imports=imports, ir_version=min(onnx.IR_VERSION, 10))
    done = run(
        [sys.executable, "-c", WORKER],
        input=model.SerializeToString(),
        capture_output=True,
        timeout=LONGEST_S,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ValueError(said[-1] if said else "ONNX Runtime crashed on it")
    found = onnx.GraphProto.FromString(done.stdout)
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in found.initializer}


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
