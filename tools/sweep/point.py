"""One point of a sweep: everything that one simulation depends on, and the key it is kept under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..run_spec import RunSpec
from .fields import (
    BATCH,
    BIND,
    CHIP,
    INPUT,
    MAPPING,
    N_CHIPS,
    NETWORK,
    POLICY,
    WEIGHT_INPUTS,
    Value,
    is_chip_field,
    text_of,
)

if TYPE_CHECKING:
    from ...sim.mapping.options import MappingOptions


@dataclass(frozen=True)
class Point:
    """Fields with their values, as JSON text with sorted keys: small, hashable, fit to be sent anywhere."""

    text: str

    @staticmethod
    def of(settings: Mapping[str, Value]) -> Point:
        """The point with these settings."""
        return Point(json.dumps(dict(settings), sort_keys=True, ensure_ascii=False))

    @cached_property
    def settings(self) -> dict[str, Value]:
        """Field to value."""
        settings: dict[str, Value] = json.loads(self.text)
        return settings

    @property
    def network(self) -> str:
        """Name or file of the network."""
        return str(self.settings[NETWORK])

    @property
    def chip(self) -> str:
        """Name or file of the chip."""
        return str(self.settings[CHIP])

    def key(self, version: str, network_digest: str, chip_digest: str) -> str:
        """SHA-256 of the settings, the version of ohmsum, and the bytes of the network and chip files."""
        whole = json.dumps([self.text, version, network_digest, chip_digest])
        return hashlib.sha256(whole.encode()).hexdigest()

    def run_spec(self) -> RunSpec:
        """What to load, as `ohmsum run` would be told."""
        given = self.settings
        return RunSpec(
            network=self.network,
            chip=self.chip,
            overrides=tuple(f"{f}={text_of(v)}" for f, v in given.items() if is_chip_field(f)),
            chips=given.get(N_CHIPS),
            batch=given.get(BATCH, 1),
            bind=_pairs(given, BIND),
            inputs=_pairs(given, INPUT),
            unknown_operators=given.get(POLICY, "error"),
            weight_inputs_from=given.get(WEIGHT_INPUTS),
        )

    def mapping_options(self) -> MappingOptions:
        """The options of the mapping."""
        from ...sim.mapping.options import MappingOptions

        chosen: dict[str, Any] = {
            f.removeprefix(MAPPING): tuple(v) if isinstance(v, list) else v
            for f, v in self.settings.items()
            if f.startswith(MAPPING)
        }
        return MappingOptions(**chosen)


def _pairs(settings: Mapping[str, Value], prefix: str) -> tuple[str, ...]:
    """``NAME=VALUE`` texts of the fields with a prefix."""
    return tuple(
        f"{f.removeprefix(prefix)}={text_of(v)}" for f, v in settings.items() if f.startswith(prefix)
    )
