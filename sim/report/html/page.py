"""The page around what is shown: one HTML text with styles, scripts and data inside, its title and foot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...answers.base import Answer


STYLES = ("base.css", "parts.css")
TOOLS = ("data.js", "state.js", "look.js", "series.js", "charts.js")
"""In this order: each may use what the ones before it define."""


def page(title: str, views: Sequence[str], data: str) -> str:
    """The template with its gaps filled; what is filled in holds no ``</script``.

    Parameters
    ----------
    title : str
    views : sequence of str
        Scripts of the sections, in the order of the page.
    data : str
        The container that they read.
    """
    gaps = {
        "TITLE": escape(f"{title} - ohmsum"),
        "STYLE": "\n".join(_asset(name) for name in STYLES),
        "ECHARTS": _asset("echarts.min.js"),
        "SCRIPT": "\n".join(_asset(name) for name in (*TOOLS, *views, "start.js")),
        "DATA": data,
    }
    text = _asset("page.html")
    for name, filling in gaps.items():
        before, _, after = text.partition(f"<!--{name}-->")
        text = before + filling + after
    return text


def _asset(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


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
        "notes": [_pretty(note) for note in notes],
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
    """Micro and square as a page has them: of units behind a number, not of words (99 % used).

    Examples
    --------
    >>> _pretty("321 us"), _pretty("85.4 mm2"), _pretty("99 % used"), _pretty("4 uploads")
    ('321 µs', '85.4 mm²', '99 % used', '4 uploads')
    """
    return re.sub(r"(?<=\d )u(?=(s|J|W)\b)", "µ", text).replace("mm2", "mm²")
