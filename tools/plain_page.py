"""An HTML page of tables and plots in SVG that needs nothing else; light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --faint: #6b7385; --line: #d7dbe4; --paper: #ffffff;
  --dot: #9aa6bd; --best: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9f0; --faint: #98a1b5; --line: #343b4c; --paper: #151922;
    --dot: #5d6880; --best: #fb923c; }
}
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 70rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin-top: 2.5rem; }
p { color: var(--faint); }
svg text { fill: var(--faint); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { color: var(--faint); font-weight: 500; }
"""


def plain_page(title: str, body: Iterable[str], style: str = "") -> str:
    """The page; `style` comes after that of all pages."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )
