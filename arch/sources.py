"""What each number of a chip rests on."""

from __future__ import annotations

from .component import Component
from .errors import ConfigError
from .nearest import nearest_hint
from .paths import children, fields_by_key, given_keys

DEFAULT_MARK = "assumed (default)"
NO_MARK = "assumed (no source given)"


def source_of(root: Component, path: str) -> str:
    """The source text of the value at a dotted path; see `Chip.source_of`."""
    mark = NO_MARK
    component = root
    rest = path
    while True:
        mark = _stated(component, rest) or mark
        inner = next((item for item in children(component) if f"{rest}.".startswith(f"{item[0]}.")), None)
        if inner is None:
            break
        key, component = inner
        rest = rest[len(key) + 1 :]
        if not rest:
            return _stated(component, "*") or mark
    key = rest.partition(".")[0]
    valid = fields_by_key(type(component))
    if key not in valid:
        raise ConfigError(f"{path}: {key!r} does not exist{nearest_hint(key, valid)}")
    return mark if key in given_keys(component) else DEFAULT_MARK


def _stated(component: Component, rest: str) -> str | None:
    """What the component itself says about the field, most specific first."""
    if component.source is None:
        return None
    key = rest
    while key:
        if key in component.source:
            return component.source[key]
        key = key.rpartition(".")[0]
    return component.source.get("*")
