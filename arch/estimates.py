"""Costs that a chip file leaves to a model: ``energy: {model: sram}`` becomes a number marked "estimated"."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from . import cost
from .cost import CostWarning, Estimate
from .errors import ConfigError
from .paths import dotted_path
from .units import AREA, ENERGY, ENERGY_PER_BYTE, POWER, Dimension, format_quantity
from .yaml_text import Document, Location

FIELDS: Mapping[str, tuple[str, Dimension]] = {
    "energy": ("energy", ENERGY),
    "energy_per_flit_hop": ("energy", ENERGY),
    "write_energy": ("energy", ENERGY),
    "row_energy": ("energy", ENERGY),
    "cell_energy": ("energy", ENERGY),
    "input_energy": ("energy", ENERGY),
    "code_energy": ("energy", ENERGY),
    "energy_per_byte": ("energy_per_byte", ENERGY_PER_BYTE),
    "area": ("area", AREA),
    "power": ("power", POWER),
    "static_power": ("power", POWER),
}
"""Key of a chip file to the cost that a model has to give, and its dimension."""

DIGITS = 4
"""Significant digits kept of an estimate: more would promise what no model holds."""


def resolve(document: Document) -> None:
    """Replace every model in a document by its estimate, in place.

    Raises `ConfigError` with the place for an unknown model or parameter, or one that is missing. Warns
    (`CostWarning`) where a model is used outside its range.
    """
    for key, value in document.value.items():
        if key != "modes":  # those of a mode are found when it is chosen
            _resolve(document, value, (key,))


def without_models(value: Any) -> Any:
    """The plain value with zero in place of every model."""
    if isinstance(value, list):
        return [without_models(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"0 {next(iter(FIELDS[key][1].units))}" if _is_model(key, item) else without_models(item)
        for key, item in value.items()
    }


def _is_model(key: str, item: object) -> bool:
    return key in FIELDS and isinstance(item, dict) and "model" in item


def _resolve(document: Document, value: Any, path: Location) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _resolve(document, item, (*path, index))
    elif isinstance(value, dict):
        for key in list(value):
            item = value[key]
            if _is_model(key, item):
                _put(document, value, key, (*path, key))
            else:
                _resolve(document, item, (*path, key))


def _put(document: Document, part: dict[str, Any], key: str, path: Location) -> None:
    """Evaluate the model at `key` of a part and mark its source."""
    wanted, dimension = FIELDS[key]
    given = dict(part[key])

    def where() -> str:
        return f"{document.place(path)}: {dotted_path(document.value, path)}"

    try:
        model = cost.get(str(given.pop("model")))
        found: Estimate = model.estimate(wanted, given, _finder(part, document.value))
    except ConfigError as error:
        raise ConfigError(f"{where()}: {error}") from None
    if found.outside:
        warnings.warn(
            f"{where()}: cost model {found.model}: {'; '.join(found.outside)}", CostWarning, stacklevel=4
        )
    part[key] = format_quantity(float(f"{found.value:.{DIGITS}g}"), dimension)
    source = part.get("source")
    before = source if isinstance(source, dict) else {"*": source} if isinstance(source, str) else {}
    part["source"] = {**before, key: found.mark}


def _finder(part: dict[str, Any], chip: dict[str, Any]) -> Callable[[str], object]:
    """Looks a field up in the part, or with "chip." in the chip; None if it is not there."""

    def find(field: str) -> object:
        here: Any = chip if field.startswith("chip.") else part
        for key in field.removeprefix("chip.").split("."):
            here = here.get(key) if isinstance(here, dict) else None
        return here

    return find
