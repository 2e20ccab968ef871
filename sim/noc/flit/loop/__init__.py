"""The cycle loop of the routers, in numba; `entry.load` returns it as one compiled function."""

from __future__ import annotations

from pathlib import Path

from ....kernels.sources import Sources

SOURCES = Sources(Path(__file__).parent)
"""Digested before any of the files is imported."""
