"""What a sweep may vary: every field of the question, and any field of the chip.

One namespace, as on the command line: the names of `sim.job.records`, entries of tables as ``bind.DIM`` or
``value.NAME``, options of the mapping also as ``mapping.OPTION``; everything else is a dotted path into the
chip, as for ``--set``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...arch.chip import Chip
from ...arch.nearest import did_you_mean
from ...arch.paths import fields_by_key
from ...sim.job.errors import QuestionError
from ...sim.job.given import MAPPING, TABLES, checked
from ...sim.job.job import text_of as text_of
from ...sim.job.records import names

Value = Any
"""A plain YAML value: a number, a text, true or false, null, or a list or mapping of them."""

NETWORK, CHIP = "network", "chip"


def is_chip_field(field: str, value: Value = "") -> bool:
    """Whether a field is a dotted path into the chip.

    Some sections of a chip are called as a field of the question is (``chips``, ``noc``, ``host``): they are
    meant where the value is a section, or nothing.
    """
    name, dot, _ = field.partition(".")
    if dot:
        return name not in (MAPPING, *TABLES)
    if field not in names():
        return True
    return field in ("chips", "noc", "host") and (value is None or isinstance(value, dict))


def given_of(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Settings of a point as a question is asked: the fields of the chip under ``set``."""
    changes = {field: text_of(value) for field, value in settings.items() if is_chip_field(field, value)}
    rest = {field: value for field, value in settings.items() if field not in changes}
    return {**rest, "set": changes}


def what_is_wrong(field: str, value: Value) -> str | None:
    """What is wrong with a value of a field that is not the chip's: found, expected; None if it is fine."""
    if is_chip_field(field, value):
        hint = "" if "." in field or field in fields_by_key(Chip) else did_you_mean(field, names())
        return f"unknown field {field!r}{hint}" if hint else None
    try:
        checked(field, value)
    except QuestionError as error:
        return str(error).replace(f"`{field}`: ", "")
    return None
