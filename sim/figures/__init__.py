"""Figures: what an answer says in numbers, one record each.

A record has the figure's place in the result file, its unit, what people call it, which way is better, what
it means, and how it is got of each kind of answers. The result file, the tables and pages, `compare`,
`check`, `sweep`, the goals of `profile` and the documentation read these records, so that a new figure is one
of them.

Reading order: `record`; `run_figures`, `language_figures` (of the whole answer) and `families` (of every
part); `catalogue`, which has the list and looks in it.
"""

from __future__ import annotations

from .catalogue import FIGURES, find, names, of_answer, of_result, put, value
from .families import FAMILIES
from .record import KINDS, About, Better, Family, Figure, Kind, Number

__all__ = [
    "FAMILIES",
    "FIGURES",
    "KINDS",
    "About",
    "Better",
    "Family",
    "Figure",
    "Kind",
    "Number",
    "find",
    "names",
    "of_answer",
    "of_result",
    "put",
    "value",
]
