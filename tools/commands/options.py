"""Options of commands that are no part of a question."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Plain = Annotated[bool, typer.Option("--plain", help="No colours, ASCII only; a pipe always gets this.")]
Jobs = Annotated[
    int | None,
    typer.Option(metavar="N", help="Processes; as many as processors where that is worth it, if not given."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write result.json, report.txt and report.html there."),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the result; - is standard output.")
]
