"""Plans that are weighed: the one that an estimate likes best, and others for when the simulation does not.

The estimate of a plan is the time per inference of its busiest tile and of its busiest link, after a short
search for places. Where copies fire by themselves there are several: operators where streams meet with their
layers or apart, slower plans that load the links less, and others that count on more or less of the buffers.
What waits for what the estimate does not know: that takes a simulation (`sim.confirm`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .allocate import tiles_of
from .assign import assign
from .lay import lay
from .loads import home_layers, joins
from .plan import Apart, Pace, Plan, plan
from .problem import Problem
from .sites import at_sites
from .timing import ceil_div

FEW_TRIES = 4_000
"""Swaps of tiles tried for each plan that is weighed."""
SLOWER = 3
"""Slower plans weighed where links are busier than tiles."""
FULLER = (0.95, 1.3)
"""Shares of a buffer that other plans count on: what waits there is only estimated."""
LATER = (1.3, 1.7)
"""Times per inference, by that of the best plan, that others do not try to beat."""


@dataclass(frozen=True)
class Proposal:
    """A plan and the time per inference of its tiles and links; 0 where there is no estimate."""

    problem: Problem
    plan: Plan
    pace: Pace
    interval_fs: int

    def key(self) -> tuple[float, int]:
        """Smaller is better."""
        return self.plan.filled, self.interval_fs


def proposals(problem: Problem) -> Iterator[Proposal]:
    """The plan with the best estimate first, then others worth a simulation, by their estimates."""
    first = plan(problem)
    n_tiles = _side_by_side(problem, first)
    choices = at_sites(problem, n_tiles)
    problem = replace(problem, choices=choices)
    best = _best(problem)
    yield best
    if not best.interval_fs:
        return
    seen = {_told(best)}
    paces = [replace(best.pace, least_filled=share) for share in FULLER]
    paces += [replace(best.pace, interval_fs=round(best.interval_fs * times)) for times in LATER]
    others = [_weighed(problem, pace) for pace in paces]
    for other in sorted(others, key=lambda found: found.interval_fs):
        if _told(other) not in seen:
            seen.add(_told(other))
            yield other


def _told(found: Proposal) -> tuple[object, ...]:
    """What of a plan is its own."""
    return tuple(sorted(found.plan.copies_at.items())), found.plan.apart


def _best(problem: Problem) -> Proposal:
    """The plan with the least time per inference of tiles and links."""
    best = _weighed(problem, Pace())
    if not best.interval_fs:
        return best
    if joins(problem.network, problem.choices):
        kinds: tuple[Apart, ...] = ("crowded", "all")
        best = min(
            [best, *(_weighed(problem, Pace(apart=apart)) for apart in kinds)],
            key=Proposal.key,
        )
    for _ in range(SLOWER):
        if best.interval_fs < 1.05 * best.plan.interval_fs:
            break
        between_fs = int((best.plan.interval_fs * best.interval_fs) ** 0.5)
        found = _weighed(problem, replace(best.pace, interval_fs=between_fs))
        if found.key() >= best.key():
            break
        best = found
    return best


def _weighed(problem: Problem, pace: Pace) -> Proposal:
    chip, found = problem.chip, plan(problem, pace)
    if chip.noc is None or not found.interval_fs:
        return Proposal(problem, found, pace, found.interval_fs)
    middle = problem.ground.middle_tile()
    placed = lay(problem, assign(problem, found, middle), middle, tries=FEW_TRIES)
    flits = ceil_div(8 * placed.busiest_link_bytes, chip.noc.flit_bits)
    return Proposal(problem, found, pace, max(found.interval_fs, flits * chip.noc.cycle_fs))


def _side_by_side(problem: Problem, planned: Plan) -> dict[str, int]:
    """Tiles that work side by side for every layer, and for what follows it in its tiles."""
    chip = problem.chip
    if chip.tile is None:
        return {}
    per_tile = chip.tile.crossbar.count
    tiles: dict[str, int] = {}
    for name, tiling in problem.tilings.items():
        together = range(planned.replicas[name])
        firsts = planned.copies_at.get(name) or [planned.first[name] + i * tiling.crossbars for i in together]
        tiles[name] = len({t for f in firsts for t in tiles_of(f, tiling.crossbars, per_tile)})
    return {name: tiles[home] for name, home in home_layers(problem.network, problem.choices).items()}
