"""Options that several commands share, with their help."""

from __future__ import annotations

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
