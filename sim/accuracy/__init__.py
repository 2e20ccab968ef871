"""How accurate a network still is on a chip: digital operators in ONNX Runtime, layers on crossbars in the
kernels.

`split` cuts the ONNX graph at its layers on crossbars, `operators` and `recurrent` turn these into matrix
products, `layer` and `crossbar` compute the products as the tiles of the mapping do, `devices` says what
becomes of a conductance, `study` runs data and seeds, `search` finds the layers to keep digital.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conditions import Conditions
    from .data import Data, load_data
    from .functional import Functional
    from .scores import Score, score_of
    from .search import find_digital
    from .study import Study

_HOMES = {
    "Conditions": "conditions",
    "Data": "data",
    "Functional": "functional",
    "Score": "scores",
    "Study": "study",
    "find_digital": "search",
    "load_data": "data",
    "score_of": "scores",
}

__all__ = ["Conditions", "Data", "Functional", "Score", "Study", "find_digital", "load_data", "score_of"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: every run asks this room for devices, few need ONNX and numba."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
