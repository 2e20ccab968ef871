"""The command `ohmsum`. Only typer is imported here: each command imports what it needs when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from .commands import (
    accuracy,
    check,
    chips,
    compare,
    networks,
    noc,
    profile,
    run,
    show,
    sweep,
    validate,
    waterfall,
)

app = typer.Typer(
    name="ohmsum",
    help="Cycle-level simulator for hybrid analog/digital in-memory-computing chips.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(profile.profile)
app.command()(compare.compare)
app.command()(accuracy.accuracy)
app.command()(check.check)
app.command()(sweep.sweep)
app.command()(noc.noc)
app.command()(chips.chips)
app.command()(networks.networks)
app.command()(show.show)
app.command()(validate.validate)
app.command()(waterfall.waterfall)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ohmsum {version('ohmsum')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Cycle-level simulator for hybrid analog/digital in-memory-computing chips."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 all went well; 2 a mistake of the user, told in one or two lines on stderr; 130 interrupted. Anything
    unexpected keeps its traceback: it is a defect, and we want to see it.
    """
    try:
        code = app(
            args=None if arguments is None else list(arguments), prog_name="ohmsum", standalone_mode=False
        )
    except (KeyboardInterrupt, typer.Abort):
        print("ohmsum: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        message = _message(error)
        if message is None:
            raise
        print(f"ohmsum: {message}", file=sys.stderr)
        return 2
    return code if isinstance(code, int) else 0


def _message(error: Exception) -> str | None:
    """What to tell the user about his mistake; None if it is not his."""
    # Errors of the option parser have this method; their class is private to typer.
    parser_message = getattr(error, "format_message", None)
    if callable(parser_message):
        return f"{parser_message()}\n(ohmsum --help lists commands and options)"
    from .errors import is_users

    return str(error) if is_users(error) else None


if __name__ == "__main__":
    sys.exit(main())
