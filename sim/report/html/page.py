"""The page around what is shown: one HTML text with styles, scripts and data inside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

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
