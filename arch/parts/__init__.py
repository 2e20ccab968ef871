"""Parts of a chip, each one record (`Part`), and what follows from them.

>>> from ohmsum.arch import load, parts
>>> parts.boundary_of("adc"), parts.class_of_field("tile.buffer.width")
('macro', 'buffer')
>>> [f.path for f in parts.fitted(load("isaac")) if f.part.boundary == "macro"]
['tile.dac', 'tile.sample_hold', 'tile.adc']
"""

from __future__ import annotations

from functools import cache

from ..chip import Chip
from ..digital import Unit
from ..ports import Port
from . import beside_tiles, in_tile
from .part import BOUNDARIES, Boundary, Fitted, Part, Turn

PARTS: tuple[Part, ...] = (*in_tile.PARTS, *beside_tiles.PARTS)
"""Every part that a chip may have, from the inside out."""

TAKEN = frozenset({word for part in PARTS for word in (part.key, part.klass) if word}) | {"write"}
"""Words that results have for parts, and for what writes crossbars: a unit called so is told from them."""


def unit_word(name: str) -> str:
    """What results call a digital unit: its name, unless a part is called so."""
    return f"unit {name}" if name in TAKEN else name


def port_word(name: str) -> str:
    """What results call a port, as a part and as a class of resources."""
    return f"port {name}"


def fitted(chip: Chip) -> tuple[Fitted, ...]:
    """All parts of a chip, in the order of `PARTS`."""
    return tuple(_fit(part, path, model, count) for part in PARTS for path, model, count in part.find(chip))


def _fit(part: Part, path: str, model: object, count: int) -> Fitted:
    from ..component import Costed

    assert isinstance(model, Costed)
    if isinstance(model, Port):
        word = port_word(model.name)
        return Fitted(part, word, word, word, path, model, count)
    if not isinstance(model, Unit):
        return Fitted(part, part.key, part.label, part.klass, path, model, count)
    word = unit_word(model.name)
    key = f"{part.key}{model.name}" if part.key else word
    return Fitted(part, key, f"{model.name} unit", word, path, model, count)


@cache
def _by_key() -> dict[str, Part]:
    """Of several parts of one name in the energy balance the innermost."""
    return {part.key: part for part in reversed(PARTS)}


def boundary_of(component: str) -> Boundary:
    """The innermost boundary that holds a component of the energy balance: the chip for shared units."""
    found = _by_key().get("tile." if component.startswith("tile.") else component)
    return "chip" if found is None else found.boundary


def work_of_component(component: str) -> str:
    """The kind of work that all energy of a component is; "" if it is that of the operator."""
    found = _by_key().get(component)
    return "" if found is None else found.kind_of_work


@cache
def work_of_class(klass: str) -> str:
    """The kind of work that all time on a class of resources is; "" if it is that of the operator."""
    return next((part.kind_of_work for part in PARTS if part.klass == klass), "")


def class_of_field(path: str) -> str:
    """Class of the resources that a field of a chip is about; "" if of none."""
    steps = path.split(".")
    if "units" in steps[:2] and len(steps) > steps.index("units") + 1:
        return unit_word(steps[steps.index("units") + 1])
    if steps[0] == "ports" and len(steps) > 1:
        return port_word(steps[1])
    found = [part for part in PARTS if path == part.path or path.startswith(f"{part.path}.")]
    longest = max((len(part.path) for part in found), default=0)
    best = [part for part in found if len(part.path) == longest]
    own = [part for part in best if path.removeprefix(f"{part.path}.").partition(".")[0] in part.keys]
    return next((part.klass for part in own or best), "")


def fields_that_widen(klass: str) -> tuple[str, ...]:
    """Dotted paths that make a class of resources faster, the most direct first."""
    return tuple(
        f"{part.path}.{turn.key}"
        for part in PARTS
        if part.klass == klass
        for turn in part.turns
        if turn.better == "more"
    )[:1]


def off_tile(chip: Chip) -> frozenset[str]:
    """Components of the energy balance that lie in no tile of a chip."""
    inside = {part.key for part in in_tile.PARTS}
    beside = {part.key for part in beside_tiles.PARTS if part.key} - inside
    named = {unit_word(unit.name) for unit in chip.units} | {port_word(port.name) for port in chip.ports}
    return frozenset(beside | named)


def colours() -> dict[str, str]:
    """Colours of pages by component and by class of resource."""
    return {
        word: part.colour
        for part in reversed(PARTS)
        if part.colour
        for word in (part.key, part.klass if part.key == part.klass or part.klass not in _by_key() else "")
        if word
    }


__all__ = [
    "BOUNDARIES",
    "PARTS",
    "TAKEN",
    "Boundary",
    "Fitted",
    "Part",
    "Turn",
    "boundary_of",
    "class_of_field",
    "colours",
    "fields_that_widen",
    "fitted",
    "off_tile",
    "port_word",
    "unit_word",
    "work_of_class",
    "work_of_component",
]
