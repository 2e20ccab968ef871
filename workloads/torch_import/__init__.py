"""PyTorch import: programs of torch.export, translated by PyTorch's ONNX exporter, read as ONNX.

Nothing here imports torch before a program is at hand; it is an extra of its own.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import onnx

from ..onnx_import.read import finish
from .archive import check_archive, is_program, load_archive
from .capture import capture
from .extra import find_torch
from .translate import translate

__all__ = ["capture", "find_torch", "is_exported", "is_program", "model_of", "read_program"]


def read_program(path: Path, keep_unknown: bool = False) -> tuple[onnx.ModelProto, str]:
    """The program in a .pt2 file as an ONNX model with its weights, and the SHA-256 of the file.

    Raises
    ------
    NetworkError
        The file is none, PyTorch is not installed, or an operator has no translation.
    """
    torch = find_torch(str(path))
    check_archive(path, torch)
    state = path.stat()
    kept, file_hash = _translated(path, keep_unknown, state.st_mtime_ns, state.st_size)
    model = onnx.ModelProto()
    model.CopyFrom(kept)
    return model, file_hash


@lru_cache(maxsize=1)
def _translated(path: Path, keep_unknown: bool, mtime_ns: int, n_bytes: int) -> tuple[onnx.ModelProto, str]:
    """The last program, which one command may ask for more than once; translating takes seconds."""
    program, file_hash = load_archive(path, find_torch(str(path)))
    return model_of(program, str(path), keep_unknown), file_hash


def model_of(program: Any, where: str, keep_unknown: bool = False) -> onnx.ModelProto:
    """An ExportedProgram as an ONNX model, its nodes named by the modules that they come from."""
    return finish(translate(program, where, keep_unknown), where)


def is_exported(thing: object) -> bool:
    """Whether it is an ExportedProgram already; told without importing torch."""
    kind = type(thing)
    return kind.__name__ == "ExportedProgram" and kind.__module__.startswith("torch.export")
