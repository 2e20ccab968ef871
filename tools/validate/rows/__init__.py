"""Rows of the table, chip by chip."""

from __future__ import annotations

from ..row import Row


def rows() -> tuple[Row, ...]:
    """Every row, in the order of the table."""
    from . import architectures, digital, hermes, isaac, macros, puma, silicon

    modules = (isaac, puma, hermes, silicon, macros, architectures, digital)
    return tuple(row for module in modules for row in module.ROWS)
