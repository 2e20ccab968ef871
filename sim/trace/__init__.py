"""A run as a Perfetto trace: every visit on the track of its resource.

Reading order: `occupancy` (who held which server from when to when), `counters` (power, queues, link loads),
`flows` (from producer to consumer), `packets` (the format), `writer` (put together and written).
"""

from __future__ import annotations

from .writer import TraceSummary, write_trace

__all__ = ["TraceSummary", "write_trace"]
