"""`ohmsum run`: simulate a network on a chip."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..data import data_source, shapes_of_data
from ..errors import UsageError
from ..language import Asked, run_language
from ..loading import load_chip, load_network
from ..mapping_options import mapping_options
from ..progress import shown_progress
from ..run_files import RunFiles
from ..training import check_training
from . import options

if TYPE_CHECKING:
    from ...sim.answers.run import Run


def run(
    network: Annotated[
        str, typer.Argument(metavar="NETWORK", help="A name of the zoo, an .onnx or a .pt2 file.")
    ],
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
        str | None,
        typer.Option(metavar="NAME", help="compiled, or reference: the same result, slow and readable."),
    ] = None,
    noc: options.NocDetail = None,
    no_multicast: options.NoMulticast = False,
    overrides: options.Overrides = [],  # noqa: B006 (typer copies it)
    bind: options.Bind = [],  # noqa: B006
    inputs: options.Inputs = [],  # noqa: B006
    unknown_operators: options.UnknownOperators = "error",
    weight_inputs_from: options.WeightInputs = None,
    no_host: options.NoHost = False,
    digital: options.Digital = [],  # noqa: B006
    no_replicate: options.NoReplicate = False,
    placement: options.Placement = "greedy",
    seed: Annotated[int, typer.Option(metavar="N", help="Of the local search and of --arrival.")] = 0,
    swap: options.Swap = False,
    swap_no_overlap: options.SwapNoOverlap = False,
    swap_group: options.SwapGroup = 1,
    partition: options.Partition = "pipeline",
    attention: options.Attention = "auto",
    dense_attention: options.DenseAttention = False,
    training: options.Training = False,
    epoch_samples: options.EpochSamples = None,
    prefill: options.Prefill = None,
    decode: options.Decode = None,
    requests: options.Requests = None,
    experts: options.Experts = None,
    top_k: options.TopK = None,
    routing: options.RoutingName = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=".npz with real inputs: energies as they make them, and times with zero-skipping.",
        ),
    ] = None,
    operands: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With --data: statistical (some vectors, fast), or exact (all values)."
        ),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(metavar="N", help="With --data: take only so many samples, evenly spread.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the result; - is standard output.")
    ] = None,
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
    from ...sim.report.json_result import dumps
    from ...sim.report.terminal import N_LAYERS, is_plain, report, show, width
    from ...sim.simulate import simulate
    from ...sim.training import simulate_training

    mapping = mapping_options(
        replicate=not no_replicate,
        host=not no_host,
        digital=digital,
        placement=placement,
        multicast=not no_multicast,
        swap=swap or swap_no_overlap,
        swap_overlap=not swap_no_overlap,
        swap_group=swap_group,
        partition=partition,
        attention=attention,
        dense_attention=dense_attention,
        seed=seed,
    )
    to_stdout = str(json_file) == "-"
    source = data_source(network, data, operands, samples)
    if not (bind or inputs):
        inputs = shapes_of_data(source)
    given = {
        "network": network,
        "chip": chip,
        "set": overrides,
        "chips": chips,
        "bind": bind,
        "input": inputs,
        "unknown_operators": None if unknown_operators == "error" else unknown_operators,
        "weight_inputs_from": weight_inputs_from,
        "data": None if data is None else str(data),
        "operands": operands,
        "samples": samples,
    }
    asked = Asked(prefill, decode, requests, experts, top_k, routing)
    only_inference = {"--arrival": arrival, "--data": data, "--prefill, --decode": asked}
    check_training(training, epoch_samples, only_inference)
    if asked:
        asked.check(arrival)
        for option, file in (
            ("--firings", firings),
            ("--time-series", time_series),
            ("--trace", trace),
            ("--data", data),
        ):
            if file is not None:
                raise UsageError(f"{option}: not with --prefill or --decode")
        run_language(
            load_network(network, bind, inputs, unknown_operators, weight_inputs_from),
            load_chip(chip, overrides, chips),
            asked,
            batch=batch,
            arrival=arrival,
            engine=engine,
            noc=noc,
            mapping=mapping,
            options={key: value for key, value in {**given, **asdict(asked)}.items() if value},
            json_file=json_file,
            out=out,
            plain=plain,
        )
        return
    with ExitStack() as stack, shown_progress() as progress:
        files = RunFiles(stack, progress)
        files.add_json(None if to_stdout else json_file)
        files.add_folder(out)
        files.add_table("--firings", firings, "firings")
        files.add_table("--time-series", time_series, "time_series")
        files.add_trace(trace, trace_limit)
        run_it: Callable[..., Run]
        if training:
            run_it = partial(simulate_training, epoch_samples=epoch_samples)
        else:
            run_it = partial(simulate, arrival=arrival, operands=source)
        result = run_it(
            load_network(network, bind, inputs, unknown_operators, weight_inputs_from),
            load_chip(chip, overrides, chips),
            batch=batch,
            engine=engine,
            noc=noc,
            mapping=mapping,
            options={key: value for key, value in given.items() if value},
            progress=progress,
        )
        files.write(result)
    for remark in files.remarks:
        typer.echo(remark, err=True)
    if to_stdout:
        typer.echo(dumps(result.to_json()), nl=False)
    else:
        n_layers = None if all_layers else N_LAYERS
        show(report(result, width(), is_plain(plain), n_layers), plain)
