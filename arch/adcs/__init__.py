"""Converters of columns: the laws of each kind, one file each, found by name.

Kinds of others come through the entry point group ``ohmsum.adcs``: a name, and the `ConverterLaw`.

>>> law("flash").energy(6) / law("flash").energy(4)
4.2
>>> law("ramp").steps(8), law("sar").steps(8)
(256, 9)
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from ..errors import ConfigError
from . import counting, decrement, flash, none, pipeline, ramp, sar
from .law import ConverterLaw

GROUP = "ohmsum.adcs"
_MODULES = (sar, flash, pipeline, ramp, counting, decrement, none)
BUILT_IN: dict[str, ConverterLaw] = {one.kind: one for module in _MODULES for one in module.LAWS}
"""Kinds that come with the package, by name."""


def kinds() -> tuple[str, ...]:
    """All kinds, those of other packages last."""
    return (*BUILT_IN, *sorted(entry.name for entry in entry_points(group=GROUP)))


@cache
def law(kind: str) -> ConverterLaw:
    """The law of a kind of converter; `ConfigError` if there is none."""
    if kind in BUILT_IN:
        return BUILT_IN[kind]
    for entry in entry_points(group=GROUP):
        if entry.name == kind:
            loaded: object = entry.load()
            if not isinstance(loaded, ConverterLaw):
                what = f"converter {kind!r} is a {type(loaded).__name__}"
                raise ConfigError(f"{what}, expected an ohmsum.arch.adcs.ConverterLaw")
            return loaded
    raise ConfigError(f"found {kind!r}, expected one of {', '.join(kinds())}")


__all__ = ["BUILT_IN", "GROUP", "ConverterLaw", "kinds", "law"]
