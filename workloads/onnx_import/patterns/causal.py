"""Masks that hide later tokens from a query: what a constant mask before a softmax lets through.

A mask is added to the scores (0 or a very negative number), or chooses between them and such a number. Known
is what is constant of it: a causal mask combined with one for padding that only comes with the input still
hides all later tokens. Where the keys that a query sees end with its own position, the two products of
the attention and all between them need no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
import numpy.typing as npt

from ...graph import Reach
from ..nodes import Graph, Links, Node
from ..statics import LARGEST_VALUE

HIDDEN = -1e4
"""Scores as low as this vanish in a softmax; exporters use minus infinity or the lowest number there is."""

Visible = npt.NDArray[np.bool_]
BETWEEN = frozenset({"Add", "Where", "Mul", "Div", "Cast", "Tanh", "Clip"})
"""What may stand between the scores and their softmax."""


def causal(graph: Graph, links: Links) -> None:
    """Mark the operators of attentions whose queries look back only, with the positions that they see."""
    for node in graph.nodes:
        if node.op != "Softmax":
            continue
        shape = graph.shape(node.inputs[0])
        if len(shape) < 2 or shape[-1] != shape[-2] or prod(shape[-2:]) > LARGEST_VALUE:
            continue
        if node.version >= 13 and int(node.attributes.get("axis", -1)) % len(shape) == len(shape) - 1:
            _mark(graph, links, node)


def _mark(graph: Graph, links: Links, softmax: Node) -> None:
    shape = graph.shape(softmax.inputs[0])
    chain, visible = [softmax], np.ones(shape[-2:], bool)
    node = links.producer.get(softmax.inputs[0])
    while node is not None and node.op in BETWEEN and links.only_consumer(node.outputs[0]) is not None:
        chain.append(node)
        through = _scores(graph, links, node, shape)
        if through is None:
            return
        name, seen = through
        visible = visible & _over_heads(seen, shape)
        node = links.producer.get(name)
    if node is None or node.op not in ("MatMul", "Einsum") or any(graph.is_static(i) for i in node.inputs):
        return
    reach = _reach(visible)
    if reach is not None:
        for part in (node, *chain, *_readers(graph, links, softmax)):
            part.reach = reach


def _scores(
    graph: Graph, links: Links, node: Node, shape: tuple[int, ...]
) -> tuple[str, Visible | None] | None:
    """The scores that a node passes on, and what it lets through of them (None: all)."""
    alike = [n for n in node.inputs if n and not graph.is_static(n) and graph.shape(n) == shape]
    if node.op == "Where":
        condition, first, second = node.inputs
        for name, constant, keeps in ((first, second, True), (second, first, False)):
            number = graph.value(constant)
            if name in alike and number is not None and number.max() <= HIDDEN:
                return name, _truth(graph, links, condition, keeps)
        return None
    if node.op != "Add":
        return (alike[0], None) if len(alike) == 1 and alike[0] == node.inputs[0] else None
    for scores, mask in (node.inputs, node.inputs[::-1]):
        if scores in alike:
            return scores, _added(graph, links, mask)
    return None


def _added(graph: Graph, links: Links, name: str) -> Visible | None:
    """Where an added mask is not very negative, as far as that is constant."""
    values = graph.value(name)
    if values is not None:
        return np.asarray(values > HIDDEN)
    node = _behind_views(graph, links, name)
    if node is not None and node.op in ("Add", "Min"):
        return _both([_added(graph, links, n) for n in node.inputs])
    if node is not None and node.op == "Where":
        numbers = [graph.value(n) for n in node.inputs[1:]]
        for number, keeps in ((numbers[1], True), (numbers[0], False)):
            if number is not None and number.max() <= HIDDEN:
                return _truth(graph, links, node.inputs[0], keeps)
    return None


def _truth(graph: Graph, links: Links, name: str, keeps: bool) -> Visible | None:
    """Where a condition lets scores through, as far as that is constant."""
    values = graph.value(name)
    if values is not None:
        return np.asarray(values.astype(bool) == keeps)
    node = _behind_views(graph, links, name)
    if node is not None and node.op == ("And" if keeps else "Or"):
        return _both([_truth(graph, links, n, keeps) for n in node.inputs])
    if node is not None and node.op == "Not":
        return _truth(graph, links, node.inputs[0], not keeps)
    return None


def _both(parts: list[Visible | None]) -> Visible | None:
    """What several masks let through together."""
    known = [p for p in parts if p is not None]
    together: Visible | None = None
    for part in known:
        together = part if together is None else np.logical_and(part, together).astype(np.bool_)
    return together


def _behind_views(graph: Graph, links: Links, name: str) -> Node | None:
    """The node that makes a live mask, looked for behind views that keep queries and keys in their place."""
    node = links.producer.get(name)
    while node is not None and node.op in ("Unsqueeze", "Expand", "Reshape", "Cast"):
        if graph.shape(node.inputs[0])[-2:] != graph.shape(node.outputs[0])[-2:]:
            return None
        node = links.producer.get(node.inputs[0])
    return node


def _over_heads(seen: Visible | None, shape: tuple[int, ...]) -> Visible:
    """What any head of any sequence sees, shape (queries, keys)."""
    if seen is None:
        return np.ones(shape[-2:], bool)
    alike = np.broadcast_to(seen, (*seen.shape[:-2], *shape[-2:])).reshape(-1, *shape[-2:])
    return np.asarray(alike.any(axis=0), np.bool_)


def _reach(visible: Visible) -> Reach | None:
    """How far queries look back, if none sees keys behind its own position.

    A mask that hides earlier keys too (a sliding window) counts as a causal one: the work of what it leaves
    out beyond that is still counted.
    """
    queries = len(visible)
    if queries == 1 or np.triu(visible, 1).any():
        return None
    return Reach(1, 1)


def _readers(graph: Graph, links: Links, softmax: Node) -> Iterator[Node]:
    """What is done to the weights, and their product with the values."""
    shape = graph.shape(softmax.outputs[0])
    reader = links.only_consumer(softmax.outputs[0])
    while reader is not None:
        if reader.op in ("MatMul", "Einsum"):
            if not any(graph.is_static(i) for i in reader.inputs):
                yield reader
            return
        if reader.op not in BETWEEN or graph.shape(reader.outputs[0]) != shape:
            return
        yield reader
        reader = links.only_consumer(reader.outputs[0])
