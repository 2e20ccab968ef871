"""The simplified ONNX graph between the file and the Network: live nodes, known shapes, lazy constants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import NetworkError
from ..formats import Format
from ..graph import Reach

Shape = tuple[int, ...]
Array = npt.NDArray[Any]


@dataclass
class Node:
    """One live node: at least one of its inputs depends on the network's inputs.

    Parameters
    ----------
    name : str
        The node's name in the file, or that of its first output.
    inputs : list of str
        Tensor names, "" for one that is left out. Copies, casts and dropouts are already looked through.
    absorbed : list of str
        Static tensors folded into this one (batch-norm vectors, biases, scales).
    reach : Reach or None
        Positions that its output rows look back at, for the parts of a causal attention.
    """

    name: str
    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    absorbed: list[str] = field(default_factory=list)
    domain: str = ""
    version: int = 0
    reach: Reach | None = None

    def input(self, index: int) -> str:
        """Name of input `index`, "" if it is not there."""
        return self.inputs[index] if index < len(self.inputs) else ""


@dataclass(frozen=True)
class Static:
    """A tensor that no input can change. Its values are made only when somebody asks.

    Parameters
    ----------
    roots : tuple of str
        The stored tensors (parameters) that it is made of.
    make : callable
        Gives the values, or None if they are not in the file or too many to be a shape.
    """

    shape: Shape
    dtype: int
    roots: tuple[str, ...]
    make: Callable[[], Array | None]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass
class Graph:
    """The live nodes in topological order, and what is known of every tensor.

    Attributes
    ----------
    unknown_values : dict of str to str
        Static tensors whose values could not be made, and why.
    stored_as : dict of str to Format
        Of a stored tensor that is quantised.
    read_as : dict of (str, str) to Format
        Of a live tensor, by the node that reads it and its own name: one reader may take it quantised,
        another not.
    """

    file: str
    inputs: list[str]
    outputs: list[str]
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)
    statics: dict[str, Static] = field(default_factory=dict)
    root_sizes: dict[str, int] = field(default_factory=dict)
    fills: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    unknown_values: dict[str, str] = field(default_factory=dict)
    stored_as: dict[str, Format] = field(default_factory=dict)
    read_as: dict[tuple[str, str], Format] = field(default_factory=dict)
    _values: dict[str, Array | None] = field(default_factory=dict)

    def value(self, name: str) -> Array | None:
        """Values of a static tensor; None if it is live, absent, not in the file or too large."""
        if name not in self.statics:
            return None
        if name not in self._values:
            self._values[name] = self.statics[name].make()
        return self._values[name]

    def scalar(self, name: str) -> float | None:
        """The number that a static tensor of one element holds, else None."""
        if name not in self.statics or self.statics[name].size != 1:
            return None
        values = self.value(name)
        return None if values is None else float(values.reshape(-1)[0])

    def integers(self, node: Node, index: int) -> list[int] | None:
        """The static integers at input `index` of a node, None if that input is left out.

        Raises
        ------
        NetworkError
            The input is live, or its values are not in the file.
        """
        name = node.input(index)
        if not name:
            return None
        values = self.value(name)
        if values is None:
            why = self.unknown_values.get(name, "which are not constant or not in the file")
            raise self.error(node, f"needs the values of its input {name!r}: {why}")
        return [int(v) for v in values.reshape(-1)]

    def shape(self, name: str) -> Shape:
        return self.shapes[name]

    def is_static(self, name: str) -> bool:
        return name in self.statics

    def error(self, node: Node, message: str) -> NetworkError:
        """An error that says where it happened."""
        return NetworkError(f"{self.file}: node {node.name!r} ({node.op}): {message}")


class Links:
    """Who makes and who reads each tensor, for rewriting. Built from the nodes, kept by `replace`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.producer: dict[str, Node] = {}
        self.consumers: dict[str, list[Node]] = {}
        self._dropped: set[int] = set()
        self._added: dict[int, Node] = {}
        for node in graph.nodes:
            self._link(node)

    def _link(self, node: Node) -> None:
        for name in node.outputs:
            self.producer[name] = node
        for name in node.inputs:
            self.consumers.setdefault(name, []).append(node)

    def _unlink(self, node: Node) -> None:
        for name in node.inputs:
            self.consumers[name] = [c for c in self.consumers[name] if c is not node]
        for name in node.outputs:
            if self.producer.get(name) is node:
                del self.producer[name]

    def made_by(self, name: str, *ops: str) -> Node | None:
        """The node that makes `name`, if it is one of these operators."""
        node = self.producer.get(name)
        return node if node is not None and node.op in ops else None

    def only_consumer(self, name: str) -> Node | None:
        """The node that alone reads `name`, if `name` is not an output of the graph."""
        readers = self.consumers.get(name, [])
        if len(readers) != 1 or readers[0].inputs.count(name) != 1 or name in self.graph.outputs:
            return None
        return readers[0]

    def replace(self, last: Node, new: Node) -> None:
        """Put `new` in the place of `last`, whose outputs it makes. Nodes that fed only `last` die later."""
        self._unlink(last)
        self._dropped.add(id(last))
        self._added[id(last)] = new
        self._link(new)

    def bypass(self, node: Node, source: str) -> None:
        """Remove `node`: whoever reads its output reads `source` instead."""
        self._unlink(node)
        self._dropped.add(id(node))
        target = node.outputs[0]
        for reader in self.consumers.pop(target, []):
            reader.inputs = [source if name == target else name for name in reader.inputs]
            self.consumers.setdefault(source, []).append(reader)
        self.graph.outputs = [source if name == target else name for name in self.graph.outputs]

    def forget(self, node: Node) -> None:
        """Remove a node that nobody reads any more."""
        self._unlink(node)
        self._dropped.add(id(node))

    def commit(self) -> None:
        """Write the rewritten, live nodes back to the graph, in their order."""
        nodes: list[Node] = []
        for node in self.graph.nodes:
            if id(node) in self._added:
                latest = self._latest(node)
                if latest is not None:
                    nodes.append(latest)
            elif id(node) not in self._dropped:
                nodes.append(node)
        self.graph.nodes = alive(nodes, self.graph.outputs)

    def _latest(self, node: Node) -> Node | None:
        current: Node | None = node
        while current is not None and id(current) in self._dropped:
            current = self._added.get(id(current))
        return current


def alive(nodes: Iterable[Node], outputs: Iterable[str]) -> list[Node]:
    """The nodes that an output depends on, in the same order."""
    wanted = set(outputs)
    kept: list[Node] = []
    for node in reversed(list(nodes)):
        if any(name in wanted for name in node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return kept[::-1]
