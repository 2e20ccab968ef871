"""`ohmsum validate`: published numbers beside simulated ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from ..output_file import text_output
from ..progress import shown_progress
from . import options

if TYPE_CHECKING:
    from ..validate.row import Prediction, RowOutcome


def validate(
    chip: Annotated[
        str | None, typer.Argument(metavar="CHIP", help="Only the rows of this preset; all without it.")
    ] = None,
    predict: Annotated[
        bool,
        typer.Option("--predict", help="Print what is predicted where no published number was looked at."),
    ] = False,
    json_file: options.JsonFile = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the signed errors.")
    ] = None,
    freeze: Annotated[
        Path | None,
        typer.Option(
            "--freeze",
            metavar="FILE",
            help="With --predict: write the frozen predictions, with what is new or moved.",
        ),
    ] = None,
    plain: options.Plain = False,
) -> None:
    """Hold simulated numbers against published ones; exit 1 when a row leaves its band, or a frozen
    prediction has moved.
    """
    if predict and html is not None:
        raise UsageError("validate: --html is the page of published numbers, it does not go with --predict")
    if predict:
        _predict(chip, freeze, plain)
        return
    if freeze is not None:
        raise UsageError("validate: --freeze writes predictions, it needs --predict")
    from ...sim.report.terminal import show as print_table
    from ..validate import evaluate, select
    from ..validate.page import page
    from ..validate.rows import rows
    from ..validate.table import outcome_table

    wanted = select(rows(), chip)
    if not wanted:
        raise UsageError(f"validate: no published number for {chip!r}{_hint(chip, [r.chip for r in rows()])}")
    with (
        text_output("--json", json_file) as write,
        text_output("--html", html) as write_page,
        shown_progress() as progress,
    ):
        outcomes = evaluate(wanted, progress)
        write(_as_json(outcomes))
        write_page(page(outcomes))
    if str(json_file) != "-":
        print_table(outcome_table(outcomes), plain)
    if not all(outcome.in_band for outcome in outcomes):
        raise typer.Exit(1)


def _predict(chip: str | None, freeze: Path | None, plain: bool) -> None:
    from ...sim.report.terminal import show as print_table
    from ..validate import predictions
    from ..validate.table import prediction_table

    wanted = [p for p in predictions.predictions() if chip is None or p.chip.split("@")[0] == chip]
    if not wanted:
        names = [p.chip for p in predictions.predictions()]
        raise UsageError(f"validate --predict: no prediction for {chip!r}{_hint(chip, names)}")
    found = [(prediction, prediction.simulated(prediction.chip)) for prediction in wanted]
    print_table(prediction_table(found, predictions.frozen()), plain)
    if freeze is not None:
        _freeze(freeze, found)
    elif predictions.frozen().silent_moves(found):
        raise typer.Exit(1)


def _freeze(file: Path, found: list[tuple[Prediction, float]]) -> None:
    import subprocess
    from importlib.metadata import version

    from ..validate.predictions import freeze, frozen

    here = Path(__file__).parent
    asked = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True)
    if asked.returncode:
        raise UsageError("validate --freeze: not in a git checkout, so there is no commit to name")
    text = freeze(frozen(), found, version("ohmsum"), asked.stdout.strip()).text()
    with text_output("--freeze", file) as write:
        write(text)


def _as_json(outcomes: list[RowOutcome]) -> str:
    import json

    stated = ("chip", "quantity", "unit", "published", "source", "boundary", "kind", "by")
    found = ("error", "target", "on_target", "in_band")
    rows = [
        {
            **{name: getattr(o.row, name) for name in stated},
            "free": o.row.n_free,
            "simulated": o.value,
            **{name: getattr(o, name) for name in found},
            "why": o.row.why,
        }
        for o in outcomes
    ]
    return json.dumps(rows, indent=1) + "\n"


def _hint(chip: str | None, names: list[str]) -> str:
    from ...arch.nearest import nearest_hint

    known = dict.fromkeys(name.split("@")[0].split(" ")[0] for name in names)
    return nearest_hint(chip or "", list(known))


command = validate
