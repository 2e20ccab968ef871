"""`ohmsum run`: ask a network and a chip."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ...sim.job.given import job_of
from ..progress import shown_progress
from ..run_files import RunFiles
from . import options
from .asking import Given, asks


def run(
    given: Given,
    json_file: options.JsonFile = None,
    out: options.Out = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every visit of every resource, for ui.perfetto.dev."),
    ] = None,
    trace_limit: Annotated[
        float | None, typer.Option(metavar="MB", help="End the trace before its file is larger.")
    ] = None,
    firings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every firing, as .parquet or .csv.")
    ] = None,
    time_series: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write utilization and power over time, as .parquet or .csv."),
    ] = None,
    all_layers: Annotated[bool, typer.Option("--all", help="Print every layer.")] = False,
    plain: options.Plain = False,
) -> None:
    """Run NETWORK on CHIP and print where time and energy go."""
    from ...sim.job.perform import perform

    job = job_of(given)
    to_stdout = str(json_file) == "-"
    with ExitStack() as stack, shown_progress() as progress:
        files = RunFiles(stack, job.work.kind in ("inference", "training"), progress)
        files.add_json(None if to_stdout else json_file)
        files.add_folder(out)
        files.add_table("--firings", firings, "firings")
        files.add_table("--time-series", time_series, "time_series")
        files.add_trace(trace, trace_limit)
        answer = perform(job, progress)
        files.write(answer)
    for remark in files.remarks:
        typer.echo(remark, err=True)
    if to_stdout:
        from ...sim.report.json_result import dumps

        typer.echo(dumps(answer.to_json()), nl=False)
    else:
        from ...sim.report.terminal import show, terminal_page
        from ...sim.report.text import report

        page = terminal_page(plain, everything=all_layers, hint=" (--all shows them)")
        show(report(answer, page), plain)


command = asks(run)
