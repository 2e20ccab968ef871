"""System files: which chip, how many, what links them, where the host hangs, and the memory behind them.

A system file has the key ``system``. Its blocks ``chips``, ``host`` and ``memory`` have the fields of the
same blocks of a chip file and take the place of what the chip says, field by field (``host: null``: there is
none); ``set`` changes any other field of the chip::

    system: a line of three
    chip: isaac                  # a preset, with @MODE, or a chip file beside this one
    set: {tile.adc.bits: 7}
    chips:
      names: [left, middle, right]
      links: [left-middle, {between: middle-right, bandwidth: 1 GB/s}]
      bandwidth: 6.4 GB/s
      latency: 100 ns
    host: {at: middle}
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .chip import Chip
from .errors import ConfigError
from .nearest import nearest_hint
from .overrides import apply_override
from .paths import component_class, fields_by_key
from .yaml_text import Document, Location

MARK = "system"
"""The key that makes a file a system file."""
BLOCKS = ("chips", "host", "memory")
KEYS = (MARK, "chip", "set", *BLOCKS, "source", "description")

Read = Callable[[str], Document]


def is_system(document: Document) -> bool:
    """Whether the file describes a system rather than a chip."""
    return isinstance(document.value, dict) and MARK in document.value


def expand(system: Document, read: Read) -> Document:
    """The document of the system's chip, with the system's own settings in force.

    Parameters
    ----------
    read : callable
        The document of a chip by its preset's name or file.

    Raises
    ------
    ConfigError
        An unknown key, several kinds of chips, or what the chip file itself would be refused for.
    """
    for key in system.value:
        if key not in KEYS:
            raise ConfigError(f"{system.place((key,))}: {key}: unknown field{nearest_hint(key, KEYS)}")
    chip = _read_kind(system, read)
    if not isinstance(chip.value, dict) or is_system(chip):
        raise ConfigError(f"{system.place(('chip',))}: chip: found another system, expected a chip")
    source = system.value.get("source")
    mark = source if isinstance(source, str) else f"assumed: set in {Path(system.label).name}"
    for path, value in _mapping(system, "set").items():
        try:
            apply_override(chip, path, value, mark)
        except ConfigError as error:
            said = str(error).replace(f"`set: {path}`", path)
            raise ConfigError(f"{system.place(('set', path))}: set: {said}") from None
        for location in [p for p, place in chip.places.items() if place == "`set`"]:
            chip.places[location] = system.place(("set", path))
    for name in BLOCKS:
        _overlay(system, chip, name, mark)
    return chip


def _read_kind(system: Document, read: Read) -> Document:
    """The document of the system's chip."""
    kind = _kind(system)
    try:
        return read(kind)
    except ConfigError as error:
        if str(error).startswith("unknown chip"):
            raise ConfigError(f"{system.place(('chip',))}: chip: {error}") from None
        raise


def _kind(system: Document) -> str:
    """The chip that the system consists of; a file is found beside the system's own."""
    found, place = system.value.get("chip"), system.place(("chip",))
    if isinstance(found, list | dict):
        kinds = sorted({str(v) for v in (found.values() if isinstance(found, dict) else found)})
        if len(kinds) > 1:
            raise ConfigError(
                f"{place}: chip: found {' and '.join(kinds)}; chips of several kinds in one system are not "
                "simulated, expected one kind"
            )
    if not isinstance(found, str) or not found:
        raise ConfigError(f"{place}: chip: found {_told(found)}, expected a preset's name or a chip file")
    beside = Path(system.label).parent / found
    return str(beside) if beside.is_file() else found


def _mapping(system: Document, key: str) -> dict[str, Any]:
    value = system.value.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{system.place((key,))}: {key}: found {_told(value)}, expected a mapping")
    return value


def _overlay(system: Document, chip: Document, name: str, mark: str) -> None:
    """Put the fields of one block of the system in the place of the chip's; null takes the block away."""
    if name in system.value and system.value[name] is None:
        chip.value.pop(name, None)
        return
    block = _mapping(system, name)
    cls = component_class(fields_by_key(Chip)[name][1])[0]
    assert cls is not None
    own = chip.value.get(name)
    if name == "chips":
        _give_way(own if isinstance(own, dict) else {}, block)
        block = {**_implied(block), **block}
    for key, value in block.items():
        if key not in fields_by_key(cls):
            place = system.place((name, key))
            raise ConfigError(f"{place}: {name}.{key}: unknown field{nearest_hint(key, fields_by_key(cls))}")
        apply_override(chip, f"{name}.{key}", value, mark)
        _move_places(system, chip, (name, key))
    if name in system.value:
        chip.places[(name,)] = system.place((name,))


def _give_way(own: dict[str, Any], block: dict[str, Any]) -> None:
    """Drop fields of the chip's own `chips` that a field of the system's stands for."""
    for given, replaced in (
        ("links", "topology"),
        ("topology", "links"),
        ("names", "count"),
        ("count", "names"),
    ):
        if given in block and replaced not in block:
            own.pop(replaced, None)


def _implied(block: dict[str, Any]) -> dict[str, Any]:
    """What names and links say without saying it, so that it is the system's and not the chip's."""
    implied: dict[str, Any] = {}
    if isinstance(block.get("names"), list):
        implied["count"] = max(1, len(block["names"]))
    if block.get("links") is not None:
        implied["topology"] = "graph"
    return implied


def _move_places(system: Document, chip: Document, location: Location) -> None:
    """Let messages about a field name the line of the system file."""
    for path in [p for p in chip.places if p[: len(location)] == location]:
        del chip.places[path]
    for path, place in system.places.items():
        if path[: len(location)] == location:
            chip.places[path] = place


def _told(value: object) -> str:
    return "nothing" if value is None else "a mapping" if isinstance(value, dict) else repr(value)
