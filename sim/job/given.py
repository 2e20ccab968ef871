"""A Job from flat names and values: what every door makes of what it was told.

Which kind of work it is follows from what is there: a training step with `training`, a generation with
`prefill` or `decode`, a service where these have `arrival`, else inferences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ...arch.nearest import nearest_hint
from ..figures import Kind
from ..mapping.options import MappingOptions
from .errors import QuestionError
from .job import Job
from .records import ASKED, WORKS, FieldRecord, names, records, shown
from .work import LANGUAGE

TABLES = ("bind", "input", "value", "operator")
"""Fields of which one entry may be given alone: ``bind.batch``."""
MAPPING = "mapping"


def job_of(given: Mapping[str, Any], kind: Kind | None = None, beside: Iterable[str] = ()) -> Job:
    """The Job that is meant.

    Parameters
    ----------
    given : mapping of str to object
        Values by names of fields or their aliases; None is as good as not given. Options of the mapping also
        under ``mapping`` or as ``mapping.swap``, entries of tables as ``bind.batch``.
    kind : {"inference", "training", "generation", "serving"}, optional
        The kind of work, where the door knows it.
    beside : iterable of str
        Names that the door takes beside those of the question: a wrong name may be near one of them.

    Raises
    ------
    QuestionError
        A name that is not known, a value that cannot be, or two fields that do not go together.
    """
    flat, written = _flat(given, beside)
    if kind in ("generation", "serving") and not any(name in flat for name in LANGUAGE):
        flat["prefill"] = 1
    if flat.get("swap_overlap") is False:
        flat.setdefault("swap", True)  # as on the command line: the same, but without overlap
    _contradictions(flat, written)
    found = kind or _kind(flat)
    work: dict[str, Any] = {"kind": found}
    nested: dict[str, Any] = {"work": work, MAPPING: {}}
    for name, raw in flat.items():
        record = records()[name]
        value = record.checked(raw, written.get(name, name))
        if record.path == ("work", "kind"):
            continue
        if record.path[0] == "work":
            if record.path[1] not in WORKS[found].model_fields:
                raise QuestionError(f"`{written[name]}`: means nothing to {ASKED[found]}", written[name])
            work[record.path[1]] = value
        elif record.path[0] == MAPPING:
            nested[MAPPING][record.path[1]] = value
        else:
            nested[record.path[0]] = value
    for name in ("network", "chip", *(["arrival"] if found == "serving" else [])):
        if name not in flat:
            raise QuestionError(f"`{name}` is missing, expected {records()[name].expected}", name)
    return Job.model_validate(nested)


def _kind(flat: Mapping[str, Any]) -> Kind:
    if flat.get("training"):
        return "training"
    if any(name in flat for name in LANGUAGE):
        return "serving" if "arrival" in flat else "generation"
    return "inference"


def _flat(given: Mapping[str, Any], beside: Iterable[str] = ()) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by the names of records, and the names under which they were given."""
    flat: dict[str, Any] = {}
    written: dict[str, str] = {}
    for key, value in _opened(given):
        table, dot, entry = key.partition(".")
        if dot and table in TABLES:
            flat[table] = {**flat.get(table, {}), entry: value}
            written.setdefault(table, key)
            continue
        plain = key.removeprefix(f"{MAPPING}.")
        if plain not in names():
            raise QuestionError(f"unknown field {plain!r}{nearest_hint(plain, [*names(), *beside])}", key)
        name = names()[plain]
        if value is None:
            continue
        if name in written:
            raise QuestionError(f"`{key}` is given twice, also as `{written[name]}`", key)
        flat[name], written[name] = value, key
    if isinstance(flat.get("training"), Mapping):  # as in the provenance of a result
        flat["training"] = True
    return flat, written


def _opened(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values, those under ``mapping`` one by one."""
    opened: list[tuple[str, Any]] = []
    for key, value in given.items():
        if key == MAPPING and value is not None:
            if not isinstance(value, Mapping | MappingOptions):
                raise QuestionError(f"mapping: found {shown(value)}, expected options of the mapping", key)
            inner = asdict(value) if isinstance(value, MappingOptions) else value
            opened += [(f"{MAPPING}.{name}", item) for name, item in inner.items()]
        elif key != MAPPING:
            opened.append((key, value))
    return opened


def _contradictions(flat: Mapping[str, Any], written: Mapping[str, str]) -> None:
    """Raise for the first field that lacks another, or has one that it does not go with."""
    for name, value in flat.items():
        record = records()[name]
        if _is_nothing(value) or _is_default(record, value):
            continue
        mine = written.get(name, name)
        for other, why in record.asked.not_with.items():
            if not _is_nothing(flat.get(other)):
                reason = f": {why}" if why else ""
                raise QuestionError(f"`{mine}` does not go with `{written[other]}`{reason}", mine)
        needs = record.asked.needs
        if needs and all(_is_nothing(flat.get(other)) for other in needs):
            expected = " or ".join(f"`{other}`" for other in needs)
            raise QuestionError(f"`{mine}` needs {expected} as well", mine)


def _is_nothing(value: Any) -> bool:
    """Whether a value says no more than none at all."""
    return value is None or (isinstance(value, bool | int | float | str | tuple | list | dict) and not value)


def _is_default(record: FieldRecord, value: Any) -> bool:
    """Whether an option of the mapping is as it would be anyhow."""
    return record.path[0] == MAPPING and type(value) is type(record.default) and value == record.default


def checked(name: str, value: Any) -> Any:
    """One field by itself, as a Job holds it: for those who ask only a part of the question.

    Raises
    ------
    QuestionError
        There is no such field, or it has no such value.
    """
    flat, written = _flat({name: value})
    return next((records()[n].checked(v, written[n]) for n, v in flat.items()), None)
