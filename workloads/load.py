"""Where networks come from: a name of the zoo, an ONNX file, a torch program, or a module at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .errors import NetworkError
from .graph import Network

if TYPE_CHECKING:
    import onnx

    from .onnx_import.cut import Value


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
    outputs: Sequence[str] = (),
    inputs: Sequence[str] = (),
    values: Mapping[str, Value] | None = None,
    operators: Mapping[str, str] | None = None,
) -> Network:
    """Read a network.

    Parameters
    ----------
    source : str or Path
        A name of the zoo ("resnet50"), or the path of an ONNX file or of a torch.export program (.pt2).
    bind : mapping of str to int, optional
        Values for dimensions that have a name in the file ({"batch": 1}).
    input_shapes : mapping of str to tuple of int, optional
        Whole shapes of inputs ({"x": (1, 3, 224, 224)}).
    unknown_operators : {"error", "vector"}
        What becomes of an operator that is not known: an error, or one operation per output element, noted.
        One with a stored matrix, or of which the file does not say what shape comes out, is an error always.
    weight_inputs_from : int, optional
        Graph inputs from this number on (counted from 0, those with stored values left out) are weights
        of which the file holds only the shape.
    outputs : sequence of str, optional
        Tensors or nodes at which the network ends, instead of its own outputs.
    inputs : sequence of str, optional
        Tensors that come in from outside, instead of being made; of the shape that they have, or of the one
        in `input_shapes`.
    values : mapping of str to number or numbers, optional
        Inputs that always have this value ({"sr": 16000}); what hangs on them is folded.
    operators : mapping of str to str, optional
        What unknown operators are ({"com.x:Foo": "matmul"}): "matmul", the name of an ONNX operator with the
        same inputs and attributes, or one of `functions.FUNCTIONS`.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        There is no such network, or it cannot be understood. The message says where, what and how to mend it.
    """
    path, name = find(source)
    from .onnx_import import import_model  # here, so that importing this package stays cheap

    model, file_hash = read(path, keep_unknown=unknown_operators == "vector" or bool(operators))
    return import_model(
        model,
        str(path),
        path.parent,
        name=name,
        file_hash=file_hash,
        bind=bind,
        input_shapes=input_shapes,
        unknown_operators=unknown_operators,
        weight_inputs_from=weight_inputs_from,
        outputs=outputs,
        inputs=inputs,
        values=values,
        operators=operators,
    )


def from_torch(
    module: Any,
    example: Any = (),
    *,
    keywords: Mapping[str, Any] | None = None,
    name: str = "",
    unknown_operators: Literal["error", "vector"] = "error",
    operators: Mapping[str, str] | None = None,
) -> Network:
    """The network of a PyTorch module, of the shapes of an example; needs ``ohmsum[torch]``.

    Parameters
    ----------
    module : torch.nn.Module or torch.export.ExportedProgram
        Seen in evaluation mode.
    example : torch.Tensor or tuple
        Inputs of the module; not needed for a program.
    keywords : mapping of str, optional
        Inputs by name.
    name : str
        Of the network; the class of the module if not given.
    unknown_operators, operators
        As in `load`.

    Raises
    ------
    NetworkError
        PyTorch is not installed, cannot capture the module, or has an operator that is not understood: named,
        with the line of the module that calls it.
    """
    from .onnx_import import import_model
    from .torch_import import capture, is_exported, model_of

    program = module if is_exported(module) else capture(module, example, keywords)
    name = name or ("program" if program is module else type(module).__name__)
    model = model_of(program, name, unknown_operators == "vector" or bool(operators))
    return import_model(
        model, name, Path(), name=name, unknown_operators=unknown_operators, operators=operators
    )


def read(path: Path, *, keep_unknown: bool = False) -> tuple[onnx.ModelProto, str]:
    """The model in a file as ONNX, whichever of the two formats it has, and the SHA-256 of the file."""
    from .onnx_import import read_model
    from .torch_import import is_program, read_program

    return read_program(path, keep_unknown) if is_program(path) else read_model(path)


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
