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
    freeze: Annotated[
        Path | None,
        typer.Option(
            "--freeze", metavar="FILE", help="With --predict: write the predictions as a frozen file."
        ),
    ] = None,
    plain: options.Plain = False,
) -> None:
    """Hold simulated numbers against published ones; exit 1 when a row leaves its band."""
    if predict:
        _predict(chip, freeze, plain)
        return
    if freeze is not None:
        raise UsageError("validate: --freeze writes predictions, it needs --predict")
    from ...sim.report.terminal import show as print_table
    from ..validate import evaluate, select
    from ..validate.rows import rows
    from ..validate.table import outcome_table

    wanted = select(rows(), chip)
    if not wanted:
        raise UsageError(f"validate: no published number for {chip!r}{_hint(chip, [r.chip for r in rows()])}")
    with text_output("--json", json_file) as write, shown_progress() as progress:
        outcomes = evaluate(wanted, progress)
        write(_as_json(outcomes))
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
    print_table(prediction_table(found, predictions.frozen()["values"]), plain)
    if freeze is not None:
        _freeze(freeze, found)


def _freeze(file: Path, found: list[tuple[Prediction, float]]) -> None:
    import subprocess
    from importlib.metadata import version

    from ..validate.predictions import freeze

    here = Path(__file__).parent
    asked = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True)
    if asked.returncode:
        raise UsageError("validate --freeze: not in a git checkout, so there is no commit to name")
    file.write_text(freeze(found, version("ohmsum"), asked.stdout.strip()), "utf-8")


def _as_json(outcomes: list[RowOutcome]) -> str:
    import json

    stated = ("chip", "quantity", "unit", "published", "source", "boundary", "kind")
    found = ("error", "target", "on_target", "in_band")
    rows = [
        {
            **{name: getattr(o.row, name) for name in stated},
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
