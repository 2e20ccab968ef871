"""`ohmsum check`: a suite of runs against golden figures."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ..output_file import OutputFile, inputs
from ..progress import shown_progress
from . import options


def check(
    suite: Annotated[Path, typer.Argument(metavar="SUITE.yaml", help="The runs, metrics and tolerances.")],
    update: Annotated[
        bool, typer.Option("--update", help="Show what changed, then accept it as the new goldens.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Markdown for a pull request.")
    ] = None,
    jobs: options.Jobs = None,
    plain: options.Plain = False,
) -> None:
    """Run the cases of SUITE and hold their figures against golden ones; exit 1 if one got worse."""
    from ...sim.report.terminal import show, terminal_page
    from ..check import checked_text, files
    from ..check.check import check as run_suite
    from ..check.suite import load_suite

    with inputs({"SUITE": suite}), ExitStack() as stack, shown_progress() as progress:
        loaded = load_suite(suite)
        opened = [
            (stack.enter_context(OutputFile(option, path)), write)
            for option, path, write in (
                ("--junit", junit, files.to_junit),
                ("--markdown", markdown, files.to_markdown),
            )
            if path is not None
        ]
        found = run_suite(loaded, jobs=jobs, update=update, progress=progress)
        for file, write in opened:
            file.write(write(found))
    show(checked_text.report(found, terminal_page(plain)), plain)
    if update:
        found.accept()
        typer.echo(f"wrote {loaded.golden_path}")
    if found.n_errors or not (found.passed or update):
        raise typer.Exit(1)


command = check
