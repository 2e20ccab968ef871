"""Energies and read times that a file states in parts (`arch/amounts.py`), moved part by part.

A part of an energy that goes with time follows the read (of a converter that is not concurrent, its
conversion), one of the input the pulses of a slice, one of the output the steps of a conversion, one of rows
the rows that are driven, one of columns those of a crossbar. A read's own parts move first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..amounts import EnergyParts, TimeParts
from ..analog import Adc, Crossbar, Dac
from ..chip import Chip, Tile
from ..estimates import DIGITS
from ..units import ENERGY, format_fs, format_quantity
from . import analog
from .law import Seen

Change = tuple[str, str, str]
"""Path, new text, and source of a cost that moves."""
Owner = Crossbar | Dac | Adc


class Shares(NamedTuple):
    """New over old of what a part may go with, and the words for it."""

    fixed: float
    time: float
    input: float
    output: float
    rows: float
    columns: float


class _Pair(NamedTuple):
    """The tile before and after fields were changed."""

    old: Tile
    new: Tile
    chips: tuple[Chip, Chip]


def in_parts(part: object, key: str) -> bool:
    """Whether a cost of a part of a chip is stated in parts."""
    return getattr(part, f"{key}_parts", None) is not None


def changes(old: Chip, new: Chip, beside: Callable[[str, Seen, Seen], float]) -> Iterator[Change]:
    """Energies and read times in parts that move.

    Parameters
    ----------
    beside : callable
        Factor of a cost, by its path, through laws that hold for all of its parts (the node).
    """
    if old.tile is None or new.tile is None:
        return
    pair = _Pair(old.tile, new.tile, (old, new))
    yield from _read(pair)
    for name in ("crossbar", "dac", "adc"):
        before, after = getattr(pair.old, name), getattr(pair.new, name)
        path = f"tile.{name}.energy"
        if (
            not in_parts(before, "energy")
            or before.energy_parts != after.energy_parts
            or _was_set(path, pair)
        ):
            continue
        every = beside(path, Seen(before, old), Seen(after, new))
        shares = _shares(pair, after)
        factors = Shares(*(share * every for share in shares))
        yield from _moved(path, before.energy_parts, factors, pair)


def _read(pair: _Pair) -> Iterator[Change]:
    """A read whose time is stated in parts."""
    path, before = "tile.crossbar.read_time", pair.old.crossbar.read_time_parts
    same = before is not None and before == pair.new.crossbar.read_time_parts
    if same and not _was_set(path, pair):
        assert before is not None
        yield from _moved(path, before, _steps(pair), pair)


def _was_set(path: str, pair: _Pair) -> bool:
    """Whether a cost was set itself."""
    part, key = path.split(".")[1:]
    name = "read_time_fs" if key == "read_time" else "energy_j"
    values = [getattr(getattr(tile, part), name) for tile in pair[:2]]
    return values[0] != values[1] or pair.chips[0].source_of(path) != pair.chips[1].source_of(path)


def _steps(pair: _Pair) -> Shares:
    """Pulses and steps of conversions; time is that of nobody here."""
    old, new = pair.old, pair.new
    same = old.adc.kind == new.adc.kind and new.adc.law.converts
    output = new.adc.law.steps(new.adc.bits) / old.adc.law.steps(old.adc.bits) if same else 1.0
    return Shares(
        1.0, 1.0, new.dac.pulses / old.dac.pulses if old.dac.kind == new.dac.kind else 1.0, output, 1.0, 1.0
    )


def _shares(pair: _Pair, part: Owner) -> Shares:
    old, new = pair.old, pair.new
    time = _time(pair)
    if isinstance(part, Adc) and not part.concurrent and old.adc.conversion_fs and new.adc.conversion_fs:
        time = new.adc.conversion_fs / old.adc.conversion_fs
        if old.adc.period_fs == new.adc.period_fs and new.adc.step_fs is None:
            time *= _steps(pair).output
    rows, columns = new.rows_at_once / old.rows_at_once, new.crossbar.cols / old.crossbar.cols
    return _steps(pair)._replace(time=time, rows=rows, columns=columns)


def _time(pair: _Pair) -> float:
    """Time of a read, new over old, as it will be when its own laws have been followed."""
    before, after = pair.old.crossbar, pair.new.crossbar
    if _was_set("tile.crossbar.read_time", pair):
        return after.read_time_fs / before.read_time_fs
    if before.read_time_parts is not None:
        return _sum(before.read_time_parts, _steps(pair)) / before.read_time_parts.total
    seen = Seen(before, pair.chips[0]), Seen(after, pair.chips[1])
    found = 1.0
    for law in analog.LAWS:
        if "read_time" in law.costs and law.parts == analog.CROSSBAR and law.factor is not None:
            found *= law.factor(*seen) or 1.0
    return found


def _amounts(parts: EnergyParts | TimeParts) -> dict[str, float]:
    """Parts by their keys, those that there are."""
    return {
        field.alias or name: value
        for name, field in type(parts).model_fields.items()
        if name != "source" and (value := getattr(parts, name))
    }


def _sum(parts: EnergyParts | TimeParts, factors: Shares) -> float:
    return sum(amount * float(getattr(factors, key)) for key, amount in _amounts(parts).items())


def _moved(path: str, parts: EnergyParts | TimeParts, factors: Shares, pair: _Pair) -> Iterator[Change]:
    """The parts, and the figure that they make."""
    write = _fs if isinstance(parts, TimeParts) else _joules
    amounts = _amounts(parts)
    moved = {
        key: (amount, getattr(factors, key)) for key, amount in amounts.items() if getattr(factors, key) != 1
    }
    if not moved:
        return
    how = ", ".join(f"{write(amount)} by {key} x {factor:.4g}" for key, (amount, factor) in moved.items())
    mark = f"scaled: {write(sum(amounts.values()))} in parts ({how}); {pair.chips[1].source_of(path)}"
    for key, (amount, factor) in moved.items():
        yield f"{path}_parts.{key}", write(amount * factor), mark
    yield path, write(_sum(parts, factors)), mark


def _joules(amount: float) -> str:
    return format_quantity(float(f"{amount:.{DIGITS + 2}g}"), ENERGY)


def _fs(amount: float) -> str:
    return format_fs(round(amount))
