"""YAML 1.2 read into plain values, with the line of every field.

Parsing takes most of the time that a chip takes to load, so the values of a text are kept in the user's cache
folder (`parsed_texts`), and lines are looked up only when a message needs one.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import parsed_texts
from .errors import ConfigError

if TYPE_CHECKING:
    from .yaml_parser import Parsed

MAX_BYTES = 256 * 1024

Location = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


@dataclass
class Document:
    """A parsed file: the plain value, and where each part of it stands.

    Parameters
    ----------
    label : str
        The file's name in messages.
    value : plain values
    text : str
        What it was read from.
    stated : plain values
        The value before anything was set.
    """

    label: str
    value: Any
    text: str = field(default="", repr=False)
    stated: Any = field(default=None, repr=False)

    def state(self) -> None:
        """Take the value as what the file states: costs hold for its geometry."""
        self.stated = deepcopy(self.value)

    @cached_property
    def places(self) -> dict[Location, str]:
        """``file:line`` of every part; read from the text when it is first asked for."""
        return {
            path: f"{self.label}:{line}" for path, line in _parsed(self.text, self.label).lines.items()
        } | self._marks

    @cached_property
    def _marks(self) -> dict[Location, str]:
        return {}

    def mark(self, path: Location, place: str) -> None:
        """Say that what stands at a location comes from elsewhere."""
        self._marks[path] = place
        if "places" in self.__dict__:
            self.places[path] = place

    def place(self, path: Location) -> str:
        """``file:line`` of the field, or of the nearest part around it that exists."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.label)


def read_file(path: Path) -> Document:
    """Parse a YAML file; `ConfigError` for anything that is not acceptable."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB, the limit for a chip file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}:{line}: not UTF-8 text (byte 0x{data[error.start]:02x}), expected a YAML file"
        ) from error
    return read_text(text, str(path))


def read_text(text: str, label: str) -> Document:
    """Parse YAML text; `label` is the name that messages use for it."""
    known, value = parsed_texts.get(text)
    if not known:
        value = deepcopy(_parsed(text, label).value)
        parsed_texts.put(text, value)
    return Document(label, value, text)


def _parsed(text: str, label: str) -> Parsed:
    from .yaml_parser import parse  # with the parser itself, which takes as long to import as a chip to load

    return parse(text, label)
