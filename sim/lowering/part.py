"""A part of a stage: one stripe of its output, with the actors that make it."""

from __future__ import annotations

from dataclasses import dataclass

from ..program import I64
from .shares import Shares


@dataclass(frozen=True, eq=False)
class LayerPart:
    """One stripe of an operator's output; it makes one token per firing.

    Attributes
    ----------
    first, last : int
        The actors that take the inputs and make the output (often the same).
    tokens : I64, shape (n,)
        The tokens it makes (row-major), in order.
    held : Shares
        Which elements of a token come into being where.
    latency_fs, interval_fs : int
        Of the chain without contention, and between two firings.
    wanted : Shares or None
        Which elements of an input token have to be at which tiles. None: inputs are wanted as the outputs
        are held.
    """

    first: int
    last: int
    tokens: I64
    held: Shares
    latency_fs: int
    interval_fs: int
    wanted: Shares | None = None

    @property
    def in_flight(self) -> int:
        """Firings that can be under way at once."""
        return -(-self.latency_fs // max(1, self.interval_fs)) + 1
