"""Where every operator of a network runs on a chip, and why there."""

from __future__ import annotations

from collections import Counter

from rich.console import Group, RenderableType
from rich.text import Text

from ..arch import Chip
from ..sim.mapping import Assignment, Mapping, MappingOptions, map_network
from ..sim.mapping.assignment import InBlocks, Place
from ..sim.report.page import Column, Page, numbers
from ..workloads import Network, Operator

WORDS: dict[Place, str] = {
    "crossbar": "on crossbars",
    "cells": "in cells of crossbars",
    "mac_array": "on MAC arrays",
    "tile_unit": "on units of the tiles",
    "chip_unit": "on units of the chip",
    "host": "on the host",
}


def place_list(network: Network, chip: Chip, page: Page, digital: tuple[str, ...] = ()) -> RenderableType:
    """Every operator as `ohmsum run` maps it: unit, crossbars of one copy, copies, and the reason.

    Fused functions and state updates that run elsewhere than their operator have lines of their own.
    """
    mapping = map_network(network, chip, MappingOptions(digital=digital))
    columns = (
        Column("operator", flexible=True, wrapped=True),
        Column("type"),
        Column("runs on"),
        *numbers("crossbars", "copies"),
        Column("because", flexible=True, wrapped=True),
    )
    placed = [o for o in mapping.network.operators if o.kind != "input"]
    table = page.table(columns, [_row(operator, mapping.of(operator.name)) for operator in placed])
    title = Text.assemble((network.name, "bold"), " on ", (chip.name, "bold"))
    notes = [Text(f"note: {note}", "yellow") for note in network.notes]
    return Group(title, Text(_summary(mapping)), Text(), table, *notes)


def _row(operator: Operator, a: Assignment) -> tuple[str, ...]:
    size, copies = (str(a.tiling.crossbars), str(a.replicas)) if isinstance(a, InBlocks) else ("-", "-")
    kind = "+".join((operator.op, *operator.fused))
    return operator.name, kind, a.unit, size, copies, a.reason


def _summary(mapping: Mapping) -> str:
    """How many operators run where, and how full the chip is."""
    kinds = {o.name: o.kind for o in mapping.network.operators}
    counts = Counter(a.place for a in mapping.assignments if kinds[a.operator] != "input")
    places = ", ".join(f"{counts[place]} {word}" for place, word in WORDS.items() if counts[place])
    if not mapping.crossbars_total:
        return f"operators: {places}"
    return f"operators: {places}; {mapping.crossbars_used} of {mapping.crossbars_total} crossbars"
