"""Fields of a suite file, read with the line of whatever is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from ...arch.nearest import nearest_hint
from ...arch.yaml_text import Document, Location
from ...sim.job.errors import QuestionError
from ...sim.job.words import said, with_line
from .errors import SuiteError

T = TypeVar("T")


class Fields:
    """One mapping of a YAML document.

    Parameters
    ----------
    document : Document
    location : tuple of str or int
        Where the mapping is.
    known : iterable of str
        Keys that it may have; others are refused with the nearest of these.
    """

    def __init__(self, document: Document, location: Location, known: Iterable[str]) -> None:
        self._document, self._location = document, location
        value: Any = document.value
        for step in location:
            value = value[step]
        if not isinstance(value, dict):
            raise self.error((), f"found {show(value)}, expected a mapping")
        self._value = value
        names = list(known)
        for key in value:
            if key not in names:
                raise self.error((key,), f"unknown field{nearest_hint(key, names)}")

    def error(self, below: Location, message: str) -> SuiteError:
        """The error at a place inside this mapping."""
        location = (*self._location, *below)
        path = ".".join(map(str, location))
        where = self._document.place(location)
        return SuiteError(": ".join(part for part in (where, path, message) if part))

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def raw(self, key: str) -> Any:
        """The plain value; None if there is none."""
        return self._value.get(key)

    def place(self, *below: str | int) -> str:
        """``file:line`` of a place inside this mapping."""
        return self._document.place((*self._location, *below))

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        if key not in self and default is None:
            raise self.error((), f"{key} is missing, expected a text")
        return str(self._typed(key, str, "a text", default or ""))

    def words(self, error: QuestionError) -> str:
        """What is wrong with a question, without the name of the field that the path says already."""
        message = str(error).removeprefix(f"`{error.field}`: ")
        return said(message, lambda name, value: self._named(name, value))

    def _named(self, name: str, value: str | None) -> str:
        """A field with the line that it is on, where it is there."""
        return with_line(name, value, self.place(name) if name in self else "")

    def _typed(self, key: str, kind: type, expected: str, default: Any) -> Any:
        value = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error((key,), f"found {show(value)}, expected {expected}")
        return value


def show(value: object) -> str:
    """A value as messages name it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else repr(value)
