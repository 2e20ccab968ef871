"""`ohmsum sweep`: many designs simulated, kept in one store, and the best of them shown.

Reading order: `fields` (what may be varied), `axes` and `spec` (the file), `point` (one design), `enumerate`
and `optimise` (which points), `evaluate` and `reuse` (one point simulated, in any process), `store` and
`lock` (what is known), `drive` (all together); `pareto`, `fronts`,
`sweep_text`, `page` and `rows` (what is shown).
"""

from __future__ import annotations
