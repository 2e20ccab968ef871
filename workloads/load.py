"""Where networks come from: a name of the zoo or an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Literal

from .errors import NetworkError
from .graph import Network


def names() -> tuple[str, ...]:
    """The names of the zoo, sorted."""
    folder = resources.files(__package__).joinpath("zoo")
    return tuple(sorted(f.name.removesuffix(".onnx") for f in folder.iterdir() if f.name.endswith(".onnx")))


def load(
    source: str | Path,
    *,
    bind: Mapping[str, int] | None = None,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    unknown_operators: Literal["error", "vector"] = "error",
    weight_inputs_from: int | None = None,
) -> Network:
    """Read a network.

    Parameters
    ----------
    source : str or Path
        A name of the zoo ("resnet50") or the path of an ONNX file.
    bind : mapping of str to int, optional
        Values for dimensions that have a name in the file ({"batch": 1}).
    input_shapes : mapping of str to tuple of int, optional
        Whole shapes of inputs ({"x": (1, 3, 224, 224)}).
    unknown_operators : {"error", "vector"}
        What becomes of an operator that is not known: an error, or work for the vector unit and a note.
    weight_inputs_from : int, optional
        Graph inputs from this number on (counted from 0, those with stored values left out) are weights
        of which the file holds only the shape.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        There is no such network, or it cannot be understood. The message says where, what and how to mend it.
    """
    path, name = find(source)
    from .onnx_import import import_onnx  # here, so that importing this package stays cheap

    return import_onnx(
        path,
        name=name,
        bind=bind,
        input_shapes=input_shapes,
        unknown_operators=unknown_operators,
        weight_inputs_from=weight_inputs_from,
    )


def find(source: str | Path) -> tuple[Path, str]:
    """The file behind a source, and the network's name."""
    path, text = Path(source), str(source)
    known = names()
    if text in known:
        return Path(str(resources.files(__package__).joinpath("zoo", f"{text}.onnx"))), text
    if path.exists():
        return path, path.stem
    close = get_close_matches(text.lower(), known, n=1, cutoff=0.5)
    near = f"; did you mean {close[0]!r}?" if close else ""
    if path.suffix or path.parent != Path():
        raise NetworkError(f"{text}: no such file{near}")
    raise NetworkError(
        f"{text}: neither a file nor a network of the zoo{near} (the zoo has {', '.join(known)})"
    )
