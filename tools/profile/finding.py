"""One thing to know about a run, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...sim.report.numbers import percent


@dataclass(frozen=True)
class Finding:
    """One thing to know.

    Parameters
    ----------
    kind : str
        "shortage", "bottleneck", "pair", "latency", "throughput", "tiling", "queue", "link", "buffer" or
        "energy".
    subject : str
        What it is about: a component, a layer, a resource; "" if nothing stands out.
    text : str
    fields : tuple of str
        Fields of the chip to change.
    numbers : dict of str to float
        The numbers behind the text.
    """

    kind: str
    subject: str
    text: str
    fields: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)


def change(relative: float) -> str:
    """A relative change as people say it.

    Examples
    --------
    >>> change(-0.182), change(0.031), change(0.0001), change(2.4)
    ('-18 %', '+3.1 %', '0 %', '+240 %')
    """
    if abs(relative) < 0.0005:
        return "0 %"
    return f"{'+' if relative > 0 else '-'}{percent(abs(relative))}"


def gain_text(gain: float, goal: str) -> str:
    """A gain as the change of the figure that it is about.

    Examples
    --------
    >>> gain_text(0.18, "latency"), gain_text(0.5, "throughput"), gain_text(-0.02, "energy")
    ('-18 % latency', '+100 % throughput', '+2.0 % energy')
    """
    return f"{change(1 / (1 - gain) - 1 if goal == 'throughput' else -gain)} {goal}"
