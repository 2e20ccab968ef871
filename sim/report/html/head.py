"""What every page has: what ran, its main figures, notes, and how to know the run again."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...answers.base import Answer


def head(
    answer: Answer, subtitle: str, notes: list[str], figures: Iterable[tuple[str, str, str]], **more: str
) -> dict[str, Any]:
    """The part of the data that the title and the foot of the page are made of.

    Parameters
    ----------
    figures : iterable of tuple of str
        The large figures on top: name, value, and a line below.
    **more
        Hashes for the foot, beside those of chip and network.
    """
    return {
        "network": answer.network_name,
        "chip": answer.chip.name,
        "n_chips": answer.chip.n_chips,
        "subtitle": subtitle,
        "notes": notes,
        "provenance": {
            "ohmsum": version("ohmsum"),
            "chip": answer.chip.hash,
            "network": answer.source.hash,
            **more,
        },
        "figures": [
            {"name": name[0].upper() + name[1:], "value": _pretty(value), "note": _pretty(note)}
            for name, value, note in figures
        ],
    }


def _pretty(text: str) -> str:
    return text.replace(" u", " µ").replace("mm2", "mm²") if any(c.isdigit() for c in text) else text
