"""The event loop of the compiled engine, in numba; `entry.load` returns it as one compiled function."""

from __future__ import annotations

from .sources import digest_of_sources

DIGEST = digest_of_sources()
"""Taken before any of the files is imported; see `entry`."""
