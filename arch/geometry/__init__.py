"""Costs follow the geometry they were given for.

A number stated for 128 x 128 cells or 8 bits is not that of 256 x 256 or 4 bits. When fields of a chip are
changed (``--set``, a system file, a sweep), every cost that hangs on them moves by a stated law, marked
``scaled`` in its source; where no law is known, the cost stays, and its source says so. A cost that is set
itself, or that a model estimates, is as it was set or estimated.

>>> from ohmsum.arch import load
>>> chip = load("isaac", overrides={"tile.crossbar.rows": "256"})
>>> chip.tile.crossbar.energy_j / load("isaac").tile.crossbar.energy_j
2.0
>>> chip.source_of("tile.crossbar.energy")[:41]
'scaled: 30 pJ x 2 (driven rows x columns;'
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from ..chip import Chip
from ..component import Component
from ..errors import ConfigError
from ..estimates import DIGITS
from ..overrides import mark_source
from ..paths import fields_by_key, location_of, walk
from ..printing import describe
from ..quantities import quantity_of
from ..yaml_text import Document
from . import analog, digital, node, parts
from .law import Law, Seen

LAWS: tuple[Law, ...] = (*analog.LAWS, *digital.LAWS, *node.LAWS)
"""Every law, and every dependence without one."""

KEPT = "; kept though "


class Moved(NamedTuple):
    """A cost that hangs on a field that was changed."""

    path: str
    mark: str


def rescaled(document: Document, chip: Chip, validate: Callable[[Document], Chip]) -> Chip:
    """The chip with its costs as its changed geometry asks.

    Parameters
    ----------
    document : Document
        As changed; `Document.stated` is what its file says.
    chip : Chip
        Made of it, its costs still those of the old geometry.
    validate : callable
        From a document to a chip.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before = validate(Document(document.label, deepcopy(document.stated), document.text))
    except ConfigError:
        return chip  # complete only with what was set: nothing was stated for another geometry
    changes = [*_changes(before, chip), *parts.changes(before, chip, _beside)]
    _write(document, changes)
    return validate(document) if changes else chip


def follow_parts(document: Document, before: Chip, chip: Chip) -> None:
    """Move the costs of a document that are stated in parts as the chip of it asks, and no others."""
    _write(document, list(parts.changes(before, chip, _beside)))


def _write(document: Document, changes: Sequence[tuple[str, str | None, str]]) -> None:
    """Put new costs and their sources into a document."""
    for path, text, mark in changes:
        location = location_of(document.value, path)
        target: Any = document.value
        for step in location[:-1]:
            target = target[step]
        if text is not None:
            target[location[-1]] = text
        mark_source(target, str(location[-1]), mark)


def _changes(before: Chip, after: Chip) -> Iterator[tuple[str, str | None, str]]:
    """Costs that move or stay: path, new text (None: as it is), and source."""
    old, new = dict(walk(before)), dict(walk(after))
    for path, part in new.items():
        laws = [law for law in LAWS if any(_matches(pattern, path) for pattern in law.parts)]
        if path not in old or type(old[path]) is not type(part):
            continue
        seen = Seen(old[path], before), Seen(part, after)
        for key in dict.fromkeys(cost for law in laws for cost in law.costs):
            if parts.in_parts(part, key):
                continue  # `parts.changes`
            hung = [law for law in laws if key in law.costs and _touched(law, path, old, new)]
            found = _moved(seen, path, key, hung) if hung else None
            if found is not None:
                yield (f"{path}.{key}", *found)


def _beside(path: str, before: Seen, after: Seen) -> float:
    """Factor of a cost by laws that hold for all of it, whatever its parts go with: those of the node."""
    part, _, key = path.rpartition(".")
    laws = [law for law in node.LAWS if part in law.parts and key in law.costs and law.factor is not None]
    if before.chip.node_nm == after.chip.node_nm:
        return 1.0
    found = 1.0
    for law in laws:
        assert law.factor is not None
        found *= law.factor(before, after) or 1.0
    return found


def _matches(pattern: str, path: str) -> bool:
    prefix, star, _ = pattern.partition("*")
    return path.startswith(prefix) and "." not in path[len(prefix) :] if star else path == pattern


def _touched(law: Law, path: str, old: dict[str, Component], new: dict[str, Component]) -> bool:
    """Whether any field that a law looks at was changed."""
    fields = [f"{path}{field}" if field.startswith(".") else field for field in law.hangs_on]
    return any(_value(old, field) != _value(new, field) for field in fields)


def _value(parts: dict[str, Component], path: str) -> object:
    owner, _, key = path.rpartition(".")
    part = parts.get(owner)
    return None if part is None else getattr(part, fields_by_key(type(part))[key][0])


def _moved(seen: tuple[Seen, Seen], path: str, key: str, laws: list[Law]) -> tuple[str | None, str] | None:
    """New text and source of one cost, or None if there is nothing to say."""
    part: Component = seen[1].part
    if key not in fields_by_key(type(part)):
        return None
    name, field = fields_by_key(type(part))[key]
    value = getattr(seen[1].part, name)
    mark = seen[1].chip.source_of(f"{path}.{key}")
    set_or_estimated = mark != seen[0].chip.source_of(f"{path}.{key}") or mark.startswith("estimated: model")
    if not value or value != getattr(seen[0].part, name) or set_or_estimated:
        return None
    factor, kept = 1.0, []
    how = []
    for law in laws:
        times = law.factor(*seen) if law.factor is not None else None
        if times is None:
            kept += [law.how]
        elif times != 1:
            factor *= times
            how += [f"{law.how}; {law.source}"]
    said = "".join(f"{KEPT}{_changed(seen, path, laws)} changed: {why}" for why in kept[:1])
    quantity = quantity_of(field)
    if factor == 1 or quantity is None:
        return (None, f"{mark}{said}") if said and KEPT not in mark else None
    scaled = round(value * factor) if isinstance(value, int) else float(f"{value * factor:.{DIGITS + 2}g}")
    by = f"/ {factor:.4g}" if key == "rate" else f"x {factor:.4g}"  # kept as a period, told as a rate
    text = quantity.write(max(scaled, 1) if isinstance(value, int) else scaled)
    return text, f"scaled: {quantity.write(value)} {by} ({', '.join(how)}); {mark}{said}"


def _changed(seen: tuple[Seen, Seen], path: str, laws: list[Law]) -> str:
    """The fields that were changed, of those that the laws look at."""
    old, new = dict(walk(seen[0].chip)), dict(walk(seen[1].chip))
    fields = [f"{path}{f}" if f.startswith(".") else f for law in laws for f in law.hangs_on]
    return " and ".join(f for f in dict.fromkeys(fields) if _value(old, f) != _value(new, f))


def scaled_costs(chip: Chip) -> tuple[Moved, ...]:
    """Costs of a chip that were moved to another geometry than they were stated for."""
    return tuple(Moved(row.path, row.mark) for row in describe(chip) if row.mark.startswith("scaled"))


def kept_costs(chip: Chip) -> tuple[Moved, ...]:
    """Costs of a chip that hang on a field that was changed, by no law that is known."""
    return tuple(Moved(row.path, row.mark) for row in describe(chip) if KEPT in row.mark)


__all__ = ["LAWS", "Law", "Moved", "kept_costs", "rescaled", "scaled_costs"]
