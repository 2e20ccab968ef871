"""Names of fields in messages, as each door says them.

A message names a field in back quotes: `chips`, or with a value `digital: NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from shlex import quote

from .records import names, records

_NAMED = re.compile(r"`(?:mapping\.)?([a-z_]+)(?:: ([^`]*))?`")
Say = Callable[[str, str | None], str]
"""From the name of a field, and a value or None, to the words of a door."""


def said(message: str, say: Say) -> str:
    """A message with all names of fields in the words of a door; other back quotes stay."""
    return _NAMED.sub(lambda found: say(found[1], found[2]) if found[1] in names() else found[0], message)


def as_flag(name: str, value: str | None) -> str:
    """A field as the command line says it.

    Examples
    --------
    >>> as_flag("chips", "4"), as_flag("host", "false"), as_flag("network", None)
    ('--chips 4', '--no-host', 'NETWORK')
    >>> as_flag("set", "tile.crossbar.read_time=1 us")
    "--set 'tile.crossbar.read_time=1 us'"
    """
    record = records()[names()[name]]
    if record.name == "network":
        return record.asked.shown
    if value is None or record.is_switch:
        return record.flag
    return f"{record.flag} {quote(value)}" if " " in value else f"{record.flag} {value}"


def as_name(name: str, value: str | None) -> str:
    """A field as a suite, a sweep or a call says it."""
    return name if value is None else f"{name}: {value}"


def with_line(name: str, value: str | None, place: str) -> str:
    """A field as a file says it, with the line that it is on; `place` is ``file:line``, or nothing.

    Examples
    --------
    >>> with_line("arrival", None, "suite.yaml:7"), with_line("arrival", None, "")
    ('arrival (line 7)', 'arrival')
    """
    line = place.rpartition(":")[2]
    return f"{as_name(name, value)} (line {line})" if line.isdecimal() else as_name(name, value)
