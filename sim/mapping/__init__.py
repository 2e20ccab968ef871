"""Mapping a network onto a chip: places, tiling, replication, allocation, placement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arch.chip import Chip
from ...workloads.graph import Network
from ..errors import SimulationError
from .assign import assign
from .assignment import HOST, Assignment, OnCrossbars, OnRewritten
from .attention import keep_room
from .lay import lay, moved
from .mapping import Mapping
from .options import MappingOptions
from .plan import Pace, Plan
from .problem import Problem
from .proposals import Proposal, Proposals, again
from .remarks import remarks
from .segments import in_groups
from .tiling import Tiling
from .timing import total_tiles


def map_network(
    network: Network,
    chip: Chip,
    options: MappingOptions | None = None,
    *,
    like: Mapping | None = None,
    most_replicas: int | None = None,
) -> Mapping:
    """Decide where every operator runs.

    Parameters
    ----------
    like : Mapping
        Weights are where this mapping, of a network with the same matrices and maybe more, has put them.
    most_replicas : int
        With `like`: replicas of a layer that work; the others stand still.

    Raises
    ------
    SimulationError
        The network does not fit, or an operator has no hardware; the message says what is missing.
    """
    options = options or MappingOptions()
    if like is None:
        return next(Candidates(network, chip, options).kinds()).mapping
    problem = Problem.of(network, chip, options, parts=False)
    planned = _as_before(like, problem, most_replicas)
    written = [o for o in problem.analog if o.matrix is None]
    keep_room(problem.network, written, problem.tilings, like, planned.replicas)
    return _mapping(problem, planned, like.tile_order)


@dataclass(frozen=True)
class Candidate:
    """A mapping, and the time per inference that its tiles and links allow; 0 where there is no estimate."""

    mapping: Mapping
    interval_fs: int
    pace: Pace


def candidate(
    network: Network, chip: Chip, options: MappingOptions, pace: Pace, order: tuple[int, ...]
) -> Mapping:
    """The mapping of the candidate that has this pace, with tiles in these places."""
    return _proposed(again(Problem.of(network, chip, options, parts=True), pace), order)


class Candidates:
    """Mappings that a simulation may choose from.

    Raises
    ------
    SimulationError
        As `map_network`.
    """

    def __init__(self, network: Network, chip: Chip, options: MappingOptions) -> None:
        self._proposals = Proposals(Problem.of(network, chip, options, parts=True))

    def kinds(self) -> Iterator[Candidate]:
        """The mapping with the best estimate, then those of other kinds."""
        yield from map(_candidate, self._proposals.kinds())

    def around(self, found: Candidate) -> Iterator[Candidate]:
        """Others of the same kind."""
        yield from map(_candidate, self._proposals.around(found.pace, found.interval_fs))


def _candidate(found: Proposal) -> Candidate:
    return Candidate(_proposed(found), found.interval_fs, found.pace)


def _proposed(found: Proposal, order: tuple[int, ...] | None = None) -> Mapping:
    problem, swap = found.problem, found.plan.swap
    if swap is not None and swap.group > 1:
        problem = replace(problem, network=in_groups(problem.network, swap.group))
    return _mapping(problem, found.plan, order)


def _mapping(problem: Problem, planned: Plan, order: tuple[int, ...] | None = None) -> Mapping:
    """The mapping of a plan, with tiles in the places that they have (`order`), or in the best ones found."""
    chip, network = problem.chip, problem.network
    middle = problem.ground.middle_tile(order)
    logical = assign(problem, planned, middle)
    placed = lay(problem, logical, middle, order)
    assignments = tuple(moved(logical[o.name], placed.order) for o in network.operators)
    per_tile = chip.tile.crossbar.count if chip.tile else 0
    return Mapping(
        network=network,
        assignments=assignments,
        tile_order=placed.order,
        n_chips=chip.n_chips,
        tiles_used=len({t for a in assignments for t in a.tiles}),
        tiles_total=total_tiles(chip),
        crossbars_used=_crossbars_used(logical),
        crossbars_total=per_tile * total_tiles(chip),
        hop_bytes=placed.hop_bytes,
        busiest_link_bytes=placed.busiest_link_bytes,
        unsearched=placed.unsearched,
        swap=planned.swap,
        partition="tensor" if planned.dealt else "pipeline",
        buffers=problem.options.buffers,
        remarks=remarks(problem, planned, logical),
    )


def _crossbars_used(assignments: dict[str, Assignment]) -> int:
    """Crossbars that have the weights of some layer; layers may take turns on them."""
    found: set[int] = set()
    for a in assignments.values():
        if isinstance(a, OnCrossbars | OnRewritten):
            found.update(a.crossbars())
    return len(found)


def _as_before(like: Mapping, problem: Problem, most: int | None) -> Plan:
    """Replicas that work, and first crossbars, of layers that have been mapped before."""
    before = {o.name: like.blocks_of(o.name) for o in problem.analog}
    replicas = {name: a.replicas if most is None else min(most, a.replicas) for name, a in before.items()}
    if like.swap is not None:
        raise SimulationError("`swap`: phases that share one mapping need weights that stay where they are")
    dealt = {name: a.dealt for name, a in before.items() if a.dealt}
    first = {name: a.first_crossbar for name, a in before.items()}
    return Plan(replicas, first, dealt, copies_at={name: a.copies_at for name, a in before.items()})


__all__ = [
    "HOST",
    "Assignment",
    "Candidate",
    "Candidates",
    "Mapping",
    "MappingOptions",
    "Tiling",
    "candidate",
    "map_network",
]
