"""`ohmsum sweep`: explore a space of designs."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..output_file import OutputFile, inputs, text_output
from ..progress import shown_progress
from . import options


def sweep(
    spec_file: Annotated[
        Path, typer.Argument(metavar="SPEC.yaml", help="What is fixed, what varies, and what is wanted.")
    ],
    jobs: options.Jobs = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where results are kept, and taken from (default: SPEC.sqlite)."),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster: tcp://host:8786.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all points; - is standard output.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the Pareto fronts.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Keep what is whole of a damaged store, and go on from there.")
    ] = False,
    all_rows: Annotated[bool, typer.Option("--all", help="Print every point of every Pareto front.")] = False,
    plain: options.Plain = False,
) -> None:
    """Run all designs of SPEC.yaml and print the best.

    Every finished point is kept in the store at once; the same command continues where it was stopped, by
    whatever.
    """
    if dask is not None and jobs is not None:
        raise UsageError("--jobs, --dask: expected one of them; a Dask cluster has its own number of workers")
    from ...sim.report.terminal import show, terminal_page
    from ..sweep.drive import drive
    from ..sweep.page import page
    from ..sweep.rows import to_csv
    from ..sweep.spec import read_spec
    from ..sweep.store import SweepStore
    from ..sweep.sweep_text import report
    from ..workers import dask as on_dask
    from ..workers import local, n_processors

    spec = read_spec(spec_file)
    path = store or spec_file.with_suffix(".sqlite")
    if repair:
        from ..sweep.repair import repair as repaired

        kept_rows, lost, damaged = repaired(path)
        print(f"ohmsum: {path}: {kept_rows} points kept, {lost} lost; as it was: {damaged}", file=sys.stderr)
    if path.resolve() in {file.resolve() for file in (csv_file, html_file) if file is not None}:
        raise UsageError(f"--store {path}: the same file as that of --csv or --html; name another one")
    with inputs({"SPEC.yaml": spec_file}), ExitStack() as stack:
        write_csv = stack.enter_context(text_output("--csv", csv_file))
        html = None if html_file is None else stack.enter_context(OutputFile("--html", html_file))
        workers = stack.enter_context(
            local(n_processors() if jobs is None else jobs) if dask is None else on_dask(dask)
        )
        kept = stack.enter_context(SweepStore(path))
        progress = stack.enter_context(shown_progress())
        try:
            done = drive(spec, kept, workers, progress)
        except KeyboardInterrupt:
            print(f"ohmsum: what is done is in {path}; the same command continues", file=sys.stderr)
            raise
        write_csv(to_csv(done))
        if html is not None:
            html.write(page(done, f"Sweep {spec_file.name}"))
    if str(csv_file) != "-":
        show(report(done, f"sweep {spec_file.name}", terminal_page(plain, everything=all_rows)), plain)
    if not done.count("ok") or done.count("crashed"):
        raise typer.Exit(1)


command = sweep
