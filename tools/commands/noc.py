"""`ohmsum noc`: the traffic bench of an interconnect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...sim.job.given import checked
from ..errors import UsageError
from ..output_file import inputs, text_output
from ..progress import shown_progress
from . import options
from .asking import Given, asks


def noc(
    given: Given,
    network: Annotated[
        str,
        typer.Argument(
            metavar="CHIP_OR_SPEC", help="A chip (preset or .yaml), or a .yaml with a topology and a router."
        ),
    ],
    traffic: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="uniform, transpose, bitcomp, bitrev, shuffle, tornado, hotspot, neighbor; or a trace of "
            "lines 'cycle,source,destination,flits'.",
        ),
    ] = "uniform",
    rate: Annotated[
        str, typer.Option(metavar="A:B:STEP", help="Offered loads, flits per endpoint and cycle.")
    ] = "0.05:0.95:0.05",
    packet: Annotated[int, typer.Option(metavar="N", help="Flits of a packet.")] = 1,
    router: Annotated[
        str | None,
        typer.Option(
            metavar="WH1|VC8|DEF|FIELDS", help="The router: a known one, n_vcs=4,vc_buffer_flits=8, or both."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the traffic.")] = 1,
    json_file: options.JsonFile = None,
    plain: options.Plain = False,
) -> None:
    """Latency over offered load of a network-on-chip, its saturation point and link loads."""
    from dataclasses import replace

    from ...sim.noc.flit import read_trace
    from ...sim.noc.flit import traffic as pattern_of
    from ...sim.report.terminal import show, terminal_page
    from ..noc import load_network, parse_rates, parse_router, replay_trace, sweep_rates
    from ..noc.bench_text import curve_text, replay_text
    from ..noc.json_text import curve_json, replay_json

    if packet < 1:
        raise UsageError(f"--packet: found {packet}, expected at least 1 flit")
    rates = parse_rates(rate, packet)
    tested = load_network(network, checked("set", given["set"]))
    if router is not None:
        tested = replace(tested, router=parse_router(router, tested.router))
    read = inputs({"CHIP_OR_SPEC": network, "--traffic": traffic})
    with read, text_output("--json", json_file) as write, shown_progress() as progress:
        if _is_file(traffic):
            replayed = replay_trace(tested, read_trace(Path(traffic), tested.topology))
            shown = replay_text(tested, traffic, replayed, terminal_page(plain))
            write(replay_json(tested, traffic, replayed))
        else:
            pattern = pattern_of(traffic, tested.topology)
            curve = sweep_rates(tested, pattern, rates, packet_flits=packet, seed=seed, progress=progress)
            shown = curve_text(tested, traffic, packet, curve, terminal_page(plain))
            write(curve_json(tested, traffic, packet, seed, curve))
    if str(json_file) != "-":
        show(shown, plain)


def _is_file(traffic: str) -> bool:
    """Whether it names a trace: a path, or a file that is there."""
    return Path(traffic).suffix != "" or "/" in traffic or Path(traffic).is_file()


command = asks(noc, only=("set",))
