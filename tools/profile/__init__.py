"""`ohmsum profile`: where the time of a run goes, what limits it, and what each change of the chip would gain.

Reading order: `latency`, `throughput`, `tiling`, `queues`, `links`, `buffers` (what one run says); `knobs`
(what could be changed), `whatif` (runs with each change); `findings` (all of it in sentences); `profile`
(put together), `text` and `as_json` (shown).
"""

from __future__ import annotations
