"""`ohmsum networks`: the zoo."""

from __future__ import annotations

from . import options


def networks(plain: options.Plain = False) -> None:
    """List the networks that come with the package, with parameters, multiply-accumulates and operators."""
    from ...sim.report.terminal import show, terminal_page
    from ..network_tables import network_list
    from ..progress import shown_progress

    with shown_progress() as progress:
        table = network_list(terminal_page(plain), progress)
    show(table, plain)


command = networks
