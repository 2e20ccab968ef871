"""The fields of a question as options of a command: one parameter of typer for each record."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, get_type_hints

import typer

from ...sim.job.records import FieldRecord, records
from ..output_file import inputs

Given = Mapping[str, Any]
"""Values by names of fields; None where nothing was given."""


def asks(command: Callable[..., None], *, only: Collection[str] = ()) -> Callable[..., None]:
    """A command whose parameter `given` is replaced by an option for every field of the question.

    Parameters
    ----------
    command : callable
        Its first parameter is called `given`; the others are its own options.
    only : collection of str
        Names of the fields that it has; all if empty.
    """
    asked = [record for record in records().values() if record.name in (only or records())]
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    parameters = [_parameter(record) for record in asked]

    @functools.wraps(command)
    def ask(**values: Any) -> None:
        given = {record.name: _value(record, values.pop(record.name)) for record in asked}
        with inputs({record.flag: given[record.name] for record in asked}):
            command(given, **values)

    hints = get_type_hints(command, include_extras=True)
    ask.__annotations__ = {**{p.name: p.annotation for p in parameters}, **hints}
    del ask.__annotations__["given"], ask.__dict__["__wrapped__"]
    ask.__dict__["__signature__"] = inspect.Signature([*parameters, *own])
    return ask


def _parameter(record: FieldRecord) -> inspect.Parameter:
    kind, default = _typed(record)
    return inspect.Parameter(
        record.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, _option(record)],
    )


def _typed(record: FieldRecord) -> tuple[Any, Any]:
    """The type that typer reads, and the default."""
    if record.name == "network":
        return str, inspect.Parameter.empty
    if record.name == "chip":
        return str, inspect.Parameter.empty
    if record.is_switch:
        return bool, False
    if record.is_table or (record.type not in (int, str) and not record.choices):
        return list[str], []
    return (int if record.type is int else str) | None, None


def _option(record: FieldRecord) -> Any:
    shown = record.asked.shown or None
    if record.name == "network":
        return typer.Argument(metavar=shown, help=record.asked.help)
    default = f" (default: {record.default})" if record.default and not record.is_switch else ""
    about = record.asked.help.removesuffix(".") + default + "." if default else record.asked.help
    return typer.Option(record.flag, metavar=shown, help=about, show_default=False)


def _value(record: FieldRecord, value: Any) -> Any:
    """What was given; None for nothing."""
    if record.is_switch:
        return None if not value else not record.asked.turns_off
    return None if value == [] else value
