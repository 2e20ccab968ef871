"""`ohmsum chips`: the presets."""

from __future__ import annotations

from . import options


def chips(plain: options.Plain = False) -> None:
    """List the chips that come with the package."""
    from ...sim.report.terminal import show
    from ..chip_tables import chip_list

    show(chip_list(), plain)


command = chips
