"""Where attention runs, as the command line says it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from .errors import UsageError

if TYPE_CHECKING:
    from ..sim.mapping.options import MappingOptions


def with_attention(mapping: MappingOptions, attention: str, dense: bool) -> MappingOptions:
    """The options with the texts of --attention and --dense-attention.

    Raises `UsageError` for a place that there is not.
    """
    allowed = get_args(get_type_hints(type(mapping))["attention"])
    if attention not in allowed:
        listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        raise UsageError(f"--attention: found {attention!r}, expected {listed}")
    choice: Any = attention
    return replace(mapping, attention=choice, dense_attention=dense)
