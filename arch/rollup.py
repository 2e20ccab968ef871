"""Area, peak power and energy per action of a chip, summed up from its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .chip import Chip
from .parts import Fitted, fitted
from .reads import peak_ops_per_s


@dataclass(frozen=True)
class RollUpLine:
    """One line of the roll-up.

    Parameters
    ----------
    path : str
        Dotted path in the chip file; "" is the chip.
    component : str
        What it is ("adc", "sigmoid").
    count : int
        Instances in one chip.
    area_mm2, power_w : float or None
        Of one instance, the parts inside included; peak power. None if unknown.
    energy_j : float or None
        Of one `action`; None if the file gives power instead, or nothing.
    action : str
        "read", "conversion", ...
    parts : tuple of RollUpLine
    """

    path: str
    component: str
    count: int
    area_mm2: float | None
    power_w: float | None
    energy_j: float | None = None
    action: str = ""
    parts: tuple[RollUpLine, ...] = ()

    @property
    def total_area_mm2(self) -> float | None:
        """Area of all instances in one chip."""
        return None if self.area_mm2 is None else self.count * self.area_mm2

    @property
    def total_power_w(self) -> float | None:
        """Peak power of all instances in one chip."""
        return None if self.power_w is None else self.count * self.power_w

    def leaves(self) -> Iterator[RollUpLine]:
        """The parts that have no parts inside."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True)
class RollUp:
    """The tree of a chip and its totals. Memory outside the chip and the host are not in it.

    Parameters
    ----------
    root : RollUpLine
        The chip. Sums leave out what is unknown.
    peak_ops_per_s : float
        Of one chip; one MAC is two operations.
    """

    root: RollUpLine
    peak_ops_per_s: float

    @property
    def area_mm2(self) -> float:
        """Area of one chip."""
        return self.root.area_mm2 or 0.0

    @property
    def power_w(self) -> float:
        """Peak power of one chip."""
        return self.root.power_w or 0.0

    @property
    def tile_power_w(self) -> float | None:
        """Peak power of one tile with its share of the network; None without tiles."""
        parts = self._tile_and_network()
        return sum(part.total_power_w or 0.0 for part in parts) / parts[0].count if parts else None

    @property
    def tile_area_mm2(self) -> float | None:
        """Area of one tile with its share of the network; None without tiles."""
        parts = self._tile_and_network()
        return sum(part.total_area_mm2 or 0.0 for part in parts) / parts[0].count if parts else None

    def _tile_and_network(self) -> list[RollUpLine]:
        parts = {part.path: part for part in self.root.parts}
        return [parts[path] for path in ("tile", "noc.router") if path in parts] if "tile" in parts else []

    @property
    def tops(self) -> float:
        """Peak tera-operations per second of one chip."""
        return self.peak_ops_per_s / 1e12

    @property
    def tops_per_w(self) -> float | None:
        """Peak efficiency; None without any known power."""
        return self.tops / self.power_w if self.power_w else None

    @property
    def tops_per_mm2(self) -> float | None:
        """Peak density; None without any known area."""
        return self.tops / self.area_mm2 if self.area_mm2 else None

    @property
    def unknown_power(self) -> tuple[str, ...]:
        """Paths of the parts whose power is not known, so that it is missing in the sum."""
        return tuple(part.path for part in self.root.leaves() if part.power_w is None)

    @property
    def unknown_area(self) -> tuple[str, ...]:
        """Paths of the parts whose area is not known, so that it is missing in the sum."""
        return tuple(part.path for part in self.root.leaves() if part.area_mm2 is None)

    def part(self, path: str) -> RollUpLine:
        """The part with this path; `KeyError` if there is none."""
        pending = [self.root]
        while pending:
            part = pending.pop()
            if part.path == path:
                return part
            pending += part.parts
        raise KeyError(path)

    def power_share(self) -> dict[str, float]:
        """Path of every part without parts to its share of the peak power, largest first."""
        known = [(part.path, part.total_power_w) for part in self.root.leaves() if part.total_power_w]
        total = sum(value for _, value in known)
        return {path: value / total for path, value in sorted(known, key=lambda item: (-item[1], item[0]))}


def roll_up(chip: Chip) -> RollUp:
    """Sum up one chip from its parts.

    Peak power of a part is its ``power`` and ``static_power``, or its energy per action at the highest rate
    where no power is given.
    """
    found = [f for f in fitted(chip) if f.part.on_chip(f.model) and not f.part.keys]
    inside = [_leaf(chip, f) for f in found if f.path.startswith("tile.")]
    beside = [_leaf(chip, f) for f in found if not f.path.startswith("tile.")]
    tiles = [_group("tile", chip.tile.count, inside)] if chip.tile is not None else []
    return RollUp(_group("", 1, [*tiles, *beside]), peak_ops_per_s(chip))


def _leaf(chip: Chip, f: Fitted) -> RollUpLine:
    component = f.path.rpartition(".")[2]
    energy_j = f.energy_j(chip)
    return RollUpLine(f.path, component, f.count, f.model.area_mm2, f.peak_w(chip), energy_j, f.part.action)


def _group(path: str, count: int, parts: Sequence[RollUpLine]) -> RollUpLine:
    """A part made of parts; what they sum to is divided over its own instances."""
    areas = [part.total_area_mm2 for part in parts if part.total_area_mm2 is not None]
    powers = [part.total_power_w for part in parts if part.total_power_w is not None]
    area = sum(areas) / count if areas else None
    power = sum(powers) / count if powers else None
    return RollUpLine(path, path or "chip", count, area, power, parts=tuple(parts))
