"""Result files, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...sim.report.json_result import SCHEMA
from ..errors import UsageError
from .snapshot import ResultSnapshot

SCHEMAS = ("ohmsum-result", "ohmsum-language")
"""Names of formats of results, of this version and of earlier ones."""


def read_result(path: Path) -> dict[str, Any]:
    """The result object of a file that `ohmsum run --json` wrote, of this version of the format or another.

    Raises
    ------
    UsageError
        The file cannot be read, or is no result.
    """
    value = read_json(path, "a result of `ohmsum run --json`")
    check_result(value, str(path))
    return value


def check_result(value: Mapping[str, Any], label: str) -> None:
    """Raise unless an object is a result; `label` says whose it is."""
    found = value.get("schema")
    if found != SCHEMA and not (isinstance(found, str) and found.partition("/")[0] in SCHEMAS):
        check_schema(label, found, SCHEMA, "write it again with `ohmsum run --json`")
    try:
        snapshot = ResultSnapshot.of(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{label}: no complete result of `ohmsum run --json` (missing: {error})") from None
    if not snapshot.figures:
        raise UsageError(f"{label}: no figure in it that this version of ohmsum knows")


def read_json(path: Path, expected: str) -> dict[str, Any]:
    """The JSON object of a file; `expected` says what it should be."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}), expected {expected}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: no text, expected {expected}") from None
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UsageError(f"{path}:{line}: no valid JSON, expected {expected}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{path}: found no JSON object, expected {expected}")
    return value


def check_schema(label: str, found: object, expected: str, mend: str) -> None:
    """Raise `UsageError` unless the name and version of a format are the expected ones."""
    if found == expected:
        return
    name = expected.partition("/")[0]
    if isinstance(found, str) and found.partition("/")[0] == name:
        raise UsageError(f"{label}: schema {found!r}, this version of ohmsum reads {expected!r}; {mend}")
    what = f"schema {found!r}" if isinstance(found, str) else "no schema"
    raise UsageError(f"{label}: {what}, expected {expected!r}; {mend}")
