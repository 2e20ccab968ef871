"""If, Loop and Scan whose course is known beforehand: the nodes that are run, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..errors import NetworkError
from . import inline, statics
from .order import label, topological

if TYPE_CHECKING:
    from .simplify import Simplifier

CONTROL = frozenset({"If", "Loop", "Scan", "SequenceMap"})
MOST_NODES = 20_000  # that a loop may become


def visit(walker: Simplifier, node: onnx.NodeProto) -> None:
    """Put what a node of control flow runs in its place.

    Raises
    ------
    NetworkError
        What it runs depends on the data, or is too much.
    """
    {"If": _branch, "Loop": _loop, "Scan": _scan, "SequenceMap": _map}[node.op_type](walker, node)


def _branch(walker: Simplifier, node: onnx.NodeProto) -> None:
    """An If whose condition is known is the branch that is taken."""
    graph = walker.graph
    condition = graph.value(node.input[0])
    if condition is None:
        raise _error(
            walker, node, f"its condition {node.input[0]!r} is not constant;"
            " a network must do the same work for every input",
        )  # fmt: skip
    wanted = "then_branch" if condition.reshape(-1)[0] else "else_branch"
    body = _body(walker, node, wanted)
    _give(walker, node.output, _run(walker, body, _title(node), "", {}))


def _loop(walker: Simplifier, node: onnx.NodeProto) -> None:
    """A Loop with a constant number of turns, or one that ends by a condition that is known at every turn."""
    body = _body(walker, node, "body")
    turns = _number(walker, node, 0, "number of turns")
    goes_on = _number(walker, node, 1, "condition")
    if turns is None and goes_on is None:
        raise _error(walker, node, "it never ends: neither a number of turns nor a condition")
    states = list(node.input[2:])
    n_states = len(states)
    if len(body.input) != 2 + n_states or len(body.output) < 1 + n_states:
        raise _error(
            walker, node, f"its body takes {len(body.input)} inputs and makes {len(body.output)} outputs,"
            f" expected {2 + n_states} and at least {1 + n_states}",
        )  # fmt: skip
    made: list[list[str]] = [[] for _ in body.output[1 + n_states :]]
    turn = 0
    while (turns is None or turn < turns) and goes_on != 0:
        _check_size(walker, node, body, turn if turns is None else turns)
        prefix = f"{_title(node)}/{turn}/"
        counted = [_constant(walker, prefix + "turn", np.array(turn))]
        counted.append(_constant(walker, prefix + "go", np.array(True)))
        names = dict(zip((v.name for v in body.input), [*counted, *states], strict=True))
        results = _run(walker, body, _title(node), f"{turn}/", names)
        condition = walker.graph.value(results[0])
        if condition is None and (turns is None or goes_on is not None):
            raise _error(
                walker, node, "whether it goes on depends on the data, expected a constant condition"
            )
        goes_on = None if condition is None else int(condition.reshape(-1)[0])
        states = results[1 : 1 + n_states]
        for stack, result in zip(made, results[1 + n_states :], strict=True):
            stack.append(result)
        turn += 1
    stacked = [_stack(walker, f"{_title(node)}/stack{i}", parts, 0) for i, parts in enumerate(made)]
    _give(walker, node.output, [*states, *stacked])


def _scan(walker: Simplifier, node: onnx.NodeProto) -> None:
    """A Scan over an axis of known length."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    body, n_scanned = _body(walker, node, "body"), int(attributes["num_scan_inputs"])
    n_states = len(node.input) - n_scanned
    if walker.opsets.get("", 1) < 9 or n_states < 0 or len(body.input) != len(node.input):
        raise _error(walker, node, f"{n_scanned} inputs to scan of {len(node.input)} do not fit its body")
    states, scanned = list(node.input[:n_states]), list(node.input[n_states:])
    n_made = len(body.output) - n_states
    axes = list(attributes.get("scan_input_axes") or [0] * n_scanned)
    backwards = list(attributes.get("scan_input_directions") or [0] * n_scanned)
    out_axes = list(attributes.get("scan_output_axes") or [0] * n_made)
    out_backwards = list(attributes.get("scan_output_directions") or [0] * n_made)
    lengths = {walker.graph.shapes[x][axis] for x, axis in zip(scanned, axes, strict=True)}
    if len(lengths) != 1:
        raise _error(walker, node, f"its inputs have different lengths {sorted(lengths)}, expected one")
    (turns,) = lengths
    _check_size(walker, node, body, turns)
    made: list[list[str]] = [[] for _ in range(n_made)]
    for turn in range(turns):
        prefix = f"{_title(node)}/{turn}/"
        parts = [
            _pick(walker, f"{prefix}in{i}", x, turns - 1 - turn if back else turn, axis)
            for i, (x, axis, back) in enumerate(zip(scanned, axes, backwards, strict=True))
        ]
        names = dict(zip((v.name for v in body.input), [*states, *parts], strict=True))
        results = _run(walker, body, _title(node), f"{turn}/", names)
        states = results[:n_states]
        for stack, result in zip(made, results[n_states:], strict=True):
            stack.append(result)
    stacked = [
        _stack(walker, f"{_title(node)}/stack{i}", parts[::-1] if back else parts, axis)
        for i, (parts, axis, back) in enumerate(zip(made, out_axes, out_backwards, strict=True))
    ]
    _give(walker, node.output, [*states, *stacked])


def _map(walker: Simplifier, node: onnx.NodeProto) -> None:
    """A function of every tensor of a sequence."""
    body, first = _body(walker, node, "body"), walker.sequences.get(node.input[0])
    if first is None:
        raise _error(walker, node, f"its input {node.input[0]!r} is no sequence of known length")
    made: list[list[str]] = [[] for _ in body.output]
    for turn in range(len(first)):
        given = [walker.sequences[n][turn] if n in walker.sequences else n for n in node.input]
        names = dict(zip((v.name for v in body.input), given, strict=True))
        for stack, result in zip(made, _run(walker, body, _title(node), f"{turn}/", names), strict=True):
            stack.append(result)
    for name, parts in zip(node.output, made, strict=True):
        walker.sequences[name] = parts


def _run(
    walker: Simplifier, body: onnx.GraphProto, title: str, turn: str, given: dict[str, str]
) -> list[str]:
    """Visit the nodes of a body under names of their own; returns the names of its results."""
    shared = f"{title}/"
    nodes, tensors, results = inline.body(body, f"{shared}{turn}", shared, given)
    for tensor in (t for t in tensors if not walker.graph.is_static(t.name)):
        walker.add_static(tensor.name, statics.stored(tensor, walker.folder, walker.graph))
    for inner in topological(nodes, walker.known, walker.graph.file):
        walker.visit(inner)
    return results


def _give(walker: Simplifier, names: Sequence[str], results: Sequence[str]) -> None:
    for outer, result in zip(names, results, strict=True):
        if outer:
            walker.same(outer, result)


def _body(walker: Simplifier, node: onnx.NodeProto, name: str) -> onnx.GraphProto:
    body: onnx.GraphProto | None = next(
        (a.g for a in node.attribute if a.name == name and a.HasField("g")), None
    )
    if body is None:
        raise _error(walker, node, f"it has no {name}, expected a graph")
    return body


def _number(walker: Simplifier, node: onnx.NodeProto, index: int, what: str) -> int | None:
    """The value of an input that steers the loop, None if it is left out."""
    name = node.input[index] if index < len(node.input) else ""
    if not name:
        return None
    value = walker.graph.value(name)
    if value is None:
        raise _error(walker, node, f"its {what} {name!r} is not constant; `value` can fix an input")
    return int(value.reshape(-1)[0])


def _check_size(walker: Simplifier, node: onnx.NodeProto, body: onnx.GraphProto, turns: int) -> None:
    if turns * len(body.node) > MOST_NODES:
        raise _error(
            walker, node, f"{turns} turns of {len(body.node)} nodes are too many to be told apart, expected"
            f" {MOST_NODES} nodes at most; a recurrence that long needs an operator of its own",
        )  # fmt: skip


def _constant(walker: Simplifier, name: str, value: Any) -> str:
    walker.add_static(name, statics.known(value))
    return name


def _pick(walker: Simplifier, name: str, source: str, index: int, axis: int) -> str:
    """One part of a tensor along an axis."""
    at = _constant(walker, name + "/at", np.array(index))
    walker.visit(helper.make_node("Gather", [source, at], [name], name=name, axis=axis))
    return name


def _stack(walker: Simplifier, name: str, parts: list[str], axis: int) -> str:
    """Tensors put together along a new axis."""
    if not parts:
        raise NetworkError(f"{walker.graph.file}: {name!r}: no turn is made, so nothing comes out of it")
    wide = [f"{name}/{i}" for i in range(len(parts))]
    for part, target in zip(parts, wide, strict=True):
        if walker.opsets.get("", 1) >= 13:
            axes = numpy_helper.from_array(np.array([axis]), target + "/axes")
            walker.add_static(axes.name, statics.stored(axes, walker.folder, walker.graph))
            walker.visit(helper.make_node("Unsqueeze", [part, axes.name], [target], name=target))
        else:
            walker.visit(helper.make_node("Unsqueeze", [part], [target], name=target, axes=[axis]))
    walker.visit(helper.make_node("Concat", wide, [name], name=name, axis=axis))
    return name


def _title(node: onnx.NodeProto) -> str:
    return node.name or next(o for o in node.output if o)


def _error(walker: Simplifier, node: onnx.NodeProto, message: str) -> NetworkError:
    return NetworkError(f"{walker.graph.file}: node {label(node)}: {message}")
