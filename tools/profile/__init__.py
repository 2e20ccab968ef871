"""`ohmsum profile`: where the time of a run goes, what limits it, and what changes of the chip would gain.

Reading order: `latency`, `throughput`, `tiling`, `queues`, `links`, `buffers` (what one run says); `knobs`
and `costs` (what could be changed), `whatif` (runs with each change); `bottlenecks` and `observations` (all
of it in sentences); `profile` (put together), `profile_text` and `as_json` (shown).
"""

from __future__ import annotations
