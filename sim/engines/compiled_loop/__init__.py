"""The event loop of the compiled engine, in numba: alone (`entry.load`) or beside a network of routers."""

from __future__ import annotations

from pathlib import Path

from ...kernels.sources import Sources

_HERE = Path(__file__).parent
_FILES = (_HERE, _HERE.parent / "result.py", _HERE.parent.parent / "program" / "program.py")
SOURCES = Sources(*_FILES)
NETWORK_SOURCES = Sources(*_FILES, _HERE.parent.parent / "noc" / "flit" / "loop")
"""Digested before any of the files is imported; the second with the loop of the routers."""
