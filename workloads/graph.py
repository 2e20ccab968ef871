"""The Network: operators with static shapes, and the streams of tokens that flow between them.

An operator makes its output stream token by token; the `Window` of a port says which part of an input stream
one output token needs. That is all that pipelining between layers depends on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import NetworkError
from .operators import Kind, Matrix, Operator, Product, Reach, told
from .stream import Grid, Port, Tensor, Window

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Grid",
    "Kind",
    "Matrix",
    "Network",
    "Operator",
    "Port",
    "Product",
    "Reach",
    "Tensor",
    "Window",
]


@dataclass(frozen=True)
class Network:
    """A whole network, immutable.

    Parameters
    ----------
    name : str
    operators : tuple of Operator
        In topological order; the first ones are the inputs (kind "input").
    outputs : tuple of str
        Names of the operators whose output leaves the network.
    notes : tuple of str
        What the user should know about the import ("3 operators unknown, mapped on the vector unit").
    source : str
        File or zoo name; file_hash of the bytes read.
    """

    name: str
    operators: tuple[Operator, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    source: str = ""
    file_hash: str = ""
    _by_tensor: dict[str, Operator] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        names: set[str] = set()
        for operator in self.operators:
            if operator.name in names:
                raise NetworkError(f"{self.name}: two operators are called {operator.name!r}")
            for port in operator.inputs:
                if port.tensor not in self._by_tensor:
                    raise NetworkError(
                        f"{self.name}: {operator.name}: input {port.tensor!r} is made by no earlier operator"
                    )
            names.add(operator.name)
            self._by_tensor[operator.output.name] = operator
        missing = set(self.outputs) - names
        if missing:
            raise NetworkError(f"{self.name}: output operators {sorted(missing)} do not exist")

    def producer(self, tensor: str) -> Operator:
        """The operator that makes `tensor`."""
        return self._by_tensor[tensor]

    def __iter__(self) -> Iterator[Operator]:
        return iter(self.operators)

    @property
    def graph(self) -> nx.DiGraph:
        """Operators as nodes (attribute ``operator``), one edge per activation (attribute ``port``)."""
        import networkx as nx

        graph = nx.DiGraph(name=self.name)
        for operator in self.operators:
            graph.add_node(operator.name, operator=operator)
            for port in operator.inputs:
                graph.add_edge(self.producer(port.tensor).name, operator.name, port=port)
        return graph

    @property
    def macs(self) -> int:
        return sum(o.macs for o in self.operators)

    @property
    def product_macs(self) -> int:
        return sum(o.product_macs for o in self.operators)

    @property
    def params(self) -> int:
        """Numbers that the file stores and an output depends on, each stored tensor once."""
        return sum(o.params for o in self.operators)

    @property
    def hash(self) -> str:
        """SHA-256 over everything that a simulation depends on; names of files do not count."""
        body = [told(o) for o in self.operators]
        return hashlib.sha256(json.dumps([body, self.outputs], sort_keys=True).encode()).hexdigest()
