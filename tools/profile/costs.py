"""Every part that costs much energy, made cheaper."""

from __future__ import annotations

from ...arch.chip import Chip
from ...arch.component import Component
from ...arch.links import Host
from .knobs import FACTORS, Knob
from .scaling import less, scaled, text_of, value_of

_ENERGIES = ("energy", "energy_per_byte", "energy_per_flit_hop")


def cost_knobs(chip: Chip, energy_by_component_j: dict[str, float], least: float = 0.01) -> tuple[Knob, ...]:
    """Knobs of the components that take at least the share `least` of the energy.

    A component's energy per action (or its power while busy, where the chip gives no energy) and its static
    power become cheaper together.
    """
    total_j = sum(energy_by_component_j.values())
    parts = _parts(chip)
    found = []
    for name, energy_j in energy_by_component_j.items():
        if energy_j >= least * total_j and energy_j > 0:
            found += [_cheaper(name, parts.get(name, ()))]
    return tuple(knob for knob in found if knob.after)


def _cheaper(name: str, parts: tuple[tuple[str, Component], ...]) -> Knob:
    fields = [(path, part, key) for path, part in parts for key in _costs_of(name, part)]
    after = []
    for factor in FACTORS:
        changes = {
            f"{path}.{key}": text
            for path, part, key in fields
            if (text := scaled(part, key, less, factor)) is not None
        }
        if changes:
            after.append((factor, changes))
    if not fields:
        return Knob(name, "energy", "", "cheaper", (), "", ())
    path, part, key = fields[0]
    value = value_of(part, key)
    before = "" if value is None else text_of(part, key, value)
    return Knob(name, "energy", f"{path}.{key}", "cheaper", (), before, tuple(after))


def _costs(part: Component) -> list[str]:
    """Keys of the costs of a part that are not zero: energy (else power), and static power."""
    names = [key for key in _ENERGIES if _has(part, key)]
    if not any(value_of(part, key) is not None for key in _ENERGIES if _knows(part, key)) and _has(
        part, "power"
    ):
        names.append("power")
    return [*names, *(["static_power"] if _has(part, "static_power") else [])]


def _knows(part: Component, key: str) -> bool:
    return any((field.alias or name) == key for name, field in type(part).model_fields.items())


def _has(part: Component, key: str) -> bool:
    return _knows(part, key) and bool(value_of(part, key))


def _parts(chip: Chip) -> dict[str, tuple[tuple[str, Component], ...]]:
    """Component as the energy balance names it to its parts in the chip file."""
    found: dict[str, list[tuple[str, Component]]] = {}

    def add(name: str, path: str, part: Component | None) -> None:
        if part is not None:
            found.setdefault(name, []).append((path, part))

    tile, array = chip.tile, chip.mac_array
    if tile is not None:
        for key in ("crossbar", "dac", "adc", "sample_hold", "shift_add", "buffer", "bus", "other"):
            add(
                {"sample_hold": "sample-hold", "shift_add": "shift-add"}.get(key, key),
                f"tile.{key}",
                getattr(tile, key),
            )
        for key in ("input_register", "output_register", "sum_register"):
            add(key.replace("_", " "), f"tile.{key}", getattr(tile, key))
        for unit in tile.units:
            add(f"tile.{unit.name}", f"tile.units.{unit.name}", unit)
    for unit in chip.units:
        add(unit.name, f"units.{unit.name}", unit)
    add("mac array", "mac_array", array)
    add("buffer", "mac_array.buffer", array.buffer if array else None)
    add("noc", "noc", chip.noc)
    add("noc", "noc.router", chip.noc.router if chip.noc else None)
    add("memory", "memory", chip.memory)
    add("kv cache", "kv_cache", chip.kv_cache)
    add("host", "host", chip.host)
    add("host link", "host", chip.host)
    add("chip links", "chips", chip.chips)
    add("other", "other", chip.other)
    return {name: tuple(parts) for name, parts in found.items()}


def _costs_of(name: str, part: Component) -> list[str]:
    """The costs that one component of the energy balance stands for."""
    if isinstance(part, Host):
        return [key for key in _costs(part) if (key == "energy_per_byte") == (name == "host link")]
    return _costs(part)
