"""Every part that costs much energy, made cheaper."""

from __future__ import annotations

from ...arch.chip import Chip
from ...arch.component import Component
from ...arch.parts import PARTS, Fitted, fitted
from ...arch.parts.part import FACTORS
from .knobs import Knob
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


def _cheaper(name: str, parts: tuple[Fitted, ...]) -> Knob:
    fields = [(f.path, f.model, key) for f in parts for key in _costs_of(f)]
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


def _parts(chip: Chip) -> dict[str, tuple[Fitted, ...]]:
    """Component as the energy balance names it to its parts in the chip file."""
    found: dict[str, list[Fitted]] = {}
    for f in fitted(chip):
        found.setdefault(f.key, []).append(f)
    return {name: tuple(parts) for name, parts in found.items()}


def _costs_of(f: Fitted) -> list[str]:
    """The costs that one component of the energy balance stands for, where several share a part."""
    shared = {key for part in PARTS if part.path == f.part.path for key in part.keys}
    return [key for key in _costs(f.model) if key in f.part.keys or not (f.part.keys or key in shared)]
