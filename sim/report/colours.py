"""Colours of pictures: of parts as their records say, of kinds of work, and of what has none of its own."""

from __future__ import annotations

from collections.abc import Iterable

from ...arch import parts

WORK = {
    "analog matrices": "#4c78a8",
    "digital matrices": "#72b7b2",
    "attention products": "#59a5d8",
    "softmax": "#f58518",
    "normalisation": "#d4a72c",
    "other vector work": "#ff9da6",
    "data movement": "#54a24b",
    "network": "#e45756",
    "memory": "#b279a2",
    "host": "#9d755d",
    "static": "#8a8fa3",
}
"""By kind of work (`sim.metrics.work.KINDS`)."""
SPARE = ("#ff9da6", "#59a5d8", "#a0cb6c", "#8a8fa3", "#c76d9c", "#6f7fd1", "#9d755d")


def of_classes(names: Iterable[str]) -> dict[str, str]:
    """A colour for each class of resources; those without one of their own take the spare ones in turn."""
    known = parts.colours()
    found: dict[str, str] = {}
    n_spare = 0
    for name in names:
        found[name] = known.get(name) or SPARE[n_spare % len(SPARE)]
        n_spare += name not in known
    return found
