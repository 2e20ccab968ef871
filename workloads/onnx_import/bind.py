"""Which graph inputs are weights, and what shape the real ones have."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import onnx

from ..errors import NetworkError
from .nodes import Shape

NAMELESS = frozenset({"", "?", "-1", "unk", "unknown", "none", "null"})
Dims = list[int | str]  # a number, a name, or "" for a dimension that says nothing


def split_inputs(
    graph: onnx.GraphProto, file: str, weight_inputs_from: int | None
) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
    """Real inputs and weights that are only declared (graph inputs from number `weight_inputs_from` on)."""
    stored = {tensor.name for tensor in graph.initializer}
    stored |= {tensor.values.name for tensor in graph.sparse_initializer}
    free = [value for value in graph.input if value.name not in stored]
    if weight_inputs_from is None:
        return free, []
    if not 1 <= weight_inputs_from <= len(free):
        raise NetworkError(
            f"{file}: weight inputs from number {weight_inputs_from} on: expected 1 to {len(free)},"
            f" the file has {len(free)} inputs without a stored value"
        )
    return free[:weight_inputs_from], free[weight_inputs_from:]


def bind_inputs(
    inputs: list[onnx.ValueInfoProto],
    file: str,
    bind: Mapping[str, int],
    input_shapes: Mapping[str, tuple[int, ...]],
) -> tuple[dict[str, Shape], bool]:
    """Static shapes of the inputs.

    Returns
    -------
    shapes : dict of str to tuple of int
    as_stored : bool
        True if the file alone gave them, so that its other shapes hold as well.
    """
    dims = {value.name: declared_dims(value, file) for value in inputs}
    _check_names(file, bind, input_shapes, dims)
    names = dict(bind)
    as_stored = not bind
    for name, shape in input_shapes.items():
        as_stored = as_stored and dims[name] == list(shape)
        _bind_shape(file, name, shape, dims, names)
    bound: dict[str, Shape] = {}
    for name, declared in dims.items():
        if declared is None:
            raise NetworkError(
                f"{file}: input {name!r} has no shape in the file; give it with `input: {name}=1x3x224x224`"
            )
        bound[name] = _substitute(file, name, declared, names, dims)
    return bound, as_stored


def declared_dims(value: onnx.ValueInfoProto, file: str) -> Dims | None:
    """The dimensions as the file has them, None if it says nothing at all."""
    if not value.type.HasField("tensor_type"):
        kind = value.type.WhichOneof("value") or "nothing"
        raise NetworkError(f"{file}: input {value.name!r} is a {kind}, expected a tensor")
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [_declared(d) for d in tensor.shape.dim]


def _declared(dim: onnx.TensorShapeProto.Dimension) -> int | str:
    """A size, a name, or "" for what says nothing: a size below 1, or a word that stands for no name."""
    if dim.HasField("dim_value"):
        return dim.dim_value if dim.dim_value > 0 else ""
    return "" if dim.dim_param.strip().lower() in NAMELESS else dim.dim_param


def _check_names(
    file: str, bind: Mapping[str, int], input_shapes: Mapping[str, Shape], dims: Mapping[str, Dims | None]
) -> None:
    symbols = sorted({d for ds in dims.values() for d in ds or () if isinstance(d, str) and d})
    for symbol, value in bind.items():
        if symbol not in symbols:
            known = (
                f"the file has {', '.join(symbols)}"
                if symbols
                else "all its dimensions are numbers or nameless"
            )
            raise NetworkError(f"{file}: no dimension is called {symbol!r}{_near(symbol, symbols)}; {known}")
        if value < 1:
            raise NetworkError(f"{file}: dimension {symbol!r} bound to {value}, expected at least 1")
    for name, shape in input_shapes.items():
        if name not in dims:
            raise NetworkError(
                f"{file}: no input is called {name!r}{_near(name, dims)}; inputs: {', '.join(dims)}"
            )
        if any(d < 1 for d in shape):
            raise NetworkError(
                f"{file}: input {name!r} given as {_times(shape)}, expected dimensions of at least 1"
            )


def _bind_shape(
    file: str, name: str, shape: Shape, dims: dict[str, Dims | None], names: dict[str, int]
) -> None:
    """Take over the shape given for one input, and what it says about named dimensions."""
    declared = dims[name]
    if declared is not None:
        if len(declared) != len(shape):
            raise NetworkError(
                f"{file}: input {name!r} given as {_times(shape)},"
                f" expected {len(declared)} dimensions ({_times(declared)})"
            )
        for symbol, value in zip(declared, shape, strict=True):
            if isinstance(symbol, str) and symbol and names.setdefault(symbol, value) != value:
                raise NetworkError(f"{file}: dimension {symbol!r} bound to both {names[symbol]} and {value}")
    dims[name] = list(shape)


def _substitute(
    file: str, name: str, declared: Dims, names: Mapping[str, int], dims: Mapping[str, Dims | None]
) -> Shape:
    shape = [names.get(d, d) if isinstance(d, str) else d for d in declared]
    unbound = [d for d in shape if isinstance(d, str)]
    if unbound:
        symbols = list(dict.fromkeys(d for d in unbound if d))
        everywhere = [d for ds in dims.values() for d in ds or () if isinstance(d, str) and d not in names]
        how = [f"`bind: {s}=VALUE`" for s in dict.fromkeys(everywhere)] if all(everywhere) else []
        example = "x".join(str(d) if isinstance(d, int) else "N" for d in shape)
        nameless = unbound.count("")
        listed = [repr(s) for s in symbols] + ([f"{nameless} without a name"] if nameless else [])
        what = ", ".join(listed)
        raise NetworkError(
            f"{file}: input {name!r} ({_times(declared)}) has unbound dimensions: {what};"
            f" give {' '.join(how) + ' or ' if how else ''}`input: {name}={example}`"
        )
    return tuple(d for d in shape if isinstance(d, int))


def _times(dims: Dims | Shape) -> str:
    return "x".join(str(d) if d != "" else "?" for d in dims) or "scalar"


def _near(name: str, names: Mapping[str, object] | list[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
