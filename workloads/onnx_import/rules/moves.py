"""Slice, Split, Pad, Concat, Tile: elements stay with their token; tokens shift their positions."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from ...graph import Grid, Port, Window
from ..builder import Builder, split_dims, whole
from ..nodes import Node, Shape
from ..view import COL, ROW, Axis, Factor, View, as_elements, element_axis, fresh, merged, tokens, window
from .registry import rule
from .views import plain_layout


@rule("Slice")
def slice_(node: Node, b: Builder) -> None:
    view = b.view(node)
    rank = len(view.axes)
    if "starts" in node.attributes:
        starts = list(node.attributes["starts"])
        axes, steps = node.attributes.get("axes") or list(range(len(starts))), [1] * len(starts)
    else:
        starts = b.graph.integers(node, 1) or []
        axes = b.graph.integers(node, 3) or list(range(len(starts)))
        steps = b.graph.integers(node, 4) or [1] * len(starts)
    cuts = {}
    for start, axis, step in zip(starts, axes, steps, strict=True):
        n = view.shape[axis % rank]
        first = min(max(start + n if start < 0 else start, 0), n - 1)
        cuts[axis % rank] = (first, b.graph.shape(node.outputs[0])[axis % rank], step)
    b.result(node, cut(node, b, view, node.outputs[0], cuts))


@rule("Split")
def split(node: Node, b: Builder) -> None:
    view, start = b.view(node), 0
    axis = int(node.attributes.get("axis", 0)) % len(view.axes)
    for index, name in enumerate(node.outputs):
        if not name:
            raise b.graph.error(node, f"output {index} has no name, expected a name for every part")
        n = b.graph.shape(name)[axis]
        b.result(node, cut(node, b, view, name, {axis: (start, n, 1)}, part=str(index)), index)
        start += n


@rule("Pad")
def pad(node: Node, b: Builder) -> None:
    view = b.view(node)
    pads = node.attributes.get("pads") or b.graph.integers(node, 1) or []
    axes = b.graph.integers(node, 3) or list(range(len(view.axes)))
    shape = b.graph.shape(node.outputs[0])
    cuts = {a % len(view.axes): (-p, shape[a], 1) for a, p in zip(axes, pads, strict=False)}
    b.result(node, cut(node, b, view, node.outputs[0], cuts))


def cut(
    node: Node, b: Builder, view: View, name: str, cuts: dict[int, tuple[int, int, int]], part: str = ""
) -> View:
    """Part of a tensor (or more than it: padding): per axis (first, count, step)."""
    shape = view.shape
    cuts = {i: c for i, c in cuts.items() if c != (0, shape[i], 1)}
    if not cuts:
        return view
    sliced, offset = list(view.axes), [0, 0]
    for i, (first, count, step) in cuts.items():
        here = tokens([view.axes[i]])
        whole = merged(here)
        if not here:
            sliced[i] = element_axis(count)
        elif whole is None or whole.size != shape[i] or step < 1:  # mixed or backwards: take it whole
            sliced[i] = as_elements(element_axis(count))
        else:
            sliced[i] = (Factor(count, whole.dim, whole.step * step),) if count > 1 else ()
            offset[whole.dim] += first * whole.step
    out = b.materialise(node, name, sliced)
    lost = any(
        tokens([a]) and not tokens([s]) and cuts[i][1] > 1
        for i, (a, s) in enumerate(zip(view.axes, sliced, strict=True))
        if i in cuts
    )
    seen = replace(view, axes=tuple(sliced))
    need = Window("all") if lost else window(seen, *split_dims(out), out.grid, (offset[ROW], offset[COL]))
    return b.emit(node, "move", out, [Port(view.tensor, need)], part=part)


@rule("Concat")
def concat(node: Node, b: Builder) -> None:
    axis = int(node.attributes["axis"]) % len(b.graph.shape(node.outputs[0]))
    params = b.params([n for i, n in enumerate(node.inputs) if i not in b.live(node)])
    if any(tokens([b.view(node, i).axes[axis]]) for i in b.live(node)):
        _concat_tokens(node, b, axis, params)
        return
    live = [b.view(node, i) for i in b.live(node)]
    leader = max(live, key=lambda v: prod(f.size for f in tokens(v.axes)))
    axes = list(leader.axes)
    axes[axis] = element_axis(b.graph.shape(node.outputs[0])[axis])
    out = b.materialise(node, node.outputs[0], axes)
    rows, cols = split_dims(out)
    ports = dict.fromkeys(b.port(v, rows, cols, out.grid) for v in live)
    b.result(node, b.emit(node, "move", out, ports, params=params))


def _concat_tokens(node: Node, b: Builder, axis: int, params: int) -> None:
    """Token k of the result is token k - offset of one input."""
    shape = b.graph.shape(node.outputs[0])
    live = {i: _single_dim(node, b, i, axis) for i in b.live(node)}
    leader = max(live.values(), key=lambda v: prod(f.size for f in tokens([v.axes[axis]])))
    if merged(leader.axes[axis]) is None:  # the axis counts through the stream in no even steps
        _concat_whole(node, b, list(live.values()), shape, params)
        return
    dim = tokens([leader.axes[axis]])[0].dim
    axes: list[Axis] = list(leader.axes)
    axes[axis] = (Factor(shape[axis], dim, merged(leader.axes[axis]).step),)  # type: ignore[union-attr]
    out = b.materialise(node, node.outputs[0], axes)
    offset, ports = 0, []
    for i, name in enumerate(node.inputs):
        n = b.graph.shape(name)[axis]
        if i in live:
            ports.append(Port(live[i].tensor, _shifted(live[i], out, axis, dim, n, offset)))
        offset += n
    b.result(node, b.emit(node, "move", out, ports, params=params))


def _concat_whole(node: Node, b: Builder, live: list[View], shape: Shape, params: int) -> None:
    """A new stream, for which everything must be there."""
    out = fresh(node.outputs[0], shape, *plain_layout(shape))
    ports = dict.fromkeys(whole(v, out.grid) for v in live)
    b.result(node, b.emit(node, "move", out, ports, params=params))


def _single_dim(node: Node, b: Builder, index: int, axis: int) -> View:
    """The input with the concatenated axis along one dimension of its grid (an image becomes a sequence)."""
    view = b.view(node, index)
    dims = {f.dim for f in tokens([view.axes[axis]])}
    rows, cols = split_dims(view)
    if len(dims) == 2 and rows == cols == [axis]:
        return b.grid_view(node, view, [], [axis])
    return view


def _shifted(view: View, out: View, axis: int, dim: int, n: int, offset: int) -> Window:
    rows, cols = split_dims(out)
    if out.grid.n_tokens % out.shape[axis] or view.grid.n_tokens == 1:
        return Window("all")
    size = [out.grid.rows, out.grid.cols]
    size[dim] = size[dim] // out.shape[axis] * n
    need = window(view, rows, cols, Grid(*size))
    if need.kind == "all" or tokens([out.axes[axis]])[0].step != 1:
        return Window("all")
    pad = [0, 0]
    pad[dim] = offset
    return replace(need, kind="window", pad=(pad[0], pad[1]))


@rule("Tile")
def tile(node: Node, b: Builder) -> None:
    """Repeat along axes: within a token where the axis holds elements, else the whole tensor is needed."""
    view, shape = b.view(node), b.graph.shape(node.outputs[0])
    axes = [
        a if n == old else as_elements(element_axis(n))
        for a, n, old in zip(view.axes, shape, view.shape, strict=True)
    ]
    out = b.materialise(node, node.outputs[0], axes)
    rows, cols = split_dims(out)
    b.result(node, b.emit(node, "move", out, [b.port(view, rows, cols, out.grid)]))
