"""`ohmsum waterfall`: one network on several chips, from the array to the system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from ..loading import load_chip, load_network
from ..progress import shown_progress
from . import options

if TYPE_CHECKING:
    from ...arch import Chip


def waterfall(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="A name of the zoo or an .onnx file.")],
    chips: Annotated[
        list[str],
        typer.Argument(metavar="CHIP[:N]...", help="Presets or .yaml files, each with its number of copies."),
    ],
    bind: options.Bind = [],  # noqa: B006 (typer copies it)
    inputs: options.Inputs = [],  # noqa: B006
    plain: options.Plain = False,
) -> None:
    """Print how much of an array's efficiency is left in macro, tile, chip and system."""
    from ...sim.report.terminal import is_plain
    from ...sim.report.terminal import show as print_table
    from ...sim.simulate import simulate
    from ..waterfall import report, waterfall

    loaded = [_load(text) for text in chips]
    net = load_network(network, bind, inputs)
    with shown_progress() as progress:
        found = [waterfall(simulate(net, chip, progress=progress), chip) for chip in loaded]
    print_table(report(found, is_plain(plain)), plain)


def _load(text: str) -> Chip:
    """The chip of NAME or NAME:N."""
    name, colon, copies = text.rpartition(":")
    if not colon:
        return load_chip(text)
    if not copies.isdecimal() or int(copies) < 1:
        raise UsageError(f"waterfall: {text!r}: found {copies!r} copies, expected a number of at least 1")
    return load_chip(name, n_chips=int(copies))
