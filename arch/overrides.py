"""``--set tile.adc.bits=6``: one field of a chip replaced before it is validated."""

from __future__ import annotations

from typing import Any

from .chip import Chip
from .component import Component
from .errors import ConfigError
from .nearest import nearest_hint
from .paths import component_class, fields_by_key
from .yaml_text import Document, read_text


def apply_override(document: Document, path: str, text: str) -> None:
    """Set the field at a dotted path to a text, read as YAML; its source becomes "assumed: set to ...".

    Raises `ConfigError` naming the nearest valid name where the path does not exist.
    """
    label = f"--set {path}={text}"
    value = read_text(text, label).value
    parts = path.split(".")
    target: Any = document.value
    owner: dict[str, Any] = document.value
    owner_depth = 0
    cls: type[Component] | None = Chip
    location: list[str | int] = []
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        step, cls, is_component = _step(target, cls, part, path)
        location.append(step)
        if last:
            break
        if isinstance(target, dict) and target.get(str(step)) is None:
            target[str(step)] = {}
        target = target[step]
        if is_component and isinstance(target, dict):
            owner, owner_depth = target, depth + 1
    _put(target, location[-1], value)
    _mark(owner, ".".join(parts[owner_depth:]), text)
    document.places[tuple(location)] = label


def _step(target: Any, cls: type[Component] | None, part: str, path: str) -> tuple[str | int, type[Component] | None, bool]:
    """One step down: the key or index, the class of what is there, and whether that is a component."""
    if isinstance(target, list):
        return _element(target, part, path), cls, cls is not None
    if cls is None:
        if isinstance(target, dict):
            return part, None, False
        raise ConfigError(f"--set {path}: {part!r} is inside a plain value, expected a shorter path")
    part = getattr(cls, "synonyms", {}).get(part, part)
    fields = fields_by_key(cls)
    if part not in fields:
        raise ConfigError(f"--set {path}: unknown field {part!r}{nearest_hint(part, fields)}")
    inner, _ = component_class(fields[part][1])
    return part, inner, inner is not None


def _element(items: list[Any], part: str, path: str) -> int:
    named = [item.get("name") if isinstance(item, dict) else None for item in items]
    if part in named:
        return named.index(part)
    if part.isdigit() and int(part) < len(items):
        return int(part)
    valid = [str(name) for name in named if name is not None] or [str(i) for i in range(len(items))]
    raise ConfigError(f"--set {path}: no element {part!r}{nearest_hint(part, valid)}")


def _put(target: Any, step: str | int, value: Any) -> None:
    if isinstance(target, dict):
        target.pop("clock" if step == "cycle" else step, None)
        if value is None:
            target.pop(step, None)
        else:
            target[step] = value
    else:
        target[step] = value


def _mark(owner: dict[str, Any], key: str, text: str) -> None:
    """Write into the component's sources that the user set this field."""
    source = owner.get("source")
    before = source if isinstance(source, dict) else {"*": source} if isinstance(source, str) else {}
    owner["source"] = {**before, key: f"assumed: set to {text}"}


