"""The points of a grid, and points drawn at random: known before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice, product

from .axes import Choices, Settings
from .point import Point
from .spec import SweepSpec

MOST_TRIES = 100
"""Draws per point for one that has not been drawn before."""


def grid(spec: SweepSpec) -> list[Point]:
    """Every combination; the last axis varies fastest."""
    lists = [axis.settings for axis in spec.axes if isinstance(axis, Choices)]
    return [point_of(spec, combination) for combination in product(*lists)]


def first(spec: SweepSpec, n: int) -> Iterator[Point]:
    """Some points, spread over the space: so many of the grid, of ranges both ends."""
    ends = [axis.settings if isinstance(axis, Choices) else (axis.at(0), axis.at(1)) for axis in spec.axes]
    return (point_of(spec, combination) for combination in islice(product(*ends), n))


def draw(spec: SweepSpec) -> list[Point]:
    """So many different combinations at random, or all of them in random order where there are no more.

    The same seed gives the same points; more points begin with the same ones.
    """
    generator = random.Random(spec.seed)
    if spec.grid_size is not None and spec.grid_size <= spec.n_points:
        everything = grid(spec)
        generator.shuffle(everything)
        return everything
    found: dict[Point, None] = {}
    for _ in range(MOST_TRIES * spec.n_points):
        found[point_of(spec, tuple(_draws(spec, generator)))] = None
        if len(found) == spec.n_points:
            break
    return list(found)


def _draws(spec: SweepSpec, generator: random.Random) -> Iterator[Settings]:
    for axis in spec.axes:
        if isinstance(axis, Choices):
            yield axis.settings[generator.randrange(len(axis.settings))]
        else:
            yield axis.at(generator.random())


def point_of(spec: SweepSpec, settings: tuple[Settings, ...]) -> Point:
    """The point with one setting of every axis."""
    together = dict(spec.fixed)
    for setting in settings:
        together.update(setting)
    return Point.of(together)


def workloads(spec: SweepSpec) -> tuple[Settings, ...]:
    """What every design is run on: the settings of the axis that names networks."""
    axis = spec.workload_axis
    return ({},) if axis is None else axis.settings
