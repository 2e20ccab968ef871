"""`ohmsum profile`: what limits a network on a chip, and what to change."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..output_file import OutputFile
from ..progress import shown_progress
from ..run_spec import RunSpec
from . import options


def profile(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="A name of the zoo or an .onnx file.")],
    chip: Annotated[str, typer.Option("--chip", metavar="CHIP", help="A preset's name or a .yaml file.")],
    chips: options.Chips = None,
    batch: options.Batch = 1,
    overrides: options.Overrides = [],  # noqa: B006 (typer copies it)
    bind: options.Bind = [],  # noqa: B006
    inputs: options.Inputs = [],  # noqa: B006
    unknown_operators: options.UnknownOperators = "error",
    weight_inputs_from: options.WeightInputs = None,
    no_host: options.NoHost = False,
    digital: options.Digital = [],  # noqa: B006
    no_replicate: options.NoReplicate = False,
    placement: options.Placement = "greedy",
    seed: options.Seed = 0,
    goal: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="latency, throughput or energy: what changes are ranked by."),
    ] = None,
    no_what_if: Annotated[bool, typer.Option("--no-what-if", help="Only look; do not try changes.")] = False,
    jobs: options.Jobs = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the profile; - is standard output.")
    ] = None,
    all_rows: Annotated[bool, typer.Option("--all", help="Print every row of every table.")] = False,
    plain: options.Plain = False,
) -> None:
    """Find what limits NETWORK on CHIP, and what each change of the chip would gain."""
    spec = RunSpec(
        network=network,
        chip=chip,
        overrides=tuple(overrides),
        chips=chips,
        batch=batch,
        bind=tuple(bind),
        inputs=tuple(inputs),
        unknown_operators=unknown_operators,
        weight_inputs_from=weight_inputs_from,
        replicate=not no_replicate,
        host=not no_host,
        digital=tuple(digital),
        placement=placement,
        seed=seed,
    )
    _check_goal(goal)
    from ...sim.report.json_result import dumps
    from ...sim.report.terminal import is_plain, show, width
    from ..profile import as_json, text
    from ..profile.profile import profile as find

    to_stdout = str(json_file) == "-"
    with ExitStack() as files, shown_progress() as progress:
        file = None
        if json_file is not None and not to_stdout:
            file = files.enter_context(OutputFile("--json", json_file))
        found = find(spec, goal=goal, try_changes=not no_what_if, jobs=jobs, progress=progress)
        if file is not None:
            file.write(dumps(as_json.to_json(found)))
    if to_stdout:
        typer.echo(dumps(as_json.to_json(found)), nl=False)
    else:
        show(text.report(found, width(), is_plain(plain), None if all_rows else text.N_ROWS), plain)


def _check_goal(goal: str | None) -> None:
    goals = ("latency", "throughput", "energy")
    if goal is not None and goal not in goals:
        raise UsageError(f"--goal: found {goal!r}, expected {', '.join(goals[:-1])} or {goals[-1]}")
