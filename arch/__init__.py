"""What a chip is: a validated description of the hardware, and the presets.

>>> from ohmsum import arch
>>> chip = arch.load("isaac", overrides={"tile.adc.bits": "6"})
>>> chip.tile.adc.bits, chip.tile.crossbar.read_time_fs
(6, 100000000)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import ConfigError

if TYPE_CHECKING:
    from .chip import Chip, Tile
    from .functions import FUNCTIONS, MAC
    from .loading import load, loads, names

_HOMES = {
    "Chip": "chip",
    "Tile": "chip",
    "FUNCTIONS": "functions",
    "MAC": "functions",
    "load": "loading",
    "loads": "loading",
    "names": "loading",
}

__all__ = ["FUNCTIONS", "MAC", "Chip", "ConfigError", "Tile", "load", "loads", "names"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import ohmsum.arch`` alone is cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = import_module(f".{_HOMES[name]}", __name__)
    value = getattr(home, name)
    globals()[name] = value
    return value
