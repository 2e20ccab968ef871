"""Cutting a layer that is larger than the crossbars that it may take at once.

Its columns are dealt out to as many parts as it needs, of even size, each an operator of its own with the
same inputs; a concatenation puts their outputs together. A layer of which not even one column block has
room is cut by rows too: parts make partial sums of all their outputs, which are added up (as wide as an
activation, an assumption). Groups of a grouped convolution are dealt out whole.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from ...workloads.graph import Matrix, Network, Operator, Port, Tensor, Window
from ..errors import SimulationError
from .tiling import Array, Tiling, tile_matrix
from .timing import ceil_div


def cut_large(network: Network, large: dict[str, Tiling], array: Array, room: int) -> Network:
    """The network with every layer of `large` as parts of at most `room` crossbars.

    Raises
    ------
    SimulationError
        A recurrent layer, whose parts would have to take turns at every token, or a group too large.
    """
    operators: list[Operator] = []
    for operator in network.operators:
        tiling = large.get(operator.name)
        operators.extend([operator] if tiling is None else _parts(operator, tiling, array, room))
    return replace(network, operators=tuple(operators), _by_tensor={})


def _parts(o: Operator, tiling: Tiling, array: Array, room: int) -> list[Operator]:
    m = o.matrix
    assert m is not None
    if m.recurrent_k:
        raise SimulationError(
            f"`swap`: recurrent layer {o.name!r} takes {tiling.crossbars} crossbars, {room} are there at "
            "once; its parts would be written anew for every token\n"
            "use more crossbars or more chips (`chips`)"
        )
    if m.groups > 1:
        cuts = _group_cuts(o, tiling, room)
        return _columns(o, [replace(m, groups=end - begin) for begin, end in cuts], ())
    row_parts = ceil_div(tiling.row_blocks, room)
    at_once = max(1, room // ceil_div(tiling.row_blocks, row_parts))
    col_parts = ceil_div(tiling.col_blocks, at_once)
    rows = [min(m.k, k) for k in _even(tiling.row_blocks, row_parts, array.rows)]
    columns = [min(m.n, n) for n in _even(tiling.col_blocks, col_parts, array.weights_per_row)]
    narrow = [replace(m, n=end - begin) for begin, end in pairwise(columns)]
    return _columns(o, narrow, tuple(rows) if row_parts > 1 else ())


def _even(blocks: int, parts: int, size: int) -> list[int]:
    """Ends of parts of blocks, in elements: 0, ..., blocks * size."""
    return [blocks * i // parts * size for i in range(parts + 1)]


def _group_cuts(o: Operator, tiling: Tiling, room: int) -> list[tuple[int, int]]:
    """First and end group of each part."""
    assert o.matrix is not None
    groups = o.matrix.groups
    per_part = groups * room // tiling.crossbars
    if per_part == 0:
        raise SimulationError(
            f"`swap`: one group of layer {o.name!r} takes {ceil_div(tiling.crossbars, groups)} crossbars, "
            f"{room} are there at once; use more crossbars or more chips (`chips`)"
        )
    starts = list(range(0, groups, per_part))
    return list(zip(starts, [*starts[1:], groups], strict=True))


def _columns(o: Operator, matrices: list[Matrix], rows: tuple[int, ...]) -> list[Operator]:
    """A part for each matrix (each cut at `rows` again, if any), and what puts their outputs together."""
    made: list[Operator] = []
    ports = []
    many = len(matrices) > 1
    for i, matrix in enumerate(matrices):
        out = replace(o.output, elements=matrix.n * matrix.groups, shape=())
        name = f"{o.name}.part{i}" if many else o.name
        tensor = replace(out, name=f"{o.output.name}.part{i}") if many else o.output
        part = replace(o, name=name, output=tensor, matrix=matrix, params=matrix.k * matrix.n * matrix.groups)
        made += _row_parts(part, rows) if rows else [part]
        ports.append(Port(tensor.name, Window("same")))
    if many:
        made.append(Operator(o.name, "Concat", "move", tuple(ports), o.output))
    return made


def _row_parts(o: Operator, rows: tuple[int, ...]) -> list[Operator]:
    """Parts that make partial sums over some of the rows, and their addition, with the fused functions."""
    assert o.matrix is not None
    made = []
    for i, (begin, end) in enumerate(pairwise(rows)):
        tensor = Tensor(f"{o.output.name}.rows{i}", (), o.output.grid, o.output.elements)
        matrix = replace(o.matrix, k=end - begin)
        made.append(
            replace(
                o,
                name=f"{o.name}.rows{i}",
                output=tensor,
                matrix=matrix,
                fused=(),
                params=matrix.k * matrix.n,
            )
        )
    added = Operator(
        name=o.name,
        op="Add",
        kind="vector",
        inputs=tuple(Port(part.output.name, Window("same")) for part in made),
        output=o.output,
        fused=o.fused,
        function="add",
        work=o.output.elements * (len(made) - 1),
    )
    return [*made, added]


def too_large(layers: list[Operator], array: Array, room: int) -> dict[str, Tiling]:
    """Tilings of the layers that take more crossbars than there are at once."""
    tilings = {o.name: tile_matrix(o.matrix, array, o.name) for o in layers if o.matrix is not None}
    return {name: tiling for name, tiling in tilings.items() if tiling.crossbars > room}
