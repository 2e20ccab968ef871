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

FEW_TRIES = 120
"""Swaps tried for every tile of a chip, for each plan that is weighed."""
SLOWER = 3
"""Slower plans weighed where links are busier than tiles."""
FULLER = (0.95, 1.3)
"""Shares of a buffer that other plans count on: what waits there is only estimated."""
LATER = (3.0,)
"""Times per inference, by that of the best plan, that others do not try to beat: more may be slower."""


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
    weighed = _weighed_by_kind(problem)
    best = min(weighed, key=Proposal.key)
    yield best
    if not best.interval_fs:
        return
    paces = [replace(best.pace, least_filled=share) for share in FULLER]
    paces += [replace(best.pace, interval_fs=round(best.interval_fs * times)) for times in LATER]
    seen = {_told(best)}
    weighed += [_weighed(problem, pace) for pace in paces]
    for other in sorted(weighed, key=lambda found: found.interval_fs):
        if _told(other) not in seen:
            seen.add(_told(other))
            yield other


def again(problem: Problem, pace: Pace) -> Proposal:
    """The proposal of that pace; its time per inference is not estimated."""
    problem = replace(problem, choices=at_sites(problem, _side_by_side(problem, plan(problem))))
    return Proposal(problem, plan(problem, pace), pace, 0)


def _told(found: Proposal) -> tuple[object, ...]:
    """What of a plan is its own."""
    return tuple(sorted(found.plan.copies_at.items())), found.plan.apart


def _weighed_by_kind(problem: Problem) -> list[Proposal]:
    """Plans with operators where streams meet in all kinds of places, and slower ones of the best of them."""
    found = [_weighed(problem, Pace())]
    if not found[0].interval_fs:
        return found
    if joins(problem.network, problem.choices):
        kinds: tuple[Apart, ...] = ("crowded", "all")
        found += [_weighed(problem, Pace(apart=apart)) for apart in kinds]
    best = min(found, key=Proposal.key)
    for _ in range(SLOWER):
        if best.interval_fs < 1.05 * best.plan.interval_fs:
            break
        between_fs = int((best.plan.interval_fs * best.interval_fs) ** 0.5)
        slower = _weighed(problem, replace(best.pace, interval_fs=between_fs))
        found.append(slower)
        if slower.key() >= best.key():
            break
        best = slower
    return found


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
