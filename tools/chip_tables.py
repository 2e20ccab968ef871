"""Chips as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .. import arch
from ..arch import parsed_texts
from ..sim.report.numbers import percent, si

if TYPE_CHECKING:
    from ..arch import Chip, RollUpLine


def chip_list() -> Table:
    """The presets with their peak figures."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for justify in ("left", "right", "right", "right", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row("chip", "tiles", "peak TOPS", "peak power", "area", "TOPS/W", "what it is", style="dim")
    for name, tiles, tops, power_w, area_mm2, tops_per_w, description in _presets():
        table.add_row(
            Text(name, "bold"),
            str(tiles) if tiles else "-",
            f"{tops:,.0f}" if tops >= 1000 else f"{tops:.3g}",
            si(power_w, "W") if power_w else "-",
            si(area_mm2, "mm2") if area_mm2 else "-",
            "-" if tops_per_w is None else f"{tops_per_w:.3g}",
            _first_sentence(description),
        )
    return table


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


def field_table(chip: Chip) -> RenderableType:
    """Every field with its value and what the number rests on."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="bold", max_width=28, overflow="ellipsis")
    table.add_column(style="dim")
    table.add_row("field", "value", "what it rests on", style="dim")
    for path, value, mark in arch.describe(chip):
        table.add_row(path, value, mark)
    references = [Text(f"  {key}: {text}", "dim") for key, text in chip.references.items()]
    return Group(Text(chip.name, "bold"), Text(chip.description), Text(), table, Text(), *references)


def cost_table(chip: Chip) -> RenderableType:
    """Area and peak power, part by part."""
    cost = arch.roll_up(chip)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for _ in range(6):
        table.add_column(justify="right", no_wrap=True)
    table.add_row("part", "count", "area", "share", "peak power", "share", "energy per action", style="dim")
    for depth, part in _walk(cost.root, 0):
        table.add_row(*_cost_row(part, depth, cost.area_mm2, cost.power_w))
    lines = [
        Text(f"peak {cost.tops:.3g} TOPS"),
        *([Text(f"{cost.tops_per_w:.3g} TOPS/W")] if cost.tops_per_w else []),
        *([Text(f"{cost.tops_per_mm2:.3g} TOPS/mm2")] if cost.tops_per_mm2 else []),
    ]
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


def as_yaml(chip: Chip) -> str:
    """The chip as the text of a chip file."""
    return arch.to_yaml(chip)


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


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")
