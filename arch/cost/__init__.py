"""What a part costs where nothing is published: named models, each with its source and its range.

In a chip file a cost may be a model in place of a number; parameters that are not given are taken from the
part itself and from the chip::

    adc: {kind: sar, bits: 8, rate: 100 MHz, energy: {model: adc-survey, quantile: median}}

The number is then marked ``estimated: model adc-survey (...)``. Models of others come through the entry point
group ``ohmsum.cost_models``: a name, and the `Model`.

>>> from ohmsum.arch import cost
>>> round(cost.get("multiplier")("energy", bits=8, node="45 nm") * 1e12, 2)
0.2
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from ..errors import ConfigError
from ..nearest import nearest_hint
from .model import COSTS, CostWarning, Estimate, Model, ModelChoice, Parameter

GROUP = "ohmsum.cost_models"

_BUILT_IN = {
    "adc-survey": "adc_survey",
    "adc-regression": "adc_regression",
    "dac": "dac",
    "pwm-driver": "pwm_driver",
    "crossbar-read": "crossbar_read",
    "sram": "sram",
    "edram": "edram",
    "register": "register",
    "adder": "adder",
    "multiplier": "multiplier",
    "mac": "mac",
    "lookup": "lookup",
    "wire": "wire",
    "router": "router",
    "chip-link": "chip_link",
    "dram": "dram",
    "scaled": "scaled",
    "interpolated": "interpolated",
}


def names() -> list[str]:
    """Names of all models, those of other packages included."""
    return sorted({*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))})


@cache
def get(name: str) -> Model:
    """The model with that name; `ConfigError` if there is none."""
    if name in _BUILT_IN:
        found: object = import_module(f".{_BUILT_IN[name]}", __name__).MODEL
    else:
        entries = [entry for entry in entry_points(group=GROUP) if entry.name == name]
        if not entries:
            raise ConfigError(f"unknown cost model {name!r}{nearest_hint(name, names())}")
        found = entries[0].load()
    if not isinstance(found, Model):
        raise ConfigError(
            f"cost model {name!r} is a {type(found).__name__}, expected an ohmsum.arch.cost.Model"
        )
    return found


__all__ = ["COSTS", "CostWarning", "Estimate", "Model", "ModelChoice", "Parameter", "get", "names"]
