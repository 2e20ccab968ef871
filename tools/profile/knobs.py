"""What could be changed about a chip: every part faster, more numerous, larger or cheaper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ...arch.chip import Chip, Tile
from ...arch.component import Component
from ...arch.parts import PARTS, Fitted, Turn, fitted
from .scaling import INFINITE, Scale, less, more, scaled, text_of, value_of

DURATIONS = frozenset(turn.quantity for part in PARTS for turn in part.turns if turn.better == "less")
"""Quantities of which less is better."""
Kind = Literal["faster", "more", "larger", "redesign", "cheaper"]


@dataclass(frozen=True)
class Knob:
    """One thing to change.

    Parameters
    ----------
    component : str
        The part, as people say it ("ADC").
    quantity : str
        What of it ("rate").
    field : str
        Dotted path of the field to change first.
    kind : {"faster", "more", "larger", "redesign", "cheaper"}
        redesign: a choice that other things hang on (accuracy, layout), not a better part.
    classes : tuple of str
        Classes of resources that the part is.
    before : str
        Value of the field now.
    after : tuple of (float, dict of path to text)
        By factor: the ``--set`` that make it so much better. Factors that the field cannot express are left
        out.
    """

    component: str
    quantity: str
    field: str
    kind: Kind
    classes: tuple[str, ...]
    before: str
    after: tuple[tuple[float, dict[str, str]], ...]

    def changes(self, factor: float) -> dict[str, str] | None:
        """The fields to set for a factor; None if it cannot be expressed."""
        return dict(self.after).get(factor)

    @property
    def factors(self) -> tuple[float, ...]:
        """Factors that can be expressed, ascending."""
        return tuple(factor for factor, _ in self.after)


def knobs(chip: Chip) -> tuple[Knob, ...]:
    """Everything that could be changed about this chip, costs apart (see `costs.cost_knobs`)."""
    found = [*_parts(chip)]
    if chip.tile is not None:
        found += _more_adcs(chip.tile)
        found += _more_tiles(chip, chip.tile)
        found += _redesigns(chip.tile)
    return tuple(knob for knob in found if knob.after)


def knob(f: Fitted, turn: Turn) -> Knob:
    """The knob of one field of a part."""
    scale = less if turn.better == "less" else more
    steps = _steps(f.model, turn.key, scale, turn.factors)
    value = value_of(f.model, turn.key)
    return Knob(
        component=turn.label or f.label,
        quantity=turn.quantity,
        field=f"{f.path}.{turn.key}",
        kind=turn.kind,
        classes=(f.klass,) if turn.own_class and f.klass else (),
        before="" if value is None else text_of(f.model, turn.key, value),
        after=tuple((factor, {f"{f.path}.{turn.key}": text}) for factor, text in steps),
    )


def _steps(
    part: Component, key: str, scale: Scale, factors: tuple[float, ...]
) -> Iterator[tuple[float, str]]:
    """Factors with their texts; a small step that a whole number cannot make is left to the next factor."""
    texts = [(factor, scaled(part, key, scale, factor)) for factor in factors]
    later = [text for _, text in texts[1:]] + [None]
    yield from ((f, text) for (f, text), after in zip(texts, later, strict=True) if text and text != after)


def _parts(chip: Chip) -> Iterator[Knob]:
    """Knobs of one field each, as the parts' records have them."""
    for f in fitted(chip):
        if not f.part.turned(chip):
            continue
        for turn in f.part.turns:
            if not turn.only_if_set or value_of(f.model, turn.key):
                yield knob(f, turn)


def _more_adcs(tile: Tile) -> Iterator[Knob]:
    """More ADCs: the next number that crossbars share evenly; at most one for every column."""
    adc, crossbars = tile.adc, tile.crossbar.count
    most = crossbars * tile.crossbar.cols
    if not adc.law.converts or adc.concurrent or adc.count >= most:
        return
    even = (n for n in range(2 * adc.count, most + 1) if n % crossbars == 0 or crossbars % n == 0)
    twice = next(even, most)
    after = ((2.0, {"tile.adc.count": str(twice)}), (INFINITE, {"tile.adc.count": str(most)}))
    yield Knob("ADC", "number", "tile.adc.count", "more", ("adc",), str(adc.count), after)


def _more_tiles(chip: Chip, tile: Tile) -> Iterator[Knob]:
    """Twice the tiles, in twice the rows of the grid, with twice the routers."""
    changes = {"tile.grid": f"[{2 * tile.grid[0]}, {tile.grid[1]}]", "tile.count": str(2 * tile.count)}
    if chip.noc is None:
        return
    if chip.noc.router is not None and chip.noc.router.count is not None:
        changes["noc.router.count"] = str(2 * chip.noc.router.count)
    yield Knob("tiles", "number", "tile.count", "more", (), str(tile.count), ((2.0, changes),))


def _redesigns(tile: Tile) -> Iterator[Knob]:
    """Choices that other things hang on: input slices, bits per cell, the size of the arrays."""
    dac, crossbar = tile.dac, tile.crossbar
    if dac.slice_bits < dac.bits:
        bits = [(2.0, min(2 * dac.slice_bits, dac.bits)), (INFINITE, dac.bits)]
        after = {str(n): (factor, {"tile.dac.slice_bits": str(n)}) for factor, n in reversed(bits)}
        yield Knob(
            "input slices", "bits per read", "tile.dac.slice_bits", "redesign", ("crossbar", "adc"),
            str(dac.slice_bits), tuple(reversed(after.values())),
        )  # fmt: skip
    if tile.slices > 1:
        bits_ = 2 * crossbar.cell.bits
        yield _redesign("cells", "bits", "tile.crossbar.cell.bits", crossbar.cell.bits, str(bits_), {})
    yield _redesign("array rows", "number", "tile.crossbar.rows", crossbar.rows, str(2 * crossbar.rows), {})
    per_column = {"tile.adc.count": str(2 * tile.adc.count)} if tile.adc.concurrent else {}
    yield _redesign(
        "array columns", "number", "tile.crossbar.cols", crossbar.cols, str(2 * crossbar.cols), per_column
    )


def _redesign(
    component: str, quantity: str, field: str, before: int, after: str, besides: dict[str, str]
) -> Knob:
    return Knob(component, quantity, field, "redesign", (), str(before), ((2.0, {field: after, **besides}),))
