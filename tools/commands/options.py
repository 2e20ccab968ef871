"""Options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="PATH=VALUE", help="Change a field of the chip: tile.adc.bits=6."),
]
Chips = Annotated[int | None, typer.Option("--chips", metavar="N", help="Number of copies of the chip.")]
Bind = Annotated[
    list[str], typer.Option("--bind", metavar="DIM=N", help="Value of a symbolic dimension: batch=1.")
]
Inputs = Annotated[
    list[str],
    typer.Option("--input", metavar="NAME=SHAPE", help="Shape of an input of the network: x=1x3x224x224."),
]
UnknownOperators = Annotated[
    str,
    typer.Option(
        "--unknown-operators",
        metavar="error|vector",
        help="vector: run operators that are not known on the vector unit and say so.",
    ),
]
WeightInputs = Annotated[
    int | None,
    typer.Option(
        "--weight-inputs-from",
        metavar="N",
        help="Graph inputs from this one on (from 0) are weights without values.",
    ),
]
Plain = Annotated[bool, typer.Option("--plain", help="No colours, ASCII only; a pipe always gets this.")]
Batch = Annotated[int, typer.Option(metavar="B", help="Inferences back to back, pipelined.")]
NoHost = Annotated[
    bool, typer.Option("--no-host", help="Make it an error if an operator would need the host processor.")
]
Digital = Annotated[
    list[str], typer.Option("--digital", metavar="NAME", help="Operator (or type) kept off the crossbars.")
]
Attention = Annotated[
    str,
    typer.Option(
        "--attention",
        metavar="WHERE",
        help="Where products of two activations run: auto (as the chip says), mac_array, unit, analog "
        "(crossbars rewritten at run time) or host.",
    ),
]
DenseAttention = Annotated[
    bool, typer.Option("--dense-attention", help="Do the work that causal masks hide all the same.")
]
NoReplicate = Annotated[
    bool, typer.Option("--no-replicate", help="Do not give spare tiles to the slowest stages.")
]
NoMulticast = Annotated[
    bool, typer.Option("--no-multicast", help="Send a stream once to each tile that wants it.")
]
NocDetail = Annotated[
    str | None,
    typer.Option(
        "--noc",
        metavar="packet|flit|ideal",
        help="Detail of the network: packets book links; flits go through routers (reference engine, slow); "
        "or transfers take no time.",
    ),
]
Placement = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="linear: in order along the mesh; greedy: from there, swaps that shorten ways and relieve busy "
        "links; anneal: the same, accepting some worse ones at first. The report says what each costs.",
    ),
]
Swap = Annotated[
    bool,
    typer.Option(
        "--swap",
        help="Layers that do not all fit take turns on the crossbars; half of them is written while the "
        "other half computes.",
    ),
]
SwapNoOverlap = Annotated[
    bool,
    typer.Option("--swap-no-overlap", help="The same, but nothing is written while something computes."),
]
SwapGroup = Annotated[
    int,
    typer.Option(
        "--swap-group",
        metavar="B",
        help="Inferences that every segment computes for before the next is written.",
    ),
]
Partition = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Over several chips. pipeline: layer after layer; tensor: the columns of every layer over all "
        "chips; auto: the faster of both, simulated.",
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of the local search.")]
Prefill = Annotated[
    int | None, typer.Option(metavar="P", help="Language models: tokens of each prompt.", min=1)
]
Decode = Annotated[
    int | None,
    typer.Option(
        metavar="D", help="Language models: tokens to make after each of --batch prompts.", min=1
    ),
]
Requests = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Language models with --arrival: requests served (100), at most --batch of them at a time.",
        min=1,
    ),
]
Experts = Annotated[
    int | None,
    typer.Option(metavar="N", help="Make N experts of every feed-forward block of a language model.", min=1),
]
TopK = Annotated[
    int | None, typer.Option("--top-k", metavar="K", help="Experts that each token goes to (2).", min=1)
]
RoutingName = Annotated[
    str | None,
    typer.Option(
        "--routing",
        metavar="TEXT",
        help="How tokens choose experts: uniform, 'zipf 1.0', or a file of weights.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(metavar="N", help="Processes; as many as processors where that is worth it, if not given."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write result.json, report.txt and report.html there."),
]

Training = Annotated[
    bool,
    typer.Option(
        "--training",
        help="Run one training step of --batch samples instead: forward, backward, update of the weights.",
    ),
]
EpochSamples = Annotated[
    int | None,
    typer.Option(
        "--epoch-samples",
        metavar="N",
        help="With --training: samples of an epoch, for its time, energy and wear.",
    ),
]
