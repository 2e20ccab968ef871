"""How a tensor is seen as a stream of tokens, and how that survives reshapes and transposes.

Each axis of a tensor is a product of factors, outermost first. A factor either counts token positions of
the stream behind it (with the step it makes in rows or columns of the stream's grid) or elements within
a token. Reshape regroups factors, Transpose permutes axes; neither moves a byte, and whether the order
of the tokens is still that of the stream can be read off the steps. (The idea is that of a strided layout.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from ..graph import Grid, Window
from .nodes import Shape

ROW, COL, ELEMENT, REPEAT = 0, 1, -1, -2


@dataclass(frozen=True)
class Factor:
    """A part of an axis.

    Parameters
    ----------
    size : int
        At least 2 (factors of one are left out).
    dim : int
        ROW or COL: token positions along that dimension of the grid; ELEMENT: within a token;
        REPEAT: the same again (a broadcast), which no memory holds.
    step : int
        For tokens: rows or columns of the grid from one position to the next.
    """

    size: int
    dim: int = ELEMENT
    step: int = 0

    @property
    def is_token(self) -> bool:
        return self.dim >= 0


Axis = tuple[Factor, ...]


@dataclass(frozen=True)
class View:
    """A tensor as a view of the stream `tensor`, whose tokens lie on `grid`."""

    tensor: str
    grid: Grid
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> Shape:
        return tuple(size(axis) for axis in self.axes)

    @property
    def stored_shape(self) -> Shape:
        """The shape without repeats: what a memory holds."""
        return tuple(prod(f.size for f in axis if f.dim != REPEAT) for axis in self.axes)


def size(axis: Axis) -> int:
    return prod(f.size for f in axis)


def elements(axis: Axis) -> int:
    """Size of an axis without its token positions."""
    return prod(f.size for f in axis if not f.is_token)


def tokens(axes: Iterable[Axis]) -> list[Factor]:
    return [f for axis in axes for f in axis if f.is_token]


def element_axis(n: int) -> Axis:
    return (Factor(n),) if n > 1 else ()


def as_elements(axis: Axis) -> Axis:
    """The axis with whatever it held turned into elements of a token."""
    return element_axis(size(axis))


def fresh(tensor: str, shape: Shape, rows: Sequence[int], cols: Sequence[int]) -> View:
    """View of a stream whose tokens are the given axes of `shape`, row-major, rows before columns."""
    step = {}
    for dim_axes in (rows, cols):
        pace = 1
        for axis in reversed(dim_axes):
            step[axis] = pace
            pace *= shape[axis]
    axes = tuple(
        () if n == 1 else (Factor(n, ROW if i in rows else COL, step[i]),) if i in step else (Factor(n),)
        for i, n in enumerate(shape)
    )
    grid = Grid(prod(shape[i] for i in rows), prod(shape[i] for i in cols))
    return View(tensor, grid, axes)


def restream(tensor: str, axes: Sequence[Axis], keep_repeats: bool = False) -> View:
    """A new stream with the token factors of `axes`, in that order; the rest become elements.

    With `keep_repeats` the stream holds what is repeated once, and only the view repeats it.
    """
    kept = tokens(axes)
    nested = [merged([f for f in kept if f.dim == dim]) for dim in (ROW, COL)]
    order = [f.dim for f in kept]
    if order == sorted(order) and None not in nested:
        base = [min((f.step for f in kept if f.dim == dim), default=1) for dim in (ROW, COL)]
        grid = Grid(*(whole.size if whole else 1 for whole in nested))
        numbered = iter([replace(f, step=f.step // base[f.dim]) for f in kept])
    else:  # out of order: a plain sequence
        grid = Grid(1, prod(f.size for f in kept))
        pace, backwards = 1, []
        for f in reversed(kept):
            backwards.append(Factor(f.size, COL, pace))
            pace *= f.size
        numbered = iter(reversed(backwards))
    renewed = tuple(
        tuple(
            next(numbered) if f.is_token else f if keep_repeats and f.dim == REPEAT else Factor(f.size)
            for f in axis
        )
        for axis in axes
    )
    return View(tensor, grid, renewed)


def merged(factors: Sequence[Factor]) -> Factor | None:
    """One factor that counts what these count together (size 1 for none); None if they do not nest."""
    whole = Factor(1, COL, 1)
    for position, f in enumerate(reversed(factors)):
        if position == 0:
            whole = f
        elif f.step != whole.size * whole.step or f.dim != whole.dim:
            return None
        else:
            whole = Factor(whole.size * f.size, f.dim, whole.step)
    return whole


def in_order(view: View, axes: Sequence[int]) -> bool:
    """Whether the tokens on `axes` are all of the stream's tokens, in the stream's order."""
    expected = 1
    for f in reversed(tokens(view.axes[i] for i in axes)):
        if f.step * (view.grid.cols if f.dim == ROW else 1) != expected:
            return False
        expected *= f.size
    return expected == view.grid.n_tokens


def window(
    view: View, rows: Sequence[int], cols: Sequence[int], out: Grid, offset: tuple[int, int] = (0, 0)
) -> Window:
    """The tokens of the stream that one token of a consumer needs.

    Parameters
    ----------
    rows, cols : sequence of int
        The axes of the view that follow the consumer's token positions. All other axes are consumed whole.
    out : Grid
        The consumer's grid.
    offset : tuple of int
        Row and column of the stream at which the view begins (a slice; negative for padding).
    """
    together = [*rows, *(c for c in cols if c not in rows)]
    if view.grid.n_tokens == 1:
        return Window("same" if out.n_tokens == 1 else "all")
    if offset == (0, 0) and out.n_tokens == view.grid.n_tokens and in_order(view, together):
        return Window("same")
    kernel, stride, up = [1, 1], [1, 1], [1, 1]
    consumed = tokens(axis for i, axis in enumerate(view.axes) if i not in together)
    if prod(f.size for f in consumed) == view.grid.n_tokens:
        return Window("all")
    for dim, axes, n_out in ((ROW, rows, out.rows), (COL, cols, out.cols)):
        shared = set(rows) & set(cols)  # one axis that counts through rows and columns
        along = [f for i in axes for f in view.axes[i] if f.dim == dim or i not in shared]
        whole = merged([f for f in along if f.is_token])
        if whole is None or any(f.dim != dim for f in along if f.is_token):
            return Window("all")
        kernel[dim] = 1 + sum((f.size - 1) * f.step for f in consumed if f.dim == dim)
        if whole.size == 1:  # nothing of this dimension follows the consumer
            if kernel[dim] > 1 and n_out > 1:
                return Window("all")
            continue
        stride[dim] = whole.step
        if whole.size != n_out:  # elements of a token become positions of their own
            up[dim] = prod(f.size for f in along if not f.is_token)
            split = [f.is_token for f in along]
            if whole.size * up[dim] != n_out or split != sorted(split, reverse=True) or whole.step > 1:
                return Window("all")
    pad = (-offset[ROW], -offset[COL])
    return Window("window", (kernel[0], kernel[1]), (stride[0], stride[1]), pad, up=(up[0], up[1]))


def transpose(view: View, perm: Sequence[int]) -> View:
    return replace(view, axes=tuple(view.axes[i] for i in perm))


def reshape(view: View, shape: Shape) -> View | None:
    """Regroup the factors; None if a new axis would cut one in a way that it does not divide."""
    queue = _coarse([f for axis in view.axes for f in axis])[::-1]
    axes: list[Axis] = []
    for n in shape:
        axis: list[Factor] = []
        while n > 1:
            if not queue:
                return None
            f = queue.pop()
            if n % f.size == 0:
                axis.append(f)
                n //= f.size
            elif f.size % n == 0:
                inner = f.size // n
                axis.append(Factor(n, f.dim, f.step * inner))
                queue.append(Factor(inner, f.dim, f.step))
                n = 1
            else:
                return None
        axes.append(tuple(axis))
    return None if queue else replace(view, axes=tuple(axes))


def _coarse(factors: Sequence[Factor]) -> list[Factor]:
    """Neighbours that count on from each other, joined."""
    joined: list[Factor] = []
    for f in factors:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.dim == f.dim != REPEAT
            and (f.dim == ELEMENT or last.step == f.size * f.step)
        ):
            joined[-1] = Factor(last.size * f.size, f.dim, f.step)
        else:
            joined.append(f)
    return joined


def expand(view: View, shape: Shape) -> View:
    """Broadcast to a shape, NumPy's way: what is added is a repeat."""
    axes = ((),) * (len(shape) - len(view.axes)) + view.axes
    grown = tuple(
        axis if size(axis) == n or size(axis) > 1 else (Factor(n, REPEAT),)
        for axis, n in zip(axes, shape, strict=True)
    )
    return replace(view, axes=grown)
