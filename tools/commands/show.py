"""`ohmsum show`: one chip or one network in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...sim.job.given import job_of
from ...sim.job.job import OF_THE_NETWORK
from ..errors import UsageError
from . import options
from .asking import Given, asks

if TYPE_CHECKING:
    from ...arch import Chip


OF_THE_CHIP = ("set", "chips", "layers", "digital")


def show(
    given: Given,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A chip or a network: a preset, a name of the zoo, or a file."),
    ] = "",
    schema: Annotated[bool, typer.Option("--schema", help="JSON Schema of chip files, for editors.")] = False,
    cost: Annotated[
        bool, typer.Option("--cost", help="Area and peak power of the chip, part by part.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Figures of the chip that contradict each other; exit 1 if any.")
    ] = False,
    yaml: Annotated[bool, typer.Option("--yaml", help="The chip as a file to copy and change.")] = False,
    chip: Annotated[
        str | None,
        typer.Option(
            "--chip", metavar="CHIP", help="Of a network: where each operator runs on this chip, and why."
        ),
    ] = None,
    plain: options.Plain = False,
) -> None:
    """Print a chip (each number with what it rests on) or a network (its layers)."""
    if schema:
        typer.echo(_schema())
        return
    if not name:
        raise UsageError("show: give the name of a chip or a network (see `ohmsum chips`, `ohmsum networks`)")
    from ...sim.report.terminal import show as print_table
    from ...sim.report.terminal import terminal_page

    page = terminal_page(plain)
    if _is_chip(name):
        from .. import chip_tables

        if chip is not None or given["chips"] or given["digital"]:
            raise UsageError(f"show {name}: --chip, --chips and --digital are for networks, this is a chip")
        shown = job_of({"network": "none", "chip": name, "set": given["set"]}).load_chip()
        if check:
            _check(shown, plain)
            return
        if yaml:
            from ...arch import to_yaml

            typer.echo(to_yaml(shown), nl=False)
            return
        table = (chip_tables.cost_table if cost else chip_tables.field_table)(shown, page)
    else:
        from .. import network_tables, place_tables

        if cost or check or yaml or (chip is None and any(given[part] for part in OF_THE_CHIP)):
            wrong = "--cost, --check and --yaml are for chips, --set, --chips and --digital need --chip"
            raise UsageError(f"show {name}: {wrong}, and this is a network")
        job = job_of({**given, "network": name, "chip": chip or "none"})
        network = job.load_network()
        if chip is None:
            table = network_tables.layer_list(network, page)
        else:
            table = place_tables.place_list(network, job.load_chip(), page, job.mapping.digital)
    print_table(table, plain)


def _check(chip: Chip, plain: bool) -> None:
    """Print what contradicts itself in a chip; exit 1 if anything does."""
    from ...sim.report.terminal import show as print_table
    from .. import chip_tables

    table, n_found = chip_tables.contradiction_table(chip)
    print_table(table, plain)
    if n_found:
        raise typer.Exit(1)


def _schema() -> str:
    import json

    from ... import arch

    return json.dumps(arch.json_schema(), indent=2)


def _is_chip(name: str) -> bool:
    """Whether a name means a chip: a preset's, or a YAML file's, with or without @MODE.

    Raises
    ------
    UsageError
        It is neither a chip, nor a network, nor a file.
    """
    from pathlib import Path

    from ... import arch, workloads
    from ...arch.nearest import nearest_hint

    chips, networks = arch.names(), list(workloads.names())
    without_mode = name.rpartition("@")[0] or name
    if without_mode in chips or Path(without_mode).suffix in (".yaml", ".yml"):
        return True
    if name in networks or Path(name).suffix == ".onnx" or Path(name).exists():
        return False
    raise UsageError(
        f"show: {name!r} is no chip, no network and no file{nearest_hint(name, [*chips, *networks])}"
    )


command = asks(show, only=(*OF_THE_CHIP, *OF_THE_NETWORK))
