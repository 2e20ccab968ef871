"""A part of a suite file, with the line of whatever is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...arch.nearest import nearest_hint
from ...arch.yaml_text import Document, Location
from ...sim.job.errors import QuestionError
from ...sim.job.words import said, with_line
from ..documents import M, problem, validated
from ..errors import SuiteError, UsageError


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
        self._value = value
        names = list(known)
        for key in value:
            if key not in names:
                raise self.error((key,), f"unknown field{nearest_hint(key, names)}")

    def error(self, below: Location, message: str) -> UsageError:
        """The error at a place inside this mapping."""
        return problem(self._document, (*self._location, *below), message, SuiteError)

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def raw(self, key: str) -> Any:
        """The plain value; None if there is none."""
        return self._value.get(key)

    def validated(self, model: type[M], *below: str | int) -> M:
        """A part of it, as a model."""
        return validated(self._document, model, (*self._location, *below), SuiteError)

    def place(self, *below: str | int) -> str:
        """``file:line`` of a place inside this mapping."""
        return self._document.place((*self._location, *below))

    def words(self, error: QuestionError) -> str:
        """What is wrong with a question, without the name of the field that the path says already."""
        message = str(error).removeprefix(f"`{error.field}`: ")
        return said(message, lambda name, value: self._named(name, value))

    def _named(self, name: str, value: str | None) -> str:
        """A field with the line that it is on, where it is there."""
        return with_line(name, value, self.place(name) if name in self else "")
