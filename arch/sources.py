"""What each number of a chip rests on."""

from __future__ import annotations

from collections.abc import Mapping

from .component import Component
from .errors import ConfigError
from .nearest import nearest_hint
from .paths import fields_by_key, given_keys

DEFAULT_MARK = "assumed (default)"
NO_MARK = "assumed (no source given)"


def source_of(root: Component, path: str) -> str:
    """The source text of the value at a dotted path; see `Chip.source_of`."""
    mark = NO_MARK
    component, rest = root, path
    while True:
        mark = _stated(component, rest) or mark
        inner = _inside(component, rest, path)
        if inner is None:
            break
        component, rest = inner
        if not rest:
            return _stated(component, "*") or mark
    key = _canonical(component, rest).partition(".")[0]
    return mark if key in given_keys(component) or key in (component.source or {}) else DEFAULT_MARK


def _canonical(component: Component, key: str) -> str:
    """`key` without its synonym: "clock" is "cycle"."""
    first, dot, tail = key.partition(".")
    synonyms: Mapping[str, str] = getattr(component, "synonyms", {})
    return synonyms.get(first, first) + dot + tail


def _stated(component: Component, rest: str) -> str | None:
    """What the component itself says about the field, most specific first."""
    if component.source is None:
        return None
    key = _canonical(component, rest)
    while key:
        if key in component.source:
            return component.source[key]
        key = key.rpartition(".")[0]
    return component.source.get("*")


def _inside(component: Component, rest: str, path: str) -> tuple[Component, str] | None:
    """The component that the path enters next, and what is left of the path; None at a plain value."""
    key, _, tail = _canonical(component, rest).partition(".")
    fields = fields_by_key(type(component))
    if key not in fields:
        raise ConfigError(f"{path}: {key!r} does not exist{nearest_hint(key, fields)}")
    value = getattr(component, fields[key][0])
    if isinstance(value, Component):
        return value, tail
    if not isinstance(value, tuple) or not tail or not any(isinstance(item, Component) for item in value):
        return None
    name, _, tail = tail.partition(".")
    for index, item in enumerate(value):
        if name in (str(index), getattr(item, "name", None)):
            return item, tail
    names = [str(getattr(item, "name", index)) for index, item in enumerate(value)]
    raise ConfigError(f"{path}: no element {name!r}{nearest_hint(name, names)}")
