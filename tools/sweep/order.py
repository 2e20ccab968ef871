"""The order of work in which stages can be used again most often; no result depends on it."""

from __future__ import annotations

from collections.abc import Callable

from .axes import Axis, Choices
from .fields import is_chip_field, text_of
from .point import Point
from .points import point_of
from .spec import SweepSpec


def by_mapping(spec: SweepSpec) -> Callable[[Point], tuple[str, ...]]:
    """A key to sort points by, which brings those together that are likely to have one mapping."""
    idle = {field for axis in spec.axes if not _matters(spec, axis) for field in _settings(axis)[0]}

    def key(point: Point) -> tuple[str, ...]:
        return tuple(text_of(value) for field, value in point.settings.items() if field not in idle)

    return key


def _matters(spec: SweepSpec, axis: Axis) -> bool:
    """Whether the mapping looks at what the axis changes, tried with both ends of it."""
    from ...arch.errors import ConfigError
    from .reuse import chip_key

    if not all(is_chip_field(f, value) for settings in _settings(axis) for f, value in settings.items()):
        return True
    others = [_settings(other)[0] for other in spec.axes if other is not axis]
    try:
        ends = [point_of(spec, (*others, end)).job().load_chip() for end in _settings(axis)]
    except ConfigError:
        return True
    return len({chip_key(chip) for chip in ends}) > 1


def _settings(axis: Axis) -> tuple[dict[str, object], dict[str, object]]:
    """Both ends of an axis."""
    if isinstance(axis, Choices):
        return dict(axis.settings[0]), dict(axis.settings[-1])
    return dict(axis.at(0)), dict(axis.at(1))
