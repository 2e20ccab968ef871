"""`ohmsum profile`: what limits a network on a chip, and what to change."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...sim.job.given import job_of
from ..output_file import OutputFile, output_folder
from ..progress import shown_progress
from . import options
from .asking import Given, asks

if TYPE_CHECKING:
    from ..profile.profile import Profile


def profile(
    given: Given,
    goal: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="latency, throughput or energy: what changes are ranked by."),
    ] = None,
    phase: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a language model: prefill, or decode (default).")
    ] = None,
    no_what_if: Annotated[bool, typer.Option("--no-what-if", help="Only look; do not try changes.")] = False,
    jobs: options.Jobs = None,
    json_file: options.JsonFile = None,
    out: options.Out = None,
    all_rows: Annotated[bool, typer.Option("--all", help="Print every row of every table.")] = False,
    plain: options.Plain = False,
) -> None:
    """Find what limits NETWORK on CHIP, and what each change of the chip would gain."""
    job = job_of(given)
    from ..profile.evaluate import check_goal

    check_goal(goal, "--goal")
    from ...sim.report.terminal import show, terminal_page
    from ..profile import profile_text
    from ..profile.profile import profile as find

    to_stdout = str(json_file) == "-"
    with ExitStack() as stack, shown_progress() as progress:
        files = _open(stack, None if to_stdout else json_file, out)
        found = find(job, phase=phase, goal=goal, try_changes=not no_what_if, jobs=jobs, progress=progress)
        for file, text_of in files:
            file.write(text_of(found))
    if to_stdout:
        typer.echo(_json(found), nl=False)
    else:
        show(profile_text.report(found, terminal_page(plain, everything=all_rows)), plain)


def _open(
    stack: ExitStack, json_file: Path | None, out: Path | None
) -> list[tuple[OutputFile, Callable[[Profile], str]]]:
    """The files for the profile, opened before the work, each with what goes into it."""
    wanted: list[tuple[str, Path, Callable[[Profile], str]]] = []
    if json_file is not None:
        wanted.append(("--json", json_file, _json))
    if out is not None:
        stack.enter_context(output_folder("--out", out))
        parts = {"profile.json": _json, "result.json": _result, "report.txt": _text, "report.html": _html}
        wanted += [("--out", out / name, text_of) for name, text_of in parts.items()]
    return [(stack.enter_context(OutputFile(option, path)), text_of) for option, path, text_of in wanted]


def _json(found: Profile) -> str:
    from ...sim.report.json_result import dumps
    from ..profile.as_json import to_json

    return dumps(to_json(found))


def _result(found: Profile) -> str:
    from ...sim.report.json_result import dumps

    return dumps(found.run.to_json())


def _text(found: Profile) -> str:
    from ...sim.report.page import Page
    from ...sim.report.terminal import as_text
    from ..profile.profile_text import report

    return as_text(report(found, Page(everything=True)))


def _html(found: Profile) -> str:
    from ...sim.report.html import to_html
    from ..profile.as_json import to_json

    return to_html(found.run, profile=to_json(found))


command = asks(profile)
