"""Small ONNX graphs for tests, written by hand and saved to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from ohmsum.workloads import Network, Operator, Port, load
from onnx import NodeProto, TensorProto, helper, numpy_helper

Dims = Sequence[int | str | None]


def node(op: str, inputs: str, outputs: str = "", **attributes: Any) -> NodeProto:
    """A node. Inputs and outputs are names with blanks between, "-" for none; called like its output."""
    made = (outputs or op.lower()).split()
    names = [n if n != "-" else "" for n in inputs.split()]
    outs = [n if n != "-" else "" for n in made]
    domain = attributes.pop("domain", "")
    return helper.make_node(op, names, outs, name=next(o for o in outs if o), domain=domain, **attributes)


def model(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Dims],
    constants: Mapping[str, Any] | None = None,
    *,
    outputs: Sequence[str] = (),
    opset: int = 20,
    dtypes: Mapping[str, int] | None = None,
) -> onnx.ModelProto:
    """A model whose weights are given as arrays, or as shapes (tuples) to be filled with ones."""
    values = [
        helper.make_tensor_value_info(name, (dtypes or {}).get(name, TensorProto.FLOAT), shape)
        for name, shape in inputs.items()
    ]
    results = [helper.make_empty_tensor_value_info(o) for o in outputs or [nodes[-1].output[0]]]
    stored = [
        numpy_helper.from_array(np.ones(v, np.float32) if isinstance(v, tuple) else np.asarray(v), name)
        for name, v in (constants or {}).items()
    ]
    graph = helper.make_graph(nodes, "test", values, results, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def imported(
    folder: Path,
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Dims],
    constants: Mapping[str, Any] | None = None,
    *,
    outputs: Sequence[str] = (),
    opset: int = 20,
    dtypes: Mapping[str, int] | None = None,
    **options: Any,
) -> Network:
    """Save the model and load it as a network."""
    path = folder / "test.onnx"
    onnx.save(model(nodes, inputs, constants, outputs=outputs, opset=opset, dtypes=dtypes), path)
    return load(path, **options)


def body(network: Network) -> list[Operator]:
    """The operators without the inputs."""
    return [o for o in network if o.kind != "input"]


def only(network: Network) -> Operator:
    """The one operator of a network."""
    (operator,) = body(network)
    return operator


def steps(network: Network) -> list[str]:
    """What the network does, in order: operator plus fused functions."""
    return ["+".join([o.op, *o.fused]) for o in body(network)]


def check_streams(network: Network) -> None:
    """What must hold for every network, whatever it computes."""
    for operator in network:
        out = operator.output
        assert out.grid.n_tokens * out.elements == int(np.prod(out.shape)), operator.name
        for port in operator.inputs:
            check_port(network, operator, port)


def check_port(network: Network, operator: Operator, port: Port) -> None:
    """A window keeps the order: its last token never goes back along a row or a column."""
    source, out = network.producer(port.tensor).output.grid, operator.output.grid
    if port.window.kind == "same":
        assert source.n_tokens == out.n_tokens, (operator.name, port)
    elif port.window.kind == "window":
        for axis, n_out, n_in in ((0, out.rows, source.rows), (1, out.cols, source.cols)):
            ends = [port.window.span(axis, i, n_in)[1] for i in range(n_out)]
            assert ends == sorted(ends), (operator.name, port)
