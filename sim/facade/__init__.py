"""ohmsum: a cycle-level simulator for hybrid analog/digital in-memory-computing chips."""

from __future__ import annotations

from importlib.metadata import version as _version

__version__ = _version("ohmsum")
