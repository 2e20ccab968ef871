"""A stage: the actor or actors that one operator became, as its neighbours see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .grouping import Firings
from .part import LayerPart
from .shares import Shares


@dataclass(frozen=True)
class Stage:
    """One operator in the Program.

    Attributes
    ----------
    operator : str
    first, last : int
        The actors that take the inputs and make the output (often the same).
    firings : Firings
        How the output stream is made, firing by firing of `last`.
    taken : Firings or None
        How the inputs are taken, firing by firing of `first`, if otherwise.
    wanted, wanted_all : Shares or None
        Which part of an input firing has to be at which tiles, if inputs are grouped as the outputs are,
        and if not (for any token then). None: inputs are wanted as the outputs are held.
    held : Shares
        Which part of an output firing comes into being where.
    latency_fs, interval_fs : int
        Of the chain without contention, and between two firings: how many firings are under way at once.
    in_place : bool
        The output lies where it is used (in the cells of the consumer): nothing moves, and there is room for
        exactly one output.
    mean_share : Fraction
        Elements of a mean output token, of those of the token that looks back furthest (`held`).
    wanted_from : mapping of str to (Shares, Shares)
        `wanted` and `wanted_all` of the inputs that some operators make, where inputs differ in that; nothing
        is wanted of an operator that only has to be done.
    feedback : bool
        Its own last output is an input of `first` (recurrence).
    parts : tuple of Part
        The stripes of a stage that is cut into some; `first` and `last` are then of some stripe, `held` is
        what any of them holds.
    """

    operator: str
    first: int
    last: int
    firings: Firings
    held: Shares
    latency_fs: int
    interval_fs: int
    wanted: Shares | None = None
    wanted_all: Shares | None = None
    feedback: bool = False
    taken: Firings | None = None
    mean_share: Fraction = Fraction(1)
    in_place: bool = False
    wanted_from: Mapping[str, tuple[Shares, Shares]] = field(default_factory=dict)
    parts: tuple[LayerPart, ...] = ()

    @property
    def elements(self) -> int:
        """Elements of one output token."""
        return max(share.elements[1] for share in self.held)

    @property
    def in_flight(self) -> int:
        """Firings that can be under way at once: room they need beside the buffer."""
        return -(-self.latency_fs // max(1, self.interval_fs)) + 1
