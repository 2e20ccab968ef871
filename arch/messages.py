"""Validation errors as one line a person can act on."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .checks import Contradiction
from .chip import Chip
from .component import Component
from .nearest import nearest_hint
from .paths import component_class, dotted_path, fields_by_key, location_of
from .yaml_text import Document, Location


def describe_errors(document: Document, error: ValidationError) -> str:
    """``file:line: path: what was found, what was expected`` for the first error, and how many follow.

    A field that is not known comes first: it is often the reason why another one is missing.
    """
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Contradiction):
        location, what = location_of(document.value, cause.path), cause.message
    else:
        location = tuple(first["loc"])
        what = _what(first, location)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    path = dotted_path(document.value, location)
    return ": ".join(part for part in (document.place(location), path, what + more) if part)


PHRASES = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "int_type": "a whole number without unit",
    "float_type": "a number without unit",
    "bool_type": "true or false",
    "string_type": "a text",
    "string_pattern_mismatch": "a word of letters, digits, - and _ that begins with a letter",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
}


def _what(detail: ErrorDetails, location: Location) -> str:
    """What was found and what was expected, in words."""
    kind, ctx = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(ctx["error"])
    if kind == "extra_forbidden":
        return f"unknown field{nearest_hint(location[-1], _keys(location[:-1]))}"
    if kind == "missing":
        return f"missing, expected {_description(location)}"
    found = f"found {show(detail['input'])}"
    if kind == "literal_error":
        return f"{found}, expected one of {str(ctx['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind in ("model_type", "model_attributes_type"):
        return f"{found}, expected a mapping with {_required(location)}"
    if kind in PHRASES:
        return f"{found}, expected {PHRASES[kind].format(**ctx)}"
    return f"{found}: {detail['msg']}"


def show(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _class_at(location: Location) -> type[Component] | None:
    """The component class at a location of the schema."""
    cls: type[Component] | None = Chip
    for step in location:
        if isinstance(step, int):
            continue
        if cls is None or step not in fields_by_key(cls):
            return None
        cls = component_class(fields_by_key(cls)[step][1])[0]
    return cls


def _keys(location: Location) -> list[str]:
    cls = _class_at(location)
    return list(fields_by_key(cls)) if cls else []


def _description(location: Location) -> str:
    """The field's own description, as the end of a sentence."""
    cls = _class_at(location[:-1])
    entry: Any = fields_by_key(cls).get(str(location[-1])) if cls else None
    text = (entry[1].description if entry else None) or "one more value"
    return text[0].lower() + text[1:].rstrip(".")


def _required(location: Location) -> str:
    cls = _class_at(location)
    keys = [key for key, (_, field) in fields_by_key(cls).items() if field.is_required()] if cls else []
    return ", ".join(keys) or "fields"
