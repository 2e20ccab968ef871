"""The fields of a Job as people know them: one flat list, read off the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from operator import getitem
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ..asked import Asked
from ..figures import Kind
from ..mapping.options import MappingOptions, Switch
from .errors import QuestionError
from .job import Job
from .work import GenerationWork, InferenceWork, ServingWork, TrainingWork, WorkOfAKind

WORKS: Mapping[Kind, type[WorkOfAKind]] = {
    "inference": InferenceWork,
    "training": TrainingWork,
    "generation": GenerationWork,
    "serving": ServingWork,
}
ASKED: Mapping[Kind, str] = {
    "inference": "inferences",
    "training": "a training step",
    "generation": "a generation",
    "serving": "a service",
}
"""What is asked for, in words."""
_TRAINING = Asked(
    "Run one training step instead, the batch are its samples: forward, backward, update of the weights."
)


@dataclass(frozen=True)
class FieldRecord:
    """One field.

    Parameters
    ----------
    name : str
        As doors know it.
    path : tuple of str
        Where it is in a Job: ("mapping", "swap").
    type : type
        Of its value, None apart.
    default : object
        None where nothing is the default.
    least, most : int or None
        Of a whole number.
    asked : Asked
    whole_type : type
        With all that is annotated, for pydantic.
    """

    name: str
    path: tuple[str, ...]
    type: Any
    default: Any
    least: int | None
    most: int | None
    asked: Asked
    whole_type: Any

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.whole_type)

    def checked(self, value: Any, called: str) -> Any:
        """A value as a Job holds it; `called` is the name under which it was given.

        Raises
        ------
        QuestionError
            It is none of this field.
        """
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
        own = str(detail["ctx"]["error"]) if detail["type"] == "value_error" else ""
        said = (
            own.replace("{example}", self.asked.example) or f"found {shown(value)}, expected {self.expected}"
        )
        raise QuestionError(f"`{called}`: {said}", called)

    @property
    def flag(self) -> str:
        """On the command line."""
        return self.asked.flag or f"--{self.name.replace('_', '-')}"

    @property
    def is_switch(self) -> bool:
        """Whether it is true or false."""
        return self.type is bool

    @property
    def is_table(self) -> bool:
        """Whether it has names with values of their own."""
        return get_origin(self.type) is dict

    @property
    def choices(self) -> tuple[str, ...]:
        """The values there are, where they can be told; none for others."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def expected(self) -> str:
        """What its value is, for messages."""
        if self.choices:
            *others, last = map(repr, self.choices)
            return f"{', '.join(others)} or {last}"
        if self.is_switch:
            return "true or false"
        if self.type is int:
            return f"a whole number from {self.least}" + (f" to {self.most}" if self.most else "")
        if self.is_table:
            return f"a mapping such as {{{self.asked.example.replace('=', ': ')}}}"
        if get_origin(self.type) is tuple:
            return f"a list such as {self.asked.example}"
        return f"a text such as {self.asked.example}" if self.asked.example else "a text"


@cache
def records() -> Mapping[str, FieldRecord]:
    """Every field by its name, in the order in which help lists them."""
    found: dict[str, FieldRecord] = {}
    for record in (*_of(Job.model_fields, ()),):
        found.setdefault(record.name, record)
    return found


@cache
def names() -> Mapping[str, str]:
    """The name of the field by every name that it has."""
    aliases = {alias: r.name for r in records().values() for alias in r.asked.aliases}
    return {**aliases, **{name: name for name in records()}}


def given_by(job: Job) -> dict[str, Any]:
    """What a Job says beyond the defaults, by the names that doors have; plain values."""
    found = {} if job.work.kind != "training" else {"training": True}
    for record in records().values():
        value: Any = job
        for step in record.path:
            value = getattr(value, step, None)
        if record.path[0] != "mapping" and value != record.default and record.path != ("work", "kind"):
            found[record.name] = value
    return {name: found[name] for name in records() if name in found and found[name] is not None}


def _of(fields: Mapping[str, FieldInfo], path: tuple[str, ...]) -> Iterator[FieldRecord]:
    for name, info in fields.items():
        if name == "work":
            yield FieldRecord("training", ("work", "kind"), bool, False, None, None, _TRAINING, Switch)
            for work in WORKS.values():
                yield from _of(work.model_fields, ("work",))
        elif name == "mapping":
            yield from _of(_fields_of_mapping(), ("mapping",))
        elif name != "kind":
            kind, about = _bare(info.annotation, list(info.metadata))
            (asked,) = (m for m in about if isinstance(m, Asked))
            least: Any = next((m.ge for m in about if isinstance(m, Ge)), None)
            most: Any = next((m.le for m in about if isinstance(m, Le)), None)
            default = None if info.default is PydanticUndefined else info.default
            whole = getitem(Annotated, (info.annotation, asked, *info.metadata))
            yield FieldRecord(asked.name or name, (*path, name), kind, default, least, most, asked, whole)


def _fields_of_mapping() -> Mapping[str, FieldInfo]:
    found: Mapping[str, FieldInfo] = MappingOptions.__pydantic_fields__  # type: ignore[attr-defined]
    return found


def _bare(annotation: Any, about: list[Any]) -> tuple[Any, list[Any]]:
    """A type without None and without what is annotated, and all that is."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (a for a in get_args(annotation) if a is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        about = [
            *about,
            *(m for one in more for m in (one.metadata if isinstance(one, FieldInfo) else [one])),
        ]
    return annotation, about


def shown(value: object) -> str:
    """A value as messages name it."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
