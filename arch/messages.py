"""Validation errors as one line a person can act on."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .checks import Contradiction
from .chip import Chip
from .component import Component
from .nearest import nearest_hint
from .paths import component_class, fields_by_key
from .yaml_text import Document, Path_


def describe_errors(document: Document, error: ValidationError) -> str:
    """The first error in file order, and how many more there are."""
    details = error.errors(include_url=False)
    first = details[0]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Contradiction):
        where = document.place(path_of(document.value, cause.path))
        return f"{where}: {cause.path}: {cause.message}{more}" if cause.path else f"{where}: {cause.message}{more}"
    location = tuple(first["loc"])
    dotted = dotted_path(document.value, location)
    place = document.place(location)
    return f"{place}: {dotted}: {_what(first, location)}{more}" if dotted else f"{place}: {_what(first, location)}{more}"


def dotted_path(value: Any, location: Path_) -> str:
    """Location in the raw value as a dotted path, list elements by their name where they have one."""
    parts: list[str] = []
    for step in location:
        inner = value[step] if _has(value, step) else None
        name = inner.get("name") if isinstance(step, int) and isinstance(inner, dict) else None
        parts.append(name if isinstance(name, str) else str(step))
        value = inner
    return ".".join(parts)


def path_of(value: Any, dotted: str) -> Path_:
    """Inverse of `dotted_path`, as far as the raw value goes."""
    location: list[str | int] = []
    for part in dotted.split(".") if dotted else []:
        step: str | int = part
        if isinstance(value, list):
            step = next((i for i, item in enumerate(value) if isinstance(item, dict) and item.get("name") == part), part)
            if isinstance(step, str) and step.isdigit():
                step = int(step)
        location.append(step)
        value = value[step] if _has(value, step) else None
    return tuple(location)


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _what(detail: ErrorDetails, location: Path_) -> str:
    kind, found, ctx = detail["type"], detail.get("input"), detail.get("ctx", {})
    if kind == "value_error":
        return str(ctx.get("error", detail["msg"]))
    if kind == "extra_forbidden":
        return f"unknown field{nearest_hint(location[-1], _keys(location[:-1]))}"
    if kind == "missing":
        return f"missing, expected {_description(location)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"found {_show(found)}, expected {_expected_fields(location)}"
    if kind == "literal_error":
        choices = str(ctx["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f"found {_show(found)}, expected one of {', '.join(choices)}"
    if kind in ("int_type", "int_parsing", "int_from_float"):
        return f"found {_show(found)}, expected a whole number without unit"
    return f"found {_show(found)}, {detail['msg'][0].lower()}{detail['msg'][1:].replace('Input should be', 'expected')}".replace("input should be", "expected")


def _show(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _class_at(location: Path_) -> type[Component] | None:
    """The component class at a location of the schema."""
    cls: type[Component] | None = Chip
    for step in location:
        if isinstance(step, int):
            continue
        if cls is None or step not in fields_by_key(cls):
            return None
        cls = component_class(fields_by_key(cls)[step][1])[0]
    return cls


def _keys(location: Path_) -> list[str]:
    cls = _class_at(location)
    return list(fields_by_key(cls)) if cls else []


def _description(location: Path_) -> str:
    cls = _class_at(location[:-1])
    entry = fields_by_key(cls).get(str(location[-1])) if cls else None
    text = (entry[1].description or "") if entry else ""
    return f"{text[:1].lower()}{text[1:].rstrip('.')}" if text else "a value"


def _expected_fields(location: Path_) -> str:
    cls = _class_at(location)
    if cls is None:
        return "a mapping"
    required = [key for key, (_, field) in fields_by_key(cls).items() if field.is_required()]
    return f"a mapping with {', '.join(required) or 'fields'}"
