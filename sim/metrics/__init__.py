"""What the integer times and counts of an engine mean: energy, utilization, stalls, the critical path,
bounds.

Every function here takes a `Program` and an `EngineResult` and returns a plain value; `sim/answers/run.py`
puts them together.
"""

from __future__ import annotations
