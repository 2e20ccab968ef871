"""What a sweep may vary: the network, the chip, any field of the chip, and the options of a run.

One namespace, as on the command line: ``network``, ``chip``, ``n_chips``, ``batch``, ``unknown_operators``,
``weight_inputs_from``, ``bind.DIM``, ``input.NAME``, ``mapping.OPTION``; everything else is a dotted path
into the chip, as for ``--set``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..mapping_options import what_is_wrong as what_is_wrong_with_option

Value = Any
"""A plain YAML value: a number, a text, true or false, null, or a list or mapping of them."""

NETWORK, CHIP, N_CHIPS, BATCH = "network", "chip", "n_chips", "batch"
MAPPING, BIND, INPUT = "mapping.", "bind.", "input."
POLICY, WEIGHT_INPUTS = "unknown_operators", "weight_inputs_from"


def text_of(value: Value) -> str:
    """The value as ``--set`` takes it, and as tables show it.

    Examples
    --------
    >>> text_of(6), text_of("1.2 ns"), text_of([14, 12]), text_of(True)
    ('6', '1.2 ns', '[14, 12]', 'true')
    """
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def is_chip_field(field: str) -> bool:
    """Whether a field is a dotted path into the chip."""
    return field not in _RESERVED and not field.startswith((MAPPING, BIND, INPUT))


def what_is_wrong(field: str, value: Value) -> str | None:
    """What is wrong with a value of a field that is not the chip's: found, expected; None if it is fine."""
    if field in _RESERVED:
        return _RESERVED[field](value)
    if field.startswith(MAPPING):
        return what_is_wrong_with_option(field.removeprefix(MAPPING), value)
    if field.startswith(BIND):
        return _whole(value)
    if field.startswith(INPUT):
        return (
            None
            if isinstance(value, str)
            else f"found {text_of(value)}, expected a shape such as 1x3x224x224"
        )
    return None


def _whole(value: Value) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return None if good else f"found {text_of(value)}, expected a whole number from 1"


def _natural(value: Value) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if good else f"found {text_of(value)}, expected a whole number from 0"


def _name(value: Value) -> str | None:
    return None if isinstance(value, str) and value else f"found {text_of(value)}, expected a name or a file"


def _policy(value: Value) -> str | None:
    return None if value in ("error", "vector") else f"found {text_of(value)}, expected 'error' or 'vector'"


_RESERVED: Mapping[str, Callable[[Value], str | None]] = {
    NETWORK: _name,
    CHIP: _name,
    N_CHIPS: _whole,
    BATCH: _whole,
    POLICY: _policy,
    WEIGHT_INPUTS: _natural,
}
