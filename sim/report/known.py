"""What is not known is left out of a result file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the entries that are None."""
    return {key: value for key, value in values.items() if value is not None}


def finite(value: Any) -> Any:
    """Without the entries that are None or no finite numbers, at any depth.

    >>> finite({"a": None, "b": [1.0, float("nan")], "c": float("inf")})
    {'b': [1.0]}
    """
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items() if _is_finite(item)}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value if _is_finite(item)]
    return value


def _is_finite(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


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
