"""Area, peak power and energy per action of a chip, summed up from its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .chip import Chip, Tile
from .component import Costed
from .digital import Register, Unit
from .links import Router
from .peak import peak_ops_per_s
from .peak_power import analog_peak_w, clocked_peak_w, router_count, router_peak_w, with_static


@dataclass(frozen=True)
class Part:
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
    parts : tuple of Part
    """

    path: str
    component: str
    count: int
    area_mm2: float | None
    power_w: float | None
    energy_j: float | None = None
    action: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def total_area_mm2(self) -> float | None:
        """Area of all instances in one chip."""
        return None if self.area_mm2 is None else self.count * self.area_mm2

    @property
    def total_power_w(self) -> float | None:
        """Peak power of all instances in one chip."""
        return None if self.power_w is None else self.count * self.power_w

    def leaves(self) -> Iterator[Part]:
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
    root : Part
        The chip. Sums leave out what is unknown.
    peak_ops_per_s : float
        Of one chip; one MAC is two operations.
    """

    root: Part
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

    def _tile_and_network(self) -> list[Part]:
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

    def part(self, path: str) -> Part:
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
        return self._shares([(part.path, part.total_power_w) for part in self.root.leaves()])

    def area_share(self) -> dict[str, float]:
        """Path of every part without parts to its share of the area, largest first."""
        return self._shares([(part.path, part.total_area_mm2) for part in self.root.leaves()])

    @staticmethod
    def _shares(values: Sequence[tuple[str, float | None]]) -> dict[str, float]:
        known = [(path, value) for path, value in values if value]
        total = sum(value for _, value in known)
        return {path: value / total for path, value in sorted(known, key=lambda item: (-item[1], item[0]))}


def roll_up(chip: Chip) -> RollUp:
    """Sum up one chip from its parts.

    Peak power of a part is its ``power`` and ``static_power``, or its energy per action at the highest rate
    where no power is given.
    """
    parts: list[Part] = []
    if chip.tile is not None:
        parts.append(_group("tile", chip.tile.count, _tile_parts(chip.tile)))
    parts += [_unit("units", unit, 1) for unit in chip.units]
    if chip.mac_array is not None:
        array = chip.mac_array
        cells = _leaf("mac_array", array, array.count, clocked_peak_w(array), "MAC", array.energy_j)
        buffer = _leaf(
            "mac_array.buffer",
            array.buffer,
            array.count * array.buffer.count,
            clocked_peak_w(array.buffer),
            "byte",
            array.buffer.energy_per_byte_j,
        )
        parts += [cells, buffer]
    kv = chip.kv_cache
    if kv is not None and kv.kind == "sram":
        rate = kv.bandwidth_bytes_per_s
        power_w = rate * kv.energy_per_byte_j if rate and kv.energy_per_byte_j is not None else None
        parts.append(
            _leaf("kv_cache", kv, kv.count, with_static(kv, power_w), "byte", kv.energy_per_byte_j)
        )
    if chip.noc is not None:
        router = chip.noc.router or Router()
        power = router_peak_w(chip.noc, router)
        n_routers = router_count(chip, chip.noc)
        parts.append(
            _leaf("noc.router", router, n_routers, power, "flit-hop", chip.noc.energy_per_flit_hop_j)
        )
    if chip.chips is not None:
        parts.append(
            _leaf("chips", chip.chips, 1, with_static(chip.chips, None), "byte", chip.chips.energy_per_byte_j)
        )
    if chip.other is not None:
        parts.append(_leaf("other", chip.other, 1, with_static(chip.other, None)))
    return RollUp(_group("", 1, parts), peak_ops_per_s(chip))


def _tile_parts(tile: Tile) -> list[Part]:
    """The parts of one tile; counts are those of the whole chip."""
    n = tile.count
    actions = {"crossbar": "read", "dac": "row slice", "sample_hold": "sample", "adc": "conversion"}
    parts: list[Part] = []
    for key, power in analog_peak_w(tile).items():
        part = getattr(tile, key)
        parts.append(_leaf(f"tile.{key}", part, n * part.count, power, actions[key], part.energy_j))
    if tile.shift_add is not None:
        adder = tile.shift_add
        parts.append(
            _leaf("tile.shift_add", adder, n * adder.count, clocked_peak_w(adder), "addition", adder.energy_j)
        )
    for key in ("input_register", "output_register", "sum_register", "buffer", "bus"):
        memory = getattr(tile, key)
        if memory is None:
            continue
        power = with_static(memory, None) if isinstance(memory, Register) else clocked_peak_w(memory)
        parts.append(_leaf(f"tile.{key}", memory, n * memory.count, power, "byte", memory.energy_per_byte_j))
    parts += [_unit("tile.units", unit, n) for unit in tile.units]
    if tile.other is not None:
        parts.append(_leaf("tile.other", tile.other, n, with_static(tile.other, None)))
    return parts


def _unit(prefix: str, unit: Unit, n_parents: int) -> Part:
    path, power = f"{prefix}.{unit.name}", clocked_peak_w(unit)
    return _leaf(path, unit, n_parents * unit.count, power, "lane-cycle", unit.energy_j)


def _leaf(
    path: str,
    part: Costed,
    count: int,
    power_w: float | None,
    action: str = "",
    energy_j: float | None = None,
) -> Part:
    return Part(path, path.rpartition(".")[2], count, part.area_mm2, power_w, energy_j, action)


def _group(path: str, count: int, parts: Sequence[Part]) -> Part:
    """A part made of parts; what they sum to is divided over its own instances."""
    areas = [part.total_area_mm2 for part in parts if part.total_area_mm2 is not None]
    powers = [part.total_power_w for part in parts if part.total_power_w is not None]
    area = sum(areas) / count if areas else None
    power = sum(powers) / count if powers else None
    return Part(path, path or "chip", count, area, power, parts=tuple(parts))
