"""What stands at the head of every report: what ran, and its figures by their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ..answers.run import Run
from ..answers.training_step import TrainingStep
from ..figures import FIGURES
from .numbers import figure_text, si

if TYPE_CHECKING:
    from ..answers.base import Answer


def title(answer: Answer) -> Text:
    """Network and chip, for the first line."""
    copies = f"{answer.chip.n_chips} x " if answer.chip.n_chips > 1 else ""
    return Text.assemble((answer.network_name, "bold"), " on ", (f"{copies}{answer.chip.name}", "bold"))


def once(answer: Answer) -> str:
    """What a run is one of, in a word."""
    return "training step" if isinstance(answer, TrainingStep) else "inference"


def named_figure(answer: Answer, key: str) -> tuple[str, str]:
    """Label and text of a figure of an answer; "-" where it is not known."""
    value, label = answer.figures.get(key), FIGURES[key].label
    if key == "throughput_per_s" and isinstance(answer, Run) and answer.batch == 1:
        label = "1/latency"  # of one alone there is no pipeline that could be full
    return label, "-" if value is None else figure_text(FIGURES[key], value)


def headline(answer: Answer) -> list[str]:
    """The figures that stand for an answer, each with its label."""
    return [" ".join(named_figure(answer, key)) for key in answer.headline if key in answer.figures]


def unbeaten(run: Run) -> list[str]:
    """What no mapping can beat, and how far from it this one is."""
    found, gaps = run.mapping_bounds, (run.gap("latency"), run.gap("interval"))
    if found is None:
        return []
    times = (("latency", found.latency, gaps[0]), ("interval", found.interval, gaps[1]))
    told = [
        f"{what} of {si(bound.s, 's')} ({bound.by}): here {gap:.3g} x"
        for what, bound, gap in times
        if gap is not None
    ]
    return [f"no mapping can beat a {', nor an '.join(told)}"] if told else []
