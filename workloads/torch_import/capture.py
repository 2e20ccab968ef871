"""A module as a program of what it does to an example, as it does it when it is used (not trained)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import NetworkError
from ..onnx_import.modules import source_line
from .extra import find_torch
from .translate import quiet


def capture(
    module: Any, example: Any, keywords: Mapping[str, Any] | None = None, dynamic_shapes: Any = None
) -> Any:
    """The ExportedProgram of a module.

    Parameters
    ----------
    module : torch.nn.Module
        Seen in evaluation mode; left in the mode that it was in.
    example : torch.Tensor or tuple
        Its inputs, of the shape that is to be simulated.
    keywords : mapping, optional
        Inputs by name.
    dynamic_shapes : optional
        Of torch.export.

    Raises
    ------
    NetworkError
        The module is none, or does what a program cannot do (branches on values).
    """
    name = type(module).__name__
    torch = find_torch(name)
    if not isinstance(module, torch.nn.Module):
        raise NetworkError(f"{name}: expected a torch.nn.Module or a torch.export.ExportedProgram")
    inputs = example if isinstance(example, tuple) else (example,)
    try:
        with _evaluating(module), quiet():
            return torch.export.export(module, inputs, dict(keywords or {}), dynamic_shapes=dynamic_shapes)
    except Exception as error:  # the module's own code runs here, and may raise anything
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise NetworkError(f"{name}{_line(error)}: torch.export cannot capture it: {reason}") from error


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Every part of the module in evaluation mode, and back."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _line(error: BaseException) -> str:
    """Where in the user's code an error was raised."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f'File "{trace.tb_frame.f_code.co_filename}", line {trace.tb_lineno}')
        trace = trace.tb_next
    line = source_line("\n".join(frames[2:]))
    return f" ({line})" if line else ""
