"""What a chip is: a validated description of the hardware, and the presets.

>>> from ohmsum import arch
>>> chip = arch.load("isaac", overrides={"tile.adc.bits": "6"})
>>> chip.tile.adc.bits, chip.tile.crossbar.read_time_fs
(6, 100000000)
>>> chip.source_of("tile.adc.bits")
'assumed: set to 6'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import ConfigError

if TYPE_CHECKING:
    from .chip import Chip, Tile
    from .editor_schema import json_schema
    from .loading import load, loads, names
    from .printing import FieldRow, describe, to_yaml
    from .reads import peak_ops_per_s, read_interval_fs, vector_interval_fs
    from .rollup import RollUp, RollUpLine, roll_up
    from .vocabulary import function_names

_MODULES = {
    "chip": ("Chip", "Tile"),
    "printing": ("FieldRow", "describe", "to_yaml"),
    "vocabulary": ("function_names",),
    "editor_schema": ("json_schema",),
    "loading": ("load", "loads", "names"),
    "reads": ("peak_ops_per_s", "read_interval_fs", "vector_interval_fs"),
    "rollup": ("RollUp", "RollUpLine", "roll_up"),
}
_HOMES = {name: module for module, public in _MODULES.items() for name in public}

__all__ = [
    "Chip",
    "ConfigError",
    "FieldRow",
    "RollUp",
    "RollUpLine",
    "Tile",
    "describe",
    "function_names",
    "json_schema",
    "load",
    "loads",
    "names",
    "peak_ops_per_s",
    "read_interval_fs",
    "roll_up",
    "to_yaml",
    "vector_interval_fs",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import ohmsum.arch`` alone is cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
