"""`ohmsum waterfall`: one network on several chips, from the array to the system."""

from __future__ import annotations

from typing import Annotated

import typer

from ...sim.job.given import job_of
from ..errors import UsageError
from ..progress import shown_progress
from . import options
from .asking import Given, asks


def waterfall(
    given: Given,
    chips: Annotated[
        list[str],
        typer.Argument(metavar="CHIP[:N]...", help="Presets or .yaml files, each with its number of copies."),
    ],
    plain: options.Plain = False,
) -> None:
    """Print how much of an array's efficiency is left in macro, tile, chip and system."""
    from ...sim.report.terminal import show as print_table
    from ...sim.report.terminal import terminal_page
    from ...sim.simulate import simulate
    from ..waterfall import report, waterfall

    jobs = [job_of({**given, **_copies(text)}) for text in chips]
    loaded = [job.load_chip() for job in jobs]
    net = jobs[0].load_network()
    with shown_progress() as progress:
        found = [waterfall(simulate(net, chip, progress=progress), chip) for chip in loaded]
    print_table(report(found, terminal_page(plain)), plain)


def _copies(text: str) -> dict[str, str | int]:
    """The fields that NAME or NAME:N means."""
    name, colon, copies = text.rpartition(":")
    if not colon:
        return {"chip": text}
    if not copies.isdecimal() or int(copies) < 1:
        raise UsageError(f"waterfall: {text!r}: found {copies!r} copies, expected a number of at least 1")
    return {"chip": name, "chips": int(copies)}


command = asks(waterfall, only=("network", "bind", "input"))
