"""Quantities that grow from firing to firing with the positions that tokens look back at, as schedules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ...workloads.graph import Operator
from ..mapping.growth import positions
from ..program import Schedule
from .grouping import Firings


def schedule(values: Sequence[int]) -> int | Schedule:
    """One value per firing, as a number if they are all the same."""
    return values[0] if min(values) == max(values) else Schedule((0,), tuple(values))


def spread_evenly(total: int, n: int) -> int | Schedule:
    """A count for each of `n` firings that adds up to `total` exactly."""
    each, more = divmod(total, n)
    return each if not more else Schedule((0,), (each + 1,) * more + (each,) * (n - more))


def tokens_of(firings: Firings) -> list[list[int]]:
    """Tokens (row-major) that every firing makes."""
    grid, group = firings.grid, firings.group
    return [
        [
            row * grid.cols + col
            for row in range(top, min(top + group.rows, grid.rows))
            for col in range(left, min(left + group.cols, grid.cols))
        ]
        for top in range(0, grid.rows, group.rows)
        for left in range(0, grid.cols, group.cols)
    ]


@dataclass(frozen=True)
class Growth:
    """Positions of the tokens of every firing of an operator.

    Attributes
    ----------
    reach : tuple of tuple of int
        By firing and token; a single firing that stands for all where every one is the same.
    most : int
        Positions of the token that reaches furthest.
    """

    reach: tuple[tuple[int, ...], ...]
    most: int

    @staticmethod
    def of(operator: Operator, firings: Firings) -> Growth:
        if operator.reach is None:
            return Growth(((1,) * firings.group.n_tokens,), 1)
        by_token = positions(operator)
        reach = tuple(tuple(by_token[t] for t in tokens) for tokens in tokens_of(firings))
        return Growth(reach, max(by_token))

    def by_firing(self, n: int) -> list[tuple[int, ...]]:
        """The positions of the tokens of each of `n` firings."""
        return list(self.reach) * (n if self.is_constant else 1)

    @property
    def flat(self) -> Growth:
        """Firings of as many tokens that are all the same."""
        return Growth(((1,) * self._tokens,), 1)

    @property
    def is_constant(self) -> bool:
        return len(self.reach) == 1

    def each(self, quantity: Callable[[tuple[int, ...]], int]) -> int | Schedule:
        """A quantity of every firing, made from the positions of its tokens."""
        found: dict[tuple[int, ...], int] = {}
        for reach in self.reach:
            if reach not in found:
                found[reach] = quantity(reach)
        return schedule([found[reach] for reach in self.reach])

    def part(self, reach: tuple[int, ...], whole: int) -> int:
        """The part of `whole`, what a firing of tokens that all reach furthest has, rounded up."""
        return -(-whole * sum(reach) // (self.most * self._tokens))

    @cached_property
    def _tokens(self) -> int:
        return max(len(reach) for reach in self.reach)


ALIKE = Growth(((1,),), 1)
"""Firings that are all the same."""


def mean_share(operator: Operator) -> Fraction:
    """What a mean token has of the token that reaches furthest."""
    if operator.reach is None:
        return Fraction(1)
    n = operator.output.grid.n_tokens
    return Fraction(operator.reach.total(n), operator.reach.most(n) * n)
