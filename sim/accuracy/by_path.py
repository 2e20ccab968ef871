"""Objects of users, by the path of a Python file or the name of a module."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

from ..errors import SimulationError


def loaded(place: str, name: str, asker: str) -> object:
    """The object of this name in a file (``FILE.py``) or in a module that can be imported.

    Raises
    ------
    SimulationError
        There is none; beginning with who asked.
    """
    try:
        if place.endswith(".py"):
            spec = importlib.util.spec_from_file_location(Path(place).stem, place)
            assert spec is not None  # of a .py file there always is one
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    except (ImportError, OSError) as error:
        raise SimulationError(f"{asker}: {place!r} cannot be loaded: {error}") from None
    if not hasattr(module, name):
        raise SimulationError(f"{asker}: {place!r} has no {name!r}")
    found: object = getattr(module, name)
    return found
