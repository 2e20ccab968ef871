"""A comparison as one JSON object."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .difference import Change, Difference
from .text import headline

SCHEMA = "ohmsum-comparison/1"


def to_json(found: Difference) -> dict[str, Any]:
    """The comparison as plain dicts, lists, strings and numbers; every change, the largest first."""
    return {
        "schema": SCHEMA,
        "headline": headline(found),
        "notes": list(found.notes),
        "provenance": {"old": found.old.provenance, "new": found.new.provenance},
        "figures": [_change(change) for change in found.figures],
        "splits": {split.title: [_change(change) for change in split.changes] for split in found.splits},
        "causes": [asdict(cause) for cause in found.causes],
    }


def _change(change: Change) -> dict[str, Any]:
    value = {"name": change.name, "old": change.old, "new": change.new, "delta": change.delta}
    return {**value, "verdict": change.verdict} if change.verdict else value
