"""A chip as text: rows for a table, YAML that reads back, a schema for editors."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from .chip import TEXT_FIELDS, Chip
from .component import Component
from .paths import fields_by_key, walk
from .quantities import quantity_of


class FieldRow(NamedTuple):
    """One number of a chip: dotted path, value with its unit, and what it rests on."""

    path: str
    value: str
    mark: str


def describe(chip: Chip) -> list[FieldRow]:
    """Every field of the chip that has a value, defaults included, in the order of the schema."""
    rows: list[FieldRow] = []
    for prefix, component in walk(chip):
        for key, (name, field) in fields_by_key(type(component)).items():
            value = getattr(component, name)
            if key in TEXT_FIELDS or value is None or value == () or _holds_components(value):
                continue
            path = f"{prefix}.{key}" if prefix else key
            rows.append(FieldRow(path, _text(_plain(value, field)), chip.source_of(path)))
    return rows


def to_yaml(chip: Chip) -> str:
    """YAML text of the fields that the chip's file gave; it reads back as an equal chip."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    out = io.StringIO()
    yaml.dump(to_plain(chip), out)
    return out.getvalue()


def to_plain(component: Component) -> dict[str, Any]:
    """The given fields as a file would say them: unit strings, keys without units."""
    plain: dict[str, Any] = {}
    for key, (name, field) in fields_by_key(type(component)).items():
        if name in component.model_fields_set:
            plain[key] = _plain(getattr(component, name), field)
    return plain


def _plain(value: Any, field: FieldInfo) -> Any:
    if isinstance(value, Component):
        return to_plain(value)
    if isinstance(value, tuple):
        return [_plain(item, field) for item in value]
    if isinstance(value, dict):
        return dict(value)
    quantity = quantity_of(field)
    return value if quantity is None or value is None else quantity.write(value)


def _holds_components(value: Any) -> bool:
    return isinstance(value, Component) or (
        isinstance(value, tuple) and bool(value) and isinstance(value[0], Component)
    )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list):
        return (", " if any(isinstance(item, str) for item in value) else " x ").join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
