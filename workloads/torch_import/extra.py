"""PyTorch and its ONNX exporter, an optional extra."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from ..errors import NetworkError

HOW = "pip install 'ohmsum[torch]'"


def find_torch(what: str) -> ModuleType:
    """The module `torch`.

    Raises
    ------
    NetworkError
        It is not installed, or onnxscript (which its exporter needs) is not; `what` needs them.
    """
    missing = [name for name in ("torch", "onnxscript") if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise NetworkError(
            f"{what}: needs PyTorch and onnxscript; {' and '.join(missing)} {verb} not installed: {HOW}"
        )
    return import_module("torch")
