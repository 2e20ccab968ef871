"""Files that users write for tools: pydantic says what may stand in them, a message where it does not."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from ..arch.messages import PHRASES, show
from ..arch.nearest import nearest_hint
from ..arch.yaml_text import Document, Location
from .errors import UsageError


class FileModel(BaseModel):
    """What may stand in a file, or in a part of it; its title says what that is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


M = TypeVar("M", bound=FileModel)


def validated(
    document: Document, model: type[M], at: Location = (), error: type[UsageError] = UsageError
) -> M:
    """What stands at a place of a file, as a model.

    Raises
    ------
    UsageError
        Of the class `error`: file, line, path, what was found and what was expected.
    """
    value: Any = document.value
    for step in at:
        value = value[step]
    try:
        return model.model_validate(value)
    except ValidationError as found:
        details = found.errors(include_url=False)
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    below = tuple(first["loc"])
    raise problem(document, (*at, *below), _what(first, model, below), error)


def problem(
    document: Document, at: Location, message: str, error: type[UsageError] = UsageError
) -> UsageError:
    """The error at a place of a file."""
    path = ".".join(map(str, at))
    return error(": ".join(part for part in (document.place(at), path, message) if part))


def _what(detail: ErrorDetails, model: type[FileModel], below: Location) -> str:
    """What was found and what was expected, in words."""
    kind, ctx = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(ctx["error"])
    if kind == "extra_forbidden":
        return f"unknown field{nearest_hint(below[-1], _keys(model, below[:-1]))}"
    if kind == "missing":
        return "missing"
    found = f"found {show(detail['input'])}"
    if kind == "literal_error":
        return f"{found}, expected one of {str(ctx['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind == "model_type":
        return f"{found}, expected {model.model_config.get('title', 'a mapping')}"
    if kind in PHRASES:
        return f"{found}, expected {PHRASES[kind].format(**ctx)}"
    return f"{found}: {detail['msg']}"


def _keys(model: type[FileModel], below: Location) -> list[str]:
    """Names of the fields at a place of a model."""
    for step in below:
        annotation = model.model_fields[str(step)].annotation
        inner = next((a for a in (annotation, *get_args(annotation)) if _is_model(a)), None)
        if inner is None:
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, FileModel)
