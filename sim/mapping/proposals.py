"""Plans that are weighed: the one that an estimate likes best, and others for when the simulation does not.

The estimate of a plan is the time per inference of its busiest tile and of its busiest link, after a short
search for places. Where copies fire by themselves there are several: operators where streams meet with their
layers or apart, slower plans that load the links less, and others that count on more or less of the buffers.
What waits for what the estimate does not know, and it is off by more for one kind of plan than for another:
that takes a simulation (`sim.confirm`).
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
LATER = 3.0
"""Time per inference, by that of the best plan, that another one does not try to beat: it may be faster."""


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


class Proposals:
    """Plans worth a simulation.

    Parameters
    ----------
    problem : Problem
        Operators on digital units go to the site where they cost least.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = replace(problem, choices=at_sites(problem, _side_by_side(problem, plan(problem))))
        self._seen: set[tuple[object, ...]] = set()

    def kinds(self) -> Iterator[Proposal]:
        """The plan with the best estimate, then the best ones with these operators in other places."""
        weighed = _weighed_by_kind(self._problem)
        first = min(weighed, key=Proposal.key)
        by_kind: dict[Apart, Proposal] = {}
        for found in sorted(weighed, key=lambda found: found.interval_fs):
            by_kind.setdefault(found.pace.apart, found)
        yield from self._new([first, *(by_kind.values() if first.interval_fs else ())])

    def around(self, pace: Pace, interval_fs: int) -> Iterator[Proposal]:
        """The same kind of plan, counting on more of the buffers, and one that is slower."""
        paces = [replace(pace, least_filled=share) for share in FULLER]
        paces.append(replace(pace, interval_fs=round(interval_fs * LATER)))
        weighed = [_weighed(self._problem, other) for other in paces] if interval_fs else []
        yield from self._new(sorted(weighed, key=lambda found: found.interval_fs))

    def _new(self, weighed: list[Proposal]) -> Iterator[Proposal]:
        for found in weighed:
            told = tuple(sorted(found.plan.copies_at.items())), found.plan.apart
            if told not in self._seen:
                self._seen.add(told)
                yield found


def again(problem: Problem, pace: Pace) -> Proposal:
    """The proposal of that pace; its time per inference is not estimated."""
    problem = replace(problem, choices=at_sites(problem, _side_by_side(problem, plan(problem))))
    return Proposal(problem, plan(problem, pace), pace, 0)


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
