"""How closely transfers are simulated."""

from __future__ import annotations

from typing import Literal

Detail = Literal["packet", "flit", "ideal"]
"""packet: transfers book links; flit: flits go through routers; ideal: transfers take no time."""
