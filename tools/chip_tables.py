"""Chips as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from .. import arch
from ..arch import parsed_texts
from ..sim.report.numbers import percent, si
from ..sim.report.page import Column, Page, numbers

if TYPE_CHECKING:
    from ..arch import Chip, RollUpLine


def chip_list(page: Page) -> RenderableType:
    """The presets with their peak figures."""
    columns = (
        Column("chip", style="bold"),
        *numbers("tiles", "peak TOPS", "peak power", "area", "TOPS/W"),
        Column("what it is", flexible=True, least=24, sentence=True),
    )
    rows = [
        (
            name,
            str(tiles) if tiles else "-",
            f"{tops:,.0f}" if tops >= 1000 else f"{tops:.3g}",
            si(power_w, "W") if power_w else "-",
            si(area_mm2, "mm2") if area_mm2 else "-",
            "-" if tops_per_w is None else f"{tops_per_w:.3g}",
            description.partition(". ")[0].rstrip("."),
        )
        for name, tiles, tops, power_w, area_mm2, tops_per_w, description in _presets()
    ]
    return page.table(columns, rows)


def _presets() -> list[list[Any]]:
    """Name and figures of every preset; kept, as long as neither presets nor the code of chips change."""
    digest = parsed_texts.package_digest()
    known, rows = parsed_texts.recall(digest)
    if not known:
        rows = [_preset(name) for name in arch.names()]
        parsed_texts.keep(digest, rows)
    found: list[list[Any]] = rows
    return found


def _preset(name: str) -> list[Any]:
    chip = arch.load(name)
    cost = arch.roll_up(chip)
    tiles = chip.tile.count if chip.tile else 0
    return [name, tiles, cost.tops, cost.power_w, cost.area_mm2, cost.tops_per_w, chip.description]


def field_table(chip: Chip, page: Page) -> RenderableType:
    """Every field with its value and what the number rests on."""
    columns = (
        Column("field"),
        Column("value", right=True, flexible=True, most=28, style="bold"),
        Column("what it rests on", flexible=True, least=24, wrapped=True, style="dim"),
    )
    table = page.table(columns, [tuple(row) for row in arch.describe(chip)])
    references = [Text(f"  {key}: {text}", "dim") for key, text in chip.references.items()]
    return Group(Text(chip.name, "bold"), Text(chip.description), Text(), table, Text(), *references)


def cost_table(chip: Chip, page: Page) -> RenderableType:
    """Area and peak power, part by part."""
    cost = arch.roll_up(chip)
    heads = ("count", "area", "share", "peak power", "share", "energy per action")
    parts = [_cost_row(part, depth, cost.area_mm2, cost.power_w) for depth, part in _walk(cost.root, 0)]
    table = page.table((Column("part"), *numbers(*heads)), parts)
    lines = [Text(f"peak {cost.tops:.3g} TOPS")]
    for value, unit in ((cost.tops_per_w, "TOPS/W"), (cost.tops_per_mm2, "TOPS/mm2")):
        lines += [Text(f"{value:.3g} {unit}")] if value else []
    for what, paths in (("power", cost.unknown_power), ("area", cost.unknown_area)):
        if paths:
            lines.append(Text(f"{what} unknown, missing in the sums: {', '.join(paths)}", "yellow"))
    return Group(Text(chip.name, "bold"), Text(), table, Text(), *lines)


def contradiction_table(chip: Chip) -> tuple[RenderableType, int]:
    """Contradictions between the figures of a chip, and their number; estimates beyond their range below."""
    from ..arch.consistency import contradictions

    found = list(contradictions(chip))
    lines = [Text(f"{path}: {message}", "yellow") for path, message in found]
    lines += [
        Text(f"{path}: {mark}", "dim") for path, _, mark in arch.describe(chip) if "outside its range" in mark
    ]
    head = f"{len(found)} contradictions" if found else "no contradictions found"
    return Group(Text(chip.name, "bold"), *lines, Text(head)), len(found)


def _walk(part: RollUpLine, depth: int) -> Iterator[tuple[int, RollUpLine]]:
    yield depth, part
    for inner in part.parts:
        yield from _walk(inner, depth + 1)


def _cost_row(part: RollUpLine, depth: int, chip_mm2: float, chip_w: float) -> tuple[str, ...]:
    area, power = part.total_area_mm2, part.total_power_w
    return (
        "  " * depth + part.component,
        str(part.count),
        "?" if area is None else si(area, "mm2"),
        "" if area is None or not chip_mm2 else percent(area / chip_mm2),
        "?" if power is None else si(power, "W"),
        "" if power is None or not chip_w else percent(power / chip_w),
        "" if part.energy_j is None else f"{si(part.energy_j, 'J')} per {part.action}",
    )
