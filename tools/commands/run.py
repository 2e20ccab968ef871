"""`ohmsum run`: simulate a network on a chip."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from ..errors import UsageError
from ..loading import load_chip, load_network
from ..output_file import OutputFile, output_folder
from ..progress import shown_progress
from . import options

if TYPE_CHECKING:
    from ...sim.mapping.options import MappingOptions


def run(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="A name of the zoo or an .onnx file.")],
    chip: Annotated[str, typer.Option("--chip", metavar="CHIP", help="A preset's name or a .yaml file.")],
    chips: options.Chips = None,
    batch: Annotated[int, typer.Option(metavar="B", help="Inferences, back to back and pipelined.")] = 1,
    arrival: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="When requests arrive, --batch of them: 'poisson 2000/s' or 'every 1 ms'."
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="compiled, or reference: the same result, slow and readable.")
    ] = "compiled",
    overrides: options.Overrides = [],  # noqa: B006 (typer copies it)
    bind: options.Bind = [],  # noqa: B006
    inputs: options.Inputs = [],  # noqa: B006
    unknown_operators: options.UnknownOperators = "error",
    weight_inputs_from: options.WeightInputs = None,
    no_host: Annotated[
        bool, typer.Option("--no-host", help="Make it an error if an operator would need the host processor.")
    ] = False,
    digital: Annotated[
        list[str],
        typer.Option("--digital", metavar="NAME", help="Operator (or type) kept off the crossbars."),
    ] = [],  # noqa: B006
    no_replicate: Annotated[
        bool, typer.Option("--no-replicate", help="Do not give spare tiles to the slowest stages.")
    ] = False,
    placement: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="greedy: swaps that shorten the way; linear: in order along the mesh."
        ),
    ] = "greedy",
    seed: Annotated[int, typer.Option(metavar="N", help="Of the local search and of --arrival.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the result; - is standard output.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write result.json and report.txt there.")
    ] = None,
    all_layers: Annotated[bool, typer.Option("--all", help="Print every layer.")] = False,
    plain: options.Plain = False,
) -> None:
    """Run NETWORK on CHIP and print where time and energy go."""
    from ...sim.report.json_result import dumps
    from ...sim.report.terminal import N_LAYERS, PIPE_WIDTH, as_text, is_plain, report, show, width
    from ...sim.simulate import simulate

    mapping = _mapping_options(not no_replicate, not no_host, digital, placement, seed)
    to_stdout = str(json_file) == "-"
    given = {
        "network": network,
        "chip": chip,
        "set": overrides,
        "chips": chips,
        "bind": bind,
        "input": inputs,
        "unknown_operators": None if unknown_operators == "error" else unknown_operators,
        "weight_inputs_from": weight_inputs_from,
    }
    with ExitStack() as files, shown_progress() as progress:
        json_files, text_files = _open(files, None if to_stdout else json_file, out)
        result = simulate(
            load_network(network, bind, inputs, unknown_operators, weight_inputs_from),
            load_chip(chip, overrides, chips),
            batch=batch,
            arrival=arrival,
            engine=engine,
            mapping=mapping,
            options={key: value for key, value in given.items() if value},
            progress=progress,
        )
        for file in json_files:
            file.write(dumps(result.to_json()))
        for file in text_files:
            file.write(as_text(report(result, PIPE_WIDTH, plain=True, n_layers=None)))
    if to_stdout:
        typer.echo(dumps(result.to_json()), nl=False)
    else:
        n_layers = None if all_layers else N_LAYERS
        show(report(result, width(), is_plain(plain), n_layers), plain)


def _open(
    files: ExitStack, json_file: Path | None, out: Path | None
) -> tuple[list[OutputFile], list[OutputFile]]:
    """The files for the result and for the report, opened before the work so that it cannot be in vain."""
    json_files, text_files = [], []
    if json_file is not None:
        json_files.append(files.enter_context(OutputFile("--json", json_file)))
    if out is not None:
        files.enter_context(output_folder("--out", out))
        json_files.append(files.enter_context(OutputFile("--out", out / "result.json")))
        text_files.append(files.enter_context(OutputFile("--out", out / "report.txt")))
    return json_files, text_files


def _mapping_options(
    replicate: bool, host: bool, digital: list[str], placement: str, seed: int
) -> MappingOptions:
    from ...sim.mapping.options import MappingOptions

    allowed = get_args(get_type_hints(MappingOptions)["placement"])
    if placement not in allowed:
        raise UsageError(f"--placement: found {placement!r}, expected {' or '.join(map(repr, allowed))}")
    choice: Any = placement
    return MappingOptions(replicate=replicate, host=host, digital=tuple(digital), placement=choice, seed=seed)
