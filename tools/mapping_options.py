"""Options of the mapping as users name them: which there are, and what is wrong with a value."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from .errors import UsageError
from .nearest import nearest_hint

if TYPE_CHECKING:
    from ..sim.mapping.options import MappingOptions


@cache
def option_types() -> dict[str, Any]:
    """Name of every option, and its type: bool, int, tuple of str, or a choice (Literal)."""
    from ..sim.mapping.options import MappingOptions

    return get_type_hints(MappingOptions)


def what_is_wrong(name: str, value: Any) -> str | None:
    """What is wrong with an option and its value: found, expected; None if it is fine."""
    types = option_types()
    if name not in types:
        return f"unknown mapping option {name!r}{nearest_hint(name, list(types))}"
    kind, found = types[name], value if isinstance(value, str) else json.dumps(value)
    if kind is bool:
        return None if isinstance(value, bool) else f"found {found}, expected true or false"
    if kind is int:
        good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if good else f"found {found}, expected a whole number from 0"
    if get_origin(kind) is tuple:
        good = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        return None if good else f"found {found}, expected a list of names"
    allowed = get_args(kind)
    listed = f"{', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}"
    return None if value in allowed else f"found {found}, expected {listed}"


def mapping_options(**chosen: Any) -> MappingOptions:
    """Options from values, each named as its flag is (``no_multicast`` becomes ``multicast=False``).

    Raises
    ------
    UsageError
        There is no such option, or the value is none of it; the message names the flag.
    """
    from ..sim.mapping.options import MappingOptions

    for name, value in chosen.items():
        wrong = what_is_wrong(name, value)
        if wrong is not None:
            raise UsageError(f"--{name.replace('_', '-')}: {wrong}")
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in chosen.items()}
    return MappingOptions(**values)
