"""A comparison as Markdown for a pull request, as one HTML page that needs nothing else, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from .comparison_text import figure_row, headline, part_row, title
from .difference import Change, Difference

N_ROWS = 12
"""Rows of each table."""

Rows = Sequence[Sequence[str]]

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #656d76; --line: #d0d7de; --paper: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #8b949e; --line: #30363d; --paper: #0d1117; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
th { color: var(--dim); font-weight: 500; }
.better { color: #1a7f37; } .worse { color: #d1242f; }
@media (prefers-color-scheme: dark) { .better { color: #3fb950; } .worse { color: #f85149; } }
"""


def tables(found: Difference) -> list[tuple[str, Sequence[str], Rows]]:
    """Title, headings and rows of every table."""
    parts: list[tuple[str, Sequence[str], Rows]] = []
    if found.causes:
        parts.append(
            ("What was changed", ("what", "change"), [(c.kind, c.text) for c in found.causes[:N_ROWS]])
        )
    figures = [figure_row(c) for c in found.figures if c.old != c.new]
    if figures:
        parts.append(("Figures", ("figure", "before", "after", "change", ""), figures))
    for split in found.splits:
        rows = [part_row(split, c) for c in split.changes[:N_ROWS]]
        headings = ("", "before", "after", "difference", "change")
        parts.append((split.title.capitalize(), headings, rows))
    return parts


def to_markdown(found: Difference) -> str:
    """The comparison as Markdown."""
    lines = [f"### {_cell(title(found))}", "", _cell(headline(found)), ""]
    lines += [line for remark in found.notes for line in (_cell(remark), "")]
    for name, headings, rows in tables(found):
        lines += [f"**{_cell(name)}**", "", *markdown_table(headings, rows), ""]
    return "\n".join(lines)


def markdown_table(headings: Sequence[str], rows: Rows) -> list[str]:
    """Lines of a table; the first column is text, the others are numbers."""
    rule = ["---", *("---:" for _ in headings[1:])]
    if len(headings) == 2:
        rule = ["---", "---"]
    return [_row(headings), _row(rule), *(_row([_cell(cell) for cell in row]) for row in rows)]


def to_html(found: Difference) -> str:
    """The comparison as one page, light and dark, without scripts."""
    told = (headline(found), *found.notes)
    body = [f"<h1>{escape(title(found))}</h1>", *(f"<p>{escape(line)}</p>" for line in told)]
    for name, headings, rows in tables(found):
        head = "".join(f"<th>{escape(text)}</th>" for text in headings)
        lines = "".join(f"<tr>{''.join(_html_cell(cell) for cell in row)}</tr>" for row in rows)
        body.append(f"<h2>{escape(name)}</h2><div class=scroll><table><tr>{head}</tr>{lines}</table></div>")
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title(found))}</title><style>{_STYLE}</style>\n{chr(10).join(body)}\n</html>\n"
    )


def _html_cell(text: str) -> str:
    kind = f" class={text}" if text in ("better", "worse") else ""
    return f"<td{kind}>{escape(text)}</td>"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Text that Markdown shows as it is."""
    for mark in ("\\", "`", "*", "_", "|", "<", ">", "#"):
        text = text.replace(mark, f"\\{mark}")
    return text


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
