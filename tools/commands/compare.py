"""`ohmsum compare`: what changed between two results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from . import options

FORMATS = ("table", "markdown", "json", "html")


def compare(
    old: Annotated[Path, typer.Argument(metavar="A.json", help="The result before.")],
    new: Annotated[Path, typer.Argument(metavar="B.json", help="The result after.")],
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="table, markdown, json or html.")
    ] = "table",
    all_rows: Annotated[bool, typer.Option("--all", help="Print every row of every table.")] = False,
    plain: options.Plain = False,
) -> None:
    """Tell what changed in latency, energy, area and utilization between two results, and why."""
    if form not in FORMATS:
        raise UsageError(f"--format: found {form!r}, expected {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    from ...sim.report.json_result import dumps
    from ...sim.report.terminal import show, terminal_page
    from ..compare import comparison_text, markup
    from ..compare.difference import difference
    from ..compare.read import read_result
    from ..compare.snapshot import ResultSnapshot

    found = difference(ResultSnapshot.of(read_result(old)), ResultSnapshot.of(read_result(new)))
    if form == "table":
        show(comparison_text.report(found, terminal_page(plain, everything=all_rows)), plain)
    elif form == "markdown":
        typer.echo(markup.to_markdown(found))
    elif form == "html":
        typer.echo(markup.to_html(found), nl=False)
    else:
        typer.echo(dumps(markup.to_json(found)), nl=False)


command = compare
