"""Directed links of an interconnect, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkKind(StrEnum):
    """What a link is made of, for its bandwidth, delay and energy."""

    INJECT = "inject"
    EJECT = "eject"
    WIRE = "mesh"
    """Between two routers of the first level, whatever their topology."""
    CHIP = "chip"
    """Between gateways, or to and from the routers of a higher level."""
    HOST = "host"


@dataclass(frozen=True)
class Link:
    """A directed link; `level` counts from 0 (on the chip), `length` is in tile pitches."""

    index: int
    name: str
    src: int
    dst: int
    kind: LinkKind
    level: int
    length: float
