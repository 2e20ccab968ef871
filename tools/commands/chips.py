"""`ohmsum chips`: the presets."""

from __future__ import annotations

from . import options


def chips(plain: options.Plain = False) -> None:
    """List the chips that come with the package."""
    from ...sim.report.terminal import show, terminal_page
    from ..chip_tables import chip_list

    show(chip_list(terminal_page(plain)), plain)


command = chips
