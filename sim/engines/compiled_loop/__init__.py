"""The event loop of the compiled engine, in numba; `entry.load` returns it as one compiled function."""

from __future__ import annotations

from pathlib import Path

from ...kernels.sources import Sources

_HERE = Path(__file__).parent
SOURCES = Sources(_HERE, _HERE.parent / "result.py", _HERE.parent.parent / "program" / "program.py")
"""Digested before any of the files is imported."""
