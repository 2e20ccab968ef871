"""Dotted paths into a chip: ``tile.adc.bits``, ``units.softmax.lanes``, ``tile.grid.0``.

Paths use the keys of the file. An element of a list is named by its ``name`` or by its index.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from .component import Component

_RANK = {"name": 0, "source": 1, "count": 2, "energy": 4, "power": 5, "static_power": 6, "area": 7}


@cache
def fields_by_key(cls: type[Component]) -> dict[str, tuple[str, FieldInfo]]:
    """Key in the file to (attribute name, field): what it is first, what it costs last."""
    fields = {field.alias or name: (name, field) for name, field in cls.model_fields.items()}
    return dict(sorted(fields.items(), key=lambda item: _RANK.get(item[0], 3)))


def component_class(field: FieldInfo) -> tuple[type[Component] | None, bool]:
    """The component class that a field holds, if any, and whether it holds a list of them."""
    pending: list[tuple[Any, bool]] = [(field.annotation, False)]
    while pending:
        kind, in_list = pending.pop()
        if isinstance(kind, type) and issubclass(kind, Component):
            return kind, in_list
        is_tuple = getattr(kind, "__origin__", None) is tuple
        pending += [(arg, in_list or is_tuple) for arg in get_args(kind)]
    return None, False


def given_keys(component: Component) -> frozenset[str]:
    """Keys that the file gives for this component."""
    return frozenset(
        field.alias or name
        for name, field in type(component).model_fields.items()
        if name in component.model_fields_set
    )


def children(component: Component) -> Iterator[tuple[str, Component]]:
    """Components directly inside this one, with their keys ("adc", "units.softmax")."""
    for key, (name, _) in fields_by_key(type(component)).items():
        value = getattr(component, name)
        if isinstance(value, Component):
            yield key, value
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Component):
                    yield f"{key}.{getattr(item, 'name', index)}", item


def walk(component: Component, path: str = "") -> Iterator[tuple[str, Component]]:
    """The component and everything inside it, depth first, with dotted paths."""
    yield path, component
    for key, child in children(component):
        yield from walk(child, f"{path}.{key}" if path else key)


def dotted_path(value: Any, location: tuple[str | int, ...]) -> str:
    """Location in a plain value as a dotted path; elements of a list by their name where they have one."""
    parts: list[str] = []
    for step in location:
        inner = _inside(value, step)
        name = inner.get("name") if isinstance(step, int) and isinstance(inner, dict) else None
        parts.append(name if isinstance(name, str) else str(step))
        value = inner
    return ".".join(parts)


def location_of(value: Any, dotted: str) -> tuple[str | int, ...]:
    """Inverse of `dotted_path`, as far as the plain value goes."""
    location: list[str | int] = []
    for part in dotted.split(".") if dotted else []:
        step = element_index(value, part) if isinstance(value, list) else part
        location.append(part if step is None else step)
        value = _inside(value, location[-1])
    return tuple(location)


def element_index(items: list[Any], part: str) -> int | None:
    """Index of the list element with this name or index; None if there is none."""
    for index, item in enumerate(items):
        if isinstance(item, dict) and item.get("name") == part:
            return index
    return int(part) if part.isdecimal() and int(part) < len(items) else None


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
