"""Dotted paths into a chip: ``tile.adc.bits``, ``units.softmax.lanes``, ``tile.grid.0``.

Paths use the keys of the file. An element of a list is named by its ``name`` or by its index.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from .component import Component


@cache
def fields_by_key(cls: type[Component]) -> dict[str, tuple[str, FieldInfo]]:
    """Key in the file to (attribute name, field), in the order of the schema."""
    return {field.alias or name: (name, field) for name, field in cls.model_fields.items()}


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
    return frozenset(field.alias or name for name, field in type(component).model_fields.items() if name in component.model_fields_set)


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
