"""Routers as the user writes them: a known one, single fields, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ...arch.nearest import nearest_hint
from ...sim.noc.router import BOOKSIM, RouterConfig
from ..errors import UsageError

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_router(text: str, base: RouterConfig) -> RouterConfig:
    """The router of ``--router``: ``VC8``, ``n_vcs=4,vc_buffer_flits=8``, or ``VC8,vc_buffer_flits=4``.

    Fields that are not given are those of the named router, or of `base`.

    Raises
    ------
    UsageError
        An unknown router or field, or a value of the wrong kind.
    SimulationError
        A value out of range.
    """
    changes: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (x.strip() for x in part.partition("="))
        if equals:
            changes[name] = value
        else:
            base = _named(name, "--router")
    return changed(base, changes, "--router")


def changed(base: RouterConfig, changes: Mapping[str, Any], where: str) -> RouterConfig:
    """A router with some fields changed; values are texts or plain values of a file."""
    kinds = {field.name: field.type for field in fields(RouterConfig)}
    values: dict[str, int | bool] = {}
    for name, value in changes.items():
        if name == "preset":
            base = _named(value, where)
        elif name not in kinds:
            raise UsageError(f"{where}: unknown router field {name!r}{nearest_hint(name, kinds)}")
        else:
            values[name] = _value(name, value, kinds[name] == "bool", where)
    return replace(base, **values)  # type: ignore[arg-type]


def _named(name: object, where: str) -> RouterConfig:
    if name not in BOOKSIM:
        raise UsageError(f"{where}: unknown router {name!r}{nearest_hint(name, BOOKSIM)}")
    return BOOKSIM[str(name)]


def _value(name: str, value: object, boolean: bool, where: str) -> int | bool:
    text = str(value).lower()
    if boolean and text in _BOOLEANS:
        return _BOOLEANS[text]
    if not boolean and text.lstrip("-").isdecimal():
        return int(text)
    expected = "true or false" if boolean else "a whole number"
    raise UsageError(f"{where}: {name}: found {value!r}, expected {expected}")
