"""What is not known is left out of a result file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the entries that are None."""
    return {key: value for key, value in values.items() if value is not None}


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Objects laid over each other, at every depth.

    >>> merged({"a": {"b": 1}}, {"a": {"c": 2}})
    {'a': {'b': 1, 'c': 2}}
    """
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, Mapping) and isinstance(whole.get(key), Mapping)
            whole[key] = merged(whole[key], value) if both else value
    return whole
