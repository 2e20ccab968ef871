"""Rows of the table, chip by chip."""

from __future__ import annotations

from ..row import Row


def rows() -> tuple[Row, ...]:
    """Every row, in the order of the table."""
    from . import architectures, digital, hermes, isaac, jia, macros, puma, silicon, sinangil

    modules = (isaac, puma, hermes, silicon, jia, sinangil, macros, architectures, digital)
    return tuple(row for module in modules for row in module.ROWS)
