"""LSTM, GRU and RNN: one matrix per direction, fed by the input token and its own last output."""

from __future__ import annotations

from ...graph import Grid, Matrix, Port, Window
from ..builder import Builder, split_dims, whole
from ..nodes import Node
from ..view import ELEMENT, Factor, View, fresh
from .registry import rule

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@rule("LSTM", "GRU", "RNN")
def recurrent(node: Node, b: Builder) -> None:
    """Tokens are time steps (times batch); Y is (time, directions, batch, hidden)."""
    if not all(b.graph.is_static(n) for n in node.inputs[1:3]):
        raise b.graph.error(node, "its weights are not constant, expected stored tensors")
    if node.attributes.get("layout", 0):
        raise b.graph.error(node, "layout 1 (batch first) is not supported, expected layout 0")
    view = b.view(node)
    steps, batch, n_in = view.shape
    if node.input(4):  # of one length for all, only the steps up to it have come here
        b.graph.notes.append(
            f"the sequences of node {node.name!r} end at steps of their own: all are counted with {steps}"
        )
    hidden = int(node.attributes.get("hidden_size") or b.graph.shape(node.inputs[2])[-1])
    grid = Grid(1, steps) if batch == 1 else Grid(steps, batch)
    recurrence = b.graph.shape(node.inputs[2])
    if recurrence[-2:] != (GATES[node.op] * hidden, hidden):
        raise b.graph.error(
            node, f"hidden_size {hidden}, its recurrent weights are {recurrence}; expected"
            f" {GATES[node.op] * hidden} x {hidden} for each direction",
        )  # fmt: skip
    direction = node.attributes.get("direction", "forward")
    names = {"forward": ["forward"], "reverse": ["reverse"], "bidirectional": ["forward", "reverse"]}[
        direction
    ]
    params = b.params([n for i, n in enumerate(node.inputs) if n and not (i > 3 and _is_zero(n, b))])
    matrix = Matrix(
        n_in + hidden, GATES[node.op] * hidden, recurrent_k=hidden, weight=b.weight(node.inputs[1])
    )
    states = [whole(v, grid) for v in (b.view(node, i) for i in b.live(node) if i > 3)]
    made = []
    for i, name in enumerate(names):
        out = _stream(
            f"{node.name}/{name}" if len(names) > 1 else node.outputs[0] or f"{node.name}/Y", grid, hidden
        )
        follow = ([], [0]) if batch == 1 else ([0], [1])
        port = b.port(view, *follow, grid) if name == "forward" else whole(view, out.grid)
        part = name if len(names) > 1 else ""
        made.append(
            b.emit(
                node, "matrix", out, [port, *states], part=part, matrix=matrix,
                params=params if i == 0 else 0, state_work=_state_work(node, hidden),
            )
        )  # fmt: skip
    _outputs(node, b, made, (steps, len(names), batch, hidden))


def _is_zero(name: str, b: Builder) -> bool:
    """A first state of zeros."""
    values = b.graph.value(name)
    return values is not None and not values.any()


def _state_work(node: Node, h: int) -> tuple[tuple[str, int], ...]:
    """Gate functions and element operations per time step."""
    if node.op == "LSTM":  # i, o, f; c~ and tanh(c); f c, i c~, o tanh(c); their sum
        return (("sigmoid", 3 * h), ("tanh", 2 * h), ("mul", 3 * h), ("add", h))
    if node.op == "GRU":  # z, r; h~; r h, (1 - z) h~, z h; two sums and 1 - z
        return (("sigmoid", 2 * h), ("tanh", h), ("mul", 3 * h), ("add", 3 * h))
    return (("tanh", h),)


def _stream(name: str, grid: Grid, hidden: int) -> View:
    shape = (grid.cols, 1, 1, hidden) if grid.rows == 1 else (grid.rows, 1, grid.cols, hidden)
    return fresh(name, shape, [], [0]) if grid.rows == 1 else fresh(name, shape, [0], [2])


def _outputs(node: Node, b: Builder, made: list[View], shape: tuple[int, ...]) -> None:
    """Y, and the last states Y_h and Y_c, which are cut from its stream."""
    _, directions, batch, hidden = shape
    grid = made[0].grid
    y = made[0]
    if directions > 1:
        axes = list(y.axes)
        axes[1] = (Factor(directions, ELEMENT),)
        y = b.materialise(node, node.outputs[0] or f"{node.name}/Y", axes)
        rows, cols = split_dims(y)
        b.emit(node, "move", y, [b.port(v, rows, cols, y.grid) for v in made], op="Concat", part="join")
    if node.outputs[0]:
        b.result(node, y)
    for index, part in ((1, "last"), (2, "state")):
        if index < len(node.outputs) and node.outputs[index]:
            state = (directions, batch, hidden)
            last = fresh(node.outputs[index], state, [], [1] if batch > 1 else [])
            need = _last_step(grid, directions)
            b.result(node, b.emit(node, "move", last, [Port(y.tensor, need)], op="Slice", part=part), index)


def _last_step(grid: Grid, directions: int) -> Window:
    if grid.n_tokens == 1:
        return Window("same")
    if directions > 1:
        return Window("all")
    return Window("window", pad=(0, 1 - grid.cols) if grid.rows == 1 else (1 - grid.rows, 0))
