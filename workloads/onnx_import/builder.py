"""Turns live nodes into operators: keeps the views, the operators and the count of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Literal

from ..errors import NetworkError
from ..formats import Format
from ..graph import Grid, Kind, Matrix, Operator, Port, Product, Reach, Tensor, Window
from .nodes import Graph, Node
from .view import Axis, View, fresh, restream, tokens, window

Constant = Literal["number", "by element", "by token"]


class Builder:
    """What the operator rules write to.

    Parameters
    ----------
    graph : Graph
        The simplified graph.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.views: dict[str, View] = {}
        self.operators: list[Operator] = []
        # Additions and multiplications with a constant, by operator name: what that constant varies with.
        self.constant_operand: dict[str, Constant] = {}
        self._names: set[str] = set()
        self._counted: set[str] = set()

    def view(self, node: Node, index: int = 0) -> View:
        """How the live input `index` of a node is seen."""
        name = node.input(index)
        if name not in self.views:
            what = (
                "left out" if not name else "constant" if self.graph.is_static(name) else "of no known stream"
            )
            raise self.graph.error(node, f"input {index} ({name!r}) is {what}, expected a live tensor")
        return self.views[name]

    def live(self, node: Node) -> list[int]:
        """Indices of the inputs that are live tensors."""
        return [i for i, name in enumerate(node.inputs) if name in self.views]

    def add_input(self, name: str, view: View) -> None:
        """A graph input."""
        self.views[name] = self.emit(Node(name, "Input", [], [name]), "input", view, ())

    def emit(
        self,
        node: Node,
        kind: Kind,
        out: View,
        ports: Iterable[Port],
        *,
        op: str = "",
        part: str = "",
        function: str = "",
        work: int = 0,
        fused: tuple[str, ...] = (),
        matrix: Matrix | None = None,
        product: Product | None = None,
        params: int = 0,
        state_work: tuple[tuple[str, int], ...] = (),
    ) -> View:
        """Add an operator that makes the stream behind `out`, and return `out`.

        `part` names one of several operators that a node becomes ("node/part").
        """
        shape = out.stored_shape
        tensor = Tensor(out.tensor, shape, out.grid, prod(shape) // out.grid.n_tokens)
        self.operators.append(
            Operator(
                name=self._unique(f"{node.name}/{part}" if part else node.name),
                op=op or node.op,
                kind=kind,
                inputs=tuple(ports),
                output=tensor,
                function=function,
                work=work,
                fused=fused,
                matrix=matrix,
                product=product,
                params=params,
                state_work=state_work,
                weight_format=self._stored_as(node) if kind == "matrix" else None,
                input_format=self._read_as(node) if kind in ("matrix", "product") else None,
                reach=reach_on(node.reach, out.grid),
            )
        )
        return out

    def result(self, node: Node, view: View, index: int = 0) -> None:
        """Output `index` of the node is seen as `view`."""
        self.views[node.outputs[index]] = view

    def params(self, names: Iterable[str], absorbed: Iterable[str] = (), *, formula: bool = False) -> int:
        """Numbers that are stored behind these static tensors; each stored tensor counts once in a network.

        Single numbers among the `absorbed` belong to a formula (the 0.5 of a GELU), not to the weights;
        with `formula` all do.
        """
        graph, total = self.graph, 0
        for may_be_single, some in ((not formula, names), (False, absorbed)):
            for static in (graph.statics[name] for name in some if name in graph.statics):
                for root in static.roots if may_be_single or static.size > 1 else ():
                    if root not in self._counted:
                        self._counted.add(root)
                        total += graph.root_sizes[root]
        return total

    def weight(self, name: str) -> str:
        """The stored tensor behind a static one, "" if there is not exactly one."""
        static = self.graph.statics.get(name)
        return static.roots[0] if static is not None and len(static.roots) == 1 else ""

    def _stored_as(self, node: Node) -> Format | None:
        """The format of the first stored tensor of a node that has more than one dimension."""
        for name in node.inputs:
            static = self.graph.statics.get(name)
            if static is not None and len(static.shape) > 1:
                return next((f for r in static.roots if (f := self.graph.stored_as.get(r)) is not None), None)
        return None

    def _read_as(self, node: Node) -> Format | None:
        return next(
            (f for n in node.inputs if (f := self.graph.read_as.get((node.name, n))) is not None), None
        )

    def port(self, view: View, rows: Sequence[int], cols: Sequence[int], out: Grid) -> Port:
        return Port(view.tensor, window(view, rows, cols, out))

    def grid_view(self, node: Node, view: View, rows: Sequence[int], cols: Sequence[int]) -> View:
        """The same tensor with exactly these axes as tokens; by a move if the stream is another one."""
        target = fresh(view.tensor, view.shape, rows, cols)
        if view.grid == target.grid and all(
            tokens([a]) == tokens([b]) for a, b in zip(view.axes, target.axes, strict=True)
        ):
            return view
        part = "stream"
        while f"{node.name}/{part}" in self._names:
            part += "'"
        name = f"{node.name}/{part}"
        moved = fresh(name, view.shape, rows, cols)
        return self.emit(
            node, "move", moved, [self.port(view, rows, cols, moved.grid)], op="Reshape", part=part
        )

    def materialise(self, node: Node, name: str, axes: Sequence[Axis], keep_repeats: bool = False) -> View:
        """A new stream `name` with the token factors of `axes`."""
        if name in self.views:
            raise NetworkError(f"{self.graph.file}: node {node.name!r}: tensor {name!r} is made twice")
        return restream(name, axes, keep_repeats)

    def _unique(self, name: str) -> str:
        unique, n = name, 1
        while unique in self._names:
            n += 1
            unique = f"{name}#{n}"
        self._names.add(unique)
        return unique


def reach_on(reach: Reach | None, grid: Grid) -> Reach | None:
    """The positions that the rows of an attention look back at, for tokens on a grid of sequences.

    None if the tokens are not those rows.
    """
    if reach is None or (reach.each and len(reach.each) != grid.cols):
        return None
    if grid.rows == 1:
        return reach
    row = tuple(reach(k) for k in range(grid.cols))
    return Reach(row[0], each=row * grid.rows)


def split_dims(view: View) -> tuple[list[int], list[int]]:
    """The axes of a view that hold rows, and those that hold columns, of its stream."""
    rows = [i for i, axis in enumerate(view.axes) if any(f.dim == 0 for f in axis)]
    cols = [i for i, axis in enumerate(view.axes) if any(f.dim == 1 for f in axis)]
    return rows, cols


def whole(view: View, out: Grid) -> Port:
    """The input, all of it for every token of the output."""
    return Port(view.tensor, Window("same" if view.grid.n_tokens == out.n_tokens == 1 else "all"))
