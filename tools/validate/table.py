"""The outcome as text for a terminal, a block per chip, 90 columns wide."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from .predictions import Frozen
from .row import EXPLAIN_ABOVE, Prediction, RowOutcome, Score

STYLES = {"identity": "dim", "calibrated": "cyan", "predicted": "bold"}


def outcome_table(outcomes: Sequence[RowOutcome]) -> RenderableType:
    """Published beside simulated, source and boundary under each, and why a prediction misses."""
    lines = [_line("", "published", "simulated", "", Text(f"{'error':>9}"), "kind", "dim")]
    for chip in dict.fromkeys(outcome.row.chip for outcome in outcomes):
        lines.append(Text(chip, "bold"))
        for outcome in (o for o in outcomes if o.row.chip == chip):
            lines += _row(outcome)
    return Group(*lines, Text(), *_reasons(outcomes), *_totals(outcomes))


def prediction_table(found: Sequence[tuple[Prediction, float]], frozen: Frozen) -> RenderableType:
    """Predictions now and as frozen, the assumptions under each chip, and what moved since."""
    lines = [_line("", "now", "frozen", "", Text(), "", "dim")]
    for chip in dict.fromkeys(prediction.chip for prediction, _ in found):
        of_chip = [(p, value) for p, value in found if p.chip == chip]
        lines += [Text(chip, "bold"), Text(f"  {of_chip[0][0].assumptions}", "dim")]
        for prediction, value in of_chip:
            before = frozen.values.get(prediction.key)
            then = "-" if before is None else f"{before:.4g}"
            move = frozen.moved.get(prediction.key)
            why = "" if move is None else f"moved: {move.entry}"
            lines.append(_line(prediction.quantity, f"{value:.4g}", then, prediction.unit, Text(), why, ""))
    silent = frozen.silent_moves(found)
    lines += [Text(f"moved, and the changelog does not say why: {key}", "bold red") for key in silent]
    return Group(*lines)


def _row(outcome: RowOutcome) -> list[Text]:
    row = outcome.row
    error = Text(f"{100 * outcome.error:+8.1f}%", _style(outcome))
    numbers = _published(row.published), f"{outcome.value:.4g}"
    line = _line(row.quantity, *numbers, row.unit, error, row.kind, STYLES[row.kind])
    behind = [f"{row.n_free} free figure{'s' if row.n_free > 1 else ''}"] if row.n_free else []
    behind += [f"by {row.by}"] if row.by else []
    return [line, Text(f"    {'; '.join([row.source, row.boundary, *behind])}", "dim")]


def _line(what: str, first: str, second: str, unit: str, error: Text, last: str, style: str) -> Text:
    return Text.assemble(f"  {what:<34} {first:>10} {second:>10} {unit:<9}", error, "  ", (last, style))


def _published(value: float | tuple[float, float]) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:g} to {value[1]:g}"
    return f"{value:.4g}"


def _style(outcome: RowOutcome) -> str:
    if not outcome.in_band:
        return "bold red"
    return "green" if outcome.on_target else "yellow"


def _reasons(outcomes: Sequence[RowOutcome]) -> list[Text]:
    """A sentence for every prediction that is far off, the same ones together."""
    said: dict[str, list[str]] = {}
    for outcome in outcomes:
        row = outcome.row
        if row.why and abs(outcome.error) > EXPLAIN_ABOVE:
            said.setdefault(row.why, []).append(f"{row.chip}, {row.quantity} ({100 * outcome.error:+.0f} %)")
    return [Text(f"{'; '.join(which)}: {why}", "yellow") for why, which in said.items()]


def _totals(outcomes: Sequence[RowOutcome]) -> list[Text]:
    lines = [Text()]
    for kind, style in STYLES.items():
        of_kind = [o for o in outcomes if o.row.kind == kind]
        good = sum(o.on_target for o in of_kind)
        if of_kind and kind != "predicted":
            lines.append(
                Text(f"{kind}: {good} of {len(of_kind)} on target (says nothing of the model)", style)
            )
    score = Score.of(outcomes)
    if score.rows:
        share = f"predicted: {score.on_target} of {score.rows} on target, {score.on_target / score.rows:.0%}"
        decided = f"{score.degrees_on_target} of {score.degrees} degrees of freedom with every row"
        lines.append(Text(f"{share}; {decided}", STYLES["predicted"]))
    chips = {o.row.preset for o in outcomes}
    lines.append(Text(f"{len(outcomes)} rows, {len(chips)} chips"))
    broken = [o for o in outcomes if not o.in_band]
    lines += [
        Text(f"out of its band: {o.row.chip}, {o.row.quantity} ({100 * o.error:+.1f} %)", "bold red")
        for o in broken
    ]
    return lines
