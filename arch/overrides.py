"""``--set tile.adc.bits=6``: one field of a chip replaced before it is validated."""

from __future__ import annotations

from typing import Any

from .chip import TEXT_FIELDS, Chip
from .component import Component
from .errors import ConfigError
from .nearest import nearest_hint
from .paths import component_class, element_index, fields_by_key
from .yaml_text import Document, read_text


def apply_override(document: Document, path: str, given: Any, mark: str | None = None) -> None:
    """Set the field at a dotted path to a text, read as YAML, or to a plain value.

    Its source becomes `mark`, or "assumed: set to ..." without one.

    Raises `ConfigError` naming the nearest valid name where the path does not exist.
    """
    value = _read_value(path, given) if isinstance(given, str) else given
    target: Any = document.value
    owner, depth_of_owner = document.value, 0
    cls: type[Component] | None = Chip
    location: list[str | int] = []
    parts = path.split(".")
    for depth, part in enumerate(parts):
        step, cls = _step(target, cls, part, path)
        location.append(step)
        if depth + 1 == len(parts):
            break
        if isinstance(target, dict) and target.get(step) is None:
            target[step] = {}
        target = target[step]
        if cls is not None and isinstance(target, dict):
            owner, depth_of_owner = target, depth + 1
    _put(target, location[-1], value)
    if location[depth_of_owner] not in TEXT_FIELDS:
        mark_source(owner, ".".join(map(str, location[depth_of_owner:])), mark or f"assumed: set to {given}")
    document.mark(tuple(location), "`set`")


def _read_value(path: str, text: str) -> Any:
    """The text as a YAML value; "assumed: mine" is a text, "{relu: 1}" a mapping."""
    value = read_text(text, f"`set: {path}`").value
    return text if isinstance(value, dict) and not text.lstrip().startswith("{") else value


def _step(
    target: Any, cls: type[Component] | None, part: str, path: str
) -> tuple[Any, type[Component] | None]:
    """One step down: the key or index, and the component class of what is there (None: plain values)."""
    if isinstance(target, list):
        index = element_index(target, part)
        if index is None:
            items = [item.get("name", i) if isinstance(item, dict) else i for i, item in enumerate(target)]
            raise ConfigError(f"`set: {path}`: no element {part!r}{nearest_hint(part, map(str, items))}")
        return index, cls
    if not isinstance(target, dict):
        raise ConfigError(f"`set: {path}`: {part!r} is inside a plain value, expected a shorter path")
    if cls is None:
        return part, None
    part = getattr(cls, "synonyms", {}).get(part, part)
    fields = fields_by_key(cls)
    if part not in fields:
        raise ConfigError(f"`set: {path}`: unknown field {part!r}{nearest_hint(part, fields)}")
    return part, component_class(fields[part][1])[0]


def _put(target: Any, step: str | int, value: Any) -> None:
    if step == "cycle":
        target.pop("clock", None)
    if step in ("energy", "read_time") and isinstance(target, dict):
        target.pop(f"{step}_parts", None)  # of what is set nobody has said how much of it is which
    if value is None and isinstance(target, dict):
        target.pop(step, None)
    else:
        target[step] = value


def mark_source(owner: dict[str, Any], key: str, mark: str) -> None:
    """Write into the component's sources what this field rests on now."""
    source = owner.get("source")
    before = source if isinstance(source, dict) else {"*": source} if isinstance(source, str) else {}
    owner["source"] = {**before, key: mark}
