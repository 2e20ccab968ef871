"""Gemm, MatMul and Einsum: a static matrix per token, or a product of two activations."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ...graph import Matrix, Port, Product, Window
from ..builder import Builder, reach_on, split_dims
from ..nodes import Node, Shape
from ..view import REPEAT, Axis, View, as_elements, element_axis, elements, tokens
from .registry import rule

Labels = list[str]  # one letter or word per axis, as in an Einsum


@rule("MatMul")
def matmul(node: Node, b: Builder) -> None:
    left, right = b.graph.shape(node.inputs[0]), b.graph.shape(node.inputs[1])
    a, c = ["k"] if len(left) == 1 else ["m", "k"], ["k"] if len(right) == 1 else ["k", "n"]
    batch = max(len(left) - len(a), len(right) - len(c), 0)
    shared = [f"b{i}" for i in range(batch)]
    out = shared + a[:-1] + c[1:]
    contract(
        node, b, shared[batch - (len(left) - len(a)) :] + a, shared[batch - (len(right) - len(c)) :] + c, out
    )


@rule("Gemm")
def gemm(node: Node, b: Builder) -> None:
    left = ["k", "m"] if node.attributes.get("transA", 0) else ["m", "k"]
    right = ["n", "k"] if node.attributes.get("transB", 0) else ["k", "n"]
    contract(node, b, left, right, ["m", "n"])


@rule("Einsum")
def einsum(node: Node, b: Builder) -> None:
    """Two operands, each index once per operand (no diagonals)."""
    equation = str(node.attributes["equation"]).replace(" ", "")
    terms, arrow, result = equation.partition("->")
    parts = terms.split(",")
    plain = all(len(set(p)) == len(p) and "." not in p for p in parts) and arrow
    if len(parts) != 2 or not plain:
        raise b.graph.error(node, f"equation {equation!r}: expected two operands such as 'bij,bjk->bik'")
    lone = [i for i in set(terms) - {",", *result} if sum(i in p for p in parts) == 1]
    if lone:
        raise b.graph.error(node, f"equation {equation!r}: index {min(lone)!r} is summed within one operand")
    contract(node, b, list(parts[0]), list(parts[1]), list(result))


def contract(node: Node, b: Builder, left: Labels, right: Labels, out: Labels) -> None:
    """Sum over the labels that `out` does not have; labels on both sides and in `out` are batch."""
    live = b.live(node)
    if 0 in live and 1 in live:
        _dynamic(node, b, left, right, out)
    elif 0 in live:
        _static(node, b, 0, left, b.graph.shape(node.inputs[1]), right, out)
    else:
        _static(node, b, 1, right, b.graph.shape(node.inputs[0]), left, out)


def _static(
    node: Node, b: Builder, index: int, labels: Labels, shape: Shape, weight_labels: Labels, out: Labels
) -> None:
    view = b.view(node, index)
    axis = {label: a for label, a in zip(labels, view.axes, strict=True) if a}
    stored = {label: n for label, n in zip(weight_labels, shape, strict=True) if n > 1}
    groups = [label for label in axis if label in stored and label in out]
    kept = [label for label in axis if label not in stored]
    k = prod(stored[label] for label in stored if label in axis and label not in out)
    n = prod(stored[label] for label in stored if label not in axis)
    axes: list[Axis] = [
        axis[label]
        if label in kept
        else as_elements(axis[label])
        if label in groups
        else element_axis(stored.get(label, 1))
        for label in out
    ]
    target = b.materialise(node, node.outputs[0], axes)
    matrix = Matrix(
        k=k,
        n=n,
        groups=prod(stored[label] for label in groups),
        applications=prod(elements(axis[label]) for label in kept),
        weight=b.weight(node.inputs[1 - index]),
    )
    port = b.port(view, *_follow(labels, out, target), target.grid)
    params = b.params(node.inputs, node.absorbed)
    b.result(node, b.emit(node, "matrix", target, [port], matrix=matrix, params=params))


def _dynamic(node: Node, b: Builder, left: Labels, right: Labels, out: Labels) -> None:
    operands = [(b.view(node, 0), left), (b.view(node, 1), right)]
    if _n_tokens(*operands[0], out) == 1 < _n_tokens(*operands[1], out):
        operands.reverse()
    (streamed, s_labels), (stationary, r_labels) = operands
    s_axis = {label: a for label, a in zip(s_labels, streamed.axes, strict=True) if a}
    r_axis = {label: a for label, a in zip(r_labels, stationary.axes, strict=True) if a}
    axes = [s_axis[label] if label in s_axis else as_elements(r_axis.get(label, ())) for label in out]
    target = b.materialise(node, node.outputs[0], axes)
    k = prod(prod(f.size for f in a) for label, a in s_axis.items() if label not in out)
    n = prod(prod(f.size for f in a) for label, a in r_axis.items() if label not in s_axis and label in out)
    total = prod(prod(f.size for f in a) for a in axes)
    heads = total // (n * target.grid.n_tokens)
    product = Product(heads, k, n, shared_by=_shared_by(r_axis, s_axis, out, heads))
    ports = [b.port(v, *_follow(labels, out, target), target.grid) for v, labels in operands]
    if reach_on(node.reach, target.grid) and stationary.grid == target.grid and ports[1].window.kind == "all":
        ports[1] = Port(ports[1].tensor, Window("prefix"))
    params = b.params(node.absorbed, formula=True)
    b.result(node, b.emit(node, "product", target, ports, product=product, params=params))


def _shared_by(stationary: dict[str, Axis], streamed: dict[str, Axis], out: Labels, heads: int) -> int:
    """Heads that use the same stationary matrix: it is repeated along the axes of the heads."""
    shared = [stationary[label] for label in stationary if label in streamed and label in out]
    times = prod(f.size for axis in shared for f in axis if f.dim == REPEAT)
    return times if heads % times == 0 else 1


def _n_tokens(view: View, labels: Labels, out: Labels) -> int:
    return prod(f.size for f in tokens(a for a, label in zip(view.axes, labels, strict=True) if label in out))


def _follow(labels: Labels, out: Labels, target: View) -> tuple[Sequence[int], Sequence[int]]:
    """The operand's axes that follow the rows and the columns of the output's tokens."""
    rows, cols = split_dims(target)
    place = {label: i for i, label in enumerate(labels)}
    return [place[out[i]] for i in rows if out[i] in place], [place[out[i]] for i in cols if out[i] in place]
