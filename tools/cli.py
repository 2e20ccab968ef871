"""The command `ohmsum`. Only typer is imported here: a command is imported when it is called."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
import typer.main

COMMANDS = {
    "run": "Run NETWORK on CHIP and print where time and energy go.",
    "profile": "Find what limits NETWORK on CHIP, and what each change of the chip would gain.",
    "compare": "Tell what changed in latency, energy, area and utilization between two results, and why.",
    "accuracy": "Run NETWORK with real data on CHIP and print how accurate it is, and which layer is to "
    "blame.\n\n"
    "Layers with stored weights are computed as their crossbars do, on the same mapping as `ohmsum run`; all "
    "other operators run in ONNX Runtime (pip install 'ohmsum[ort]').",
    "check": "Run the cases of SUITE and hold their figures against golden ones; exit 1 if one got worse.",
    "sweep": "Run all designs of SPEC.yaml and print the best.\n\n"
    "Every finished point is kept in the store at once; the same command continues where it was stopped, by "
    "whatever.",
    "noc": "Latency over offered load of a network-on-chip, its saturation point and link loads.",
    "chips": "List the chips that come with the package.",
    "networks": "List the networks that come with the package, with parameters, multiply-accumulates and "
    "operators.",
    "show": "Print a chip (each number with what it rests on) or a network (its layers).",
    "validate": "Hold simulated numbers against published ones; exit 1 when a row leaves its band.",
    "waterfall": "Print how much of an array's efficiency is left in macro, tile, chip and system.",
}
"""Every command, with its help: the first sentence is what the list of commands says."""
LONGEST_LINE = 800
"""Characters of one line of a message."""
_SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(
    name="ohmsum",
    help="Cycle-level simulator for hybrid analog/digital in-memory-computing chips.",
    no_args_is_help=True,
    rich_markup_mode=None,  # a list of commands in plain text takes half the time
    **_SETTINGS,
)


class _Later(typer.core.TyperCommand):
    """A command whose module is imported when it is called: lists need its name and help alone."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """That of the command itself."""
        return command(str(self.name)).make_context(*args, **kwargs)


@cache
def command(name: str) -> Any:
    """A command with its options."""
    module = import_module(f".commands.{name}", __package__)
    single = typer.Typer(**_SETTINGS)
    single.command(name, help=COMMANDS[name])(module.command)
    return typer.main.get_command(single)


def _nothing() -> None:
    """What `_Later` has until it is called."""


for _name, _about in COMMANDS.items():
    app.command(_name, cls=_Later, help=_about, short_help=_about.partition("\n\n")[0])(_nothing)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With --version: and those of all that it uses, for a report.")
    ] = False,
) -> None:
    """Cycle-level simulator for hybrid analog/digital in-memory-computing chips."""
    if version:
        _tell_version(verbose)
        raise typer.Exit
    if verbose:
        context.fail("--verbose goes with --version")
    if context.invoked_subcommand is None:
        context.fail("Missing command.")


def _tell_version(verbose: bool) -> None:
    if verbose:
        from .stack import stack

        print(*stack(), sep="\n")
    else:
        from importlib.metadata import version

        print(f"ohmsum {version('ohmsum')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 all went well; 2 a mistake of the user, or a file that the system does not let us read or write, told in
    one or two lines on stderr; 130 interrupted. Anything unexpected keeps its traceback: it is a defect, and
    we want to see it.
    """
    if arguments is None:  # a process of our own, which ends soon: most of what it makes lives as long as it
        gc.set_threshold(100_000, 20, 20)
        # To look for plug-ins of pydantic reads what every installed package says of itself.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if sys.stdout is None:  # closed by the caller
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    try:
        code = app(
            args=None if arguments is None else list(arguments), prog_name="ohmsum", standalone_mode=False
        )
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        print("ohmsum: interrupted; no file that was asked for has been written", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno is None:
            raise
        return _refused(error)
    except Exception as error:
        message = _message(error)
        if message is None:
            raise
        print(f"ohmsum: {_short(message)}", file=sys.stderr)
        return 2
    return code if isinstance(code, int) else 0


def _refused(error: OSError) -> int:
    """Tell what the system said of a file, or of standard output."""
    if error.errno == errno.EPIPE or error.filename is None:
        # Whoever read it is gone, or it is full: what is left in its buffer must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 128 + 13
    name = "standard output" if error.filename is None else str(error.filename)
    print(f"ohmsum: {_short(name, 120)}: {error.strerror}", file=sys.stderr)
    return 2


def _short(message: str, longest: int = LONGEST_LINE) -> str:
    """Every line with its middle left out where it is too long: what was found may be a whole file."""
    half = longest // 2
    lines = message.splitlines()
    return "\n".join(s if len(s) <= longest else f"{s[:half]} ... {s[-half:]}" for s in lines)


def _message(error: Exception) -> str | None:
    """What to tell the user about his mistake; None if it is not his."""
    # Errors of the option parser have this method; their class is private to typer.
    parser_message = getattr(error, "format_message", None)
    if callable(parser_message):
        return f"{parser_message()}\n(ohmsum --help lists commands and options)"
    from .errors import is_users

    if not is_users(error):
        return None
    from ..sim.job.words import as_flag, said

    return said(str(error), as_flag)


if __name__ == "__main__":
    sys.exit(main())
