"""What could be changed about a chip: every part faster, more numerous, larger or cheaper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ...arch.chip import Chip, Tile
from ...arch.component import Component
from ...arch.digital import Unit
from .scaling import INFINITE, Scale, less, more, scaled, text_of, value_of

DURATIONS = frozenset({"read time", "delay", "pipeline depth", "router delay", "wire delay"})
"""Quantities of which less is better."""
FACTORS = (1.1, 2.0, INFINITE)
"""10 % better, twice as good, and infinitely good."""

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


def knob(
    part: Component,
    path: str,
    key: str,
    scale: Scale,
    names: tuple[str, str],
    kind: Kind,
    classes: tuple[str, ...],
    factors: tuple[float, ...] = FACTORS,
) -> Knob:
    """A knob of one field; `names` are component and quantity."""
    after = [(factor, {f"{path}.{key}": text}) for factor, text in _steps(part, key, scale, factors)]
    value = value_of(part, key)
    return Knob(
        component=names[0],
        quantity=names[1],
        field=f"{path}.{key}",
        kind=kind,
        classes=classes,
        before="" if value is None else text_of(part, key, value),
        after=tuple(after),
    )


def _steps(
    part: Component, key: str, scale: Scale, factors: tuple[float, ...]
) -> Iterator[tuple[float, str]]:
    """Factors with their texts; a small step that a whole number cannot make is left to the next factor."""
    texts = [(factor, scaled(part, key, scale, factor)) for factor in factors]
    later = [text for _, text in texts[1:]] + [None]
    yield from ((f, text) for (f, text), after in zip(texts, later, strict=True) if text and text != after)


def _parts(chip: Chip) -> Iterator[Knob]:
    """Knobs of one field each."""
    tile, array = chip.tile, chip.mac_array
    if tile is not None:
        yield knob(
            tile.crossbar,
            "tile.crossbar",
            "read_time",
            less,
            ("crossbar", "read time"),
            "faster",
            ("crossbar",),
        )
        yield knob(tile.adc, "tile.adc", "rate", less, ("ADC", "rate"), "faster", ("adc",))
        if tile.shift_add is not None:
            yield from _clocked(tile.shift_add, "tile.shift_add", "shift-add", ("shift-add",))
            yield knob(
                tile.shift_add,
                "tile.shift_add",
                "count",
                more,
                ("shift-add", "number"),
                "more",
                ("shift-add",),
            )
        for key, part in (("buffer", tile.buffer), ("bus", tile.bus)):
            if part is not None:
                yield from _clocked(part, f"tile.{key}", f"tile {key}", (key,))
                yield knob(part, f"tile.{key}", "width", more, (f"tile {key}", "width"), "faster", (key,))
        yield knob(
            tile.buffer,
            "tile.buffer",
            "capacity",
            more,
            ("buffer capacity", "capacity"),
            "larger",
            (),
            (2.0, INFINITE),
        )
        for unit in tile.units:
            yield from _unit(unit, f"tile.units.{unit.name}")
    for unit in chip.units:
        yield from _unit(unit, f"units.{unit.name}")
    if array is not None:
        yield from _clocked(array, "mac_array", "MAC array", ("mac_array",))
        yield knob(array, "mac_array", "count", more, ("MAC array", "number"), "more", ("mac_array",))
        yield from _clocked(array.buffer, "mac_array.buffer", "MAC array buffer", ("buffer",))
        yield knob(
            array.buffer,
            "mac_array.buffer",
            "width",
            more,
            ("MAC array buffer", "width"),
            "faster",
            ("buffer",),
        )
    yield from _interconnect(chip)
    yield from _outside(chip)


def _clocked(part: Component, path: str, name: str, classes: tuple[str, ...]) -> Iterator[Knob]:
    yield knob(part, path, "cycle", less, (name, "clock"), "faster", classes)
    if value_of(part, "latency_cycles"):
        yield knob(part, path, "latency_cycles", less, (name, "pipeline depth"), "faster", classes)


def _unit(unit: Unit, path: str) -> Iterator[Knob]:
    name = f"{unit.name} unit"
    yield from _clocked(unit, path, name, (unit.name,))
    yield knob(unit, path, "count", more, (name, "number"), "more", (unit.name,))


def _interconnect(chip: Chip) -> Iterator[Knob]:
    noc, links = chip.noc, chip.chips
    if noc is not None:
        one = ("link",)
        yield knob(noc, "noc", "flit", more, ("network on chip", "link width"), "faster", one)
        yield knob(noc, "noc", "cycle", less, ("network on chip", "clock"), "faster", one)
        yield knob(noc, "noc", "router_cycles", less, ("network on chip", "router delay"), "faster", one)
        yield knob(noc, "noc", "link_cycles", less, ("network on chip", "wire delay"), "faster", one)
    if links is not None and chip.n_chips > 1:
        yield knob(links, "chips", "bandwidth", more, ("chip links", "bandwidth"), "faster", ("chip link",))
        yield knob(links, "chips", "latency", less, ("chip links", "delay"), "faster", ("chip link",))


def _outside(chip: Chip) -> Iterator[Knob]:
    host, memory = chip.host, chip.memory
    if host is not None:
        yield knob(host, "host", "throughput", more, ("host", "throughput"), "faster", ("host",))
        yield knob(host, "host", "bandwidth", more, ("host link", "bandwidth"), "faster", ("host link",))
        yield knob(host, "host", "latency", less, ("host link", "delay"), "faster", ("host link",))
    if memory is not None:
        yield knob(memory, "memory", "bandwidth", more, ("memory", "bandwidth"), "faster", ("memory",))
        yield knob(memory, "memory", "latency", less, ("memory", "delay"), "faster", ("memory",))
        yield knob(memory, "memory", "channels", more, ("memory", "channels"), "more", ("memory",))
    kv, at = chip.kv_cache, ("kv cache",)
    if kv is not None and kv.kind == "sram":
        yield knob(kv, "kv_cache", "bandwidth", more, ("KV cache", "bandwidth"), "faster", at)
        yield knob(kv, "kv_cache", "latency", less, ("KV cache", "delay"), "faster", at)
        yield knob(kv, "kv_cache", "count", more, ("KV cache", "banks"), "more", at)


def _more_adcs(tile: Tile) -> Iterator[Knob]:
    """More ADCs: the next number that crossbars share evenly; at most one for every column."""
    adc, crossbars = tile.adc, tile.crossbar.count
    most = crossbars * tile.crossbar.cols
    if adc.kind == "none" or adc.concurrent or adc.count >= most:
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
